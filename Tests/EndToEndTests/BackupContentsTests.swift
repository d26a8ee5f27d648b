import Foundation
import TestSupport
import Testing

/// What the command line shows of what is in a repository.
@Suite("looking into backups", .waiting)
struct BackupContentsTests {
    private struct World {
        let folder: TemporaryFolder
        let program: RunningProgram

        init(_ account: Account) throws {
            folder = TemporaryFolder(for: account)
            try folder.run("mkdir -p repo data/sub && echo one > data/a && printf 12345 > data/sub/b.db && chmod 640 data/a && ln -s a data/link")
            program = try RunningProgram(
                """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repo"]) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["data"]), exclude: ["*.tmp"] } }
                """, in: folder)
            #expect(try program.says("restore: succeeded"), "\(program.log)")
        }

        func backUp() throws {
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 0, "\(backup)")
        }

        /// Needs no running program.
        func backups(_ words: String) throws -> Shell.Result {
            try Shell.run(
                "\(folder.account.commandPrefix)'\(SourceTree.program)' backups \(words) --config '\(folder["shipkeeper.yaml"])'",
                environment: folder.account.environment)
        }
    }

    @Test("ls, find and diff tell what two backups hold and in what they differ", .limited, arguments: Account.allCases)
    func contents(account: Account) throws {
        let world = try World(account)
        try world.backUp()
        try world.folder.run("echo two > data/a && rm data/sub/b.db && echo new > data/n && touch data/x.tmp && printf 'x' > \"$(printf 'data/bell\\a')\"")
        try world.backUp()
        #expect(world.program.stop() == 0)

        let all = try world.backups("ls")
        #expect(all.status == 0 && all.output.contains("-rw-r-----") && all.output.contains("data/link -> a"), "\(all)")
        #expect(all.output.contains("bell\\u{7}") && !all.output.contains("\u{7}") && !all.output.contains("x.tmp"), "\(all)")
        #expect(try world.backups("ls latest data/sub/").output.split(separator: "\n").count == 1)
        let missing = try world.backups("ls latest app")
        #expect(missing.status == 1 && missing.errors.contains("holds no app") && missing.errors.contains("data"), "\(missing)")

        let found = try world.backups("find '*.db'")
        #expect(found.status == 0 && found.output.contains("data/sub/b.db") && found.output.contains("stored"), "\(found)")
        #expect(try world.backups("find '*.db' -n 1").status == 1, "the newest does not hold it")
        #expect(try world.backups("find nothing --all").status == 1)

        let list = try world.backups("--json")
        try world.folder.write("list.json", list.output)
        let ids = try Shell.run("jq -r '.data.backups[].id' '\(world.folder["list.json"])'").output.split(separator: "\n").map(
            String.init)
        #expect(ids.count == 2, "\(list)")
        let (new, old) = (ids[0], ids[1])
        let diff = try world.backups("diff \(old) \(new)")
        #expect(diff.status == 0, "\(diff)")
        for line in ["M data/a", "- data/sub/b.db", "+ data/n", "2 added, 1 changed, 1 removed"] { #expect(diff.output.contains(line), "\(diff)") }
        #expect(!diff.output.contains("data/link") && !diff.output.contains("data/sub/\n"), "\(diff)")

        let same = try world.backups("diff latest --live")
        #expect(same.status == 0 && same.output.hasPrefix("the same"), "\(same)")
        try world.folder.run("touch data/sub && touch data/y.tmp && echo three > data/a && rm data/link")
        let live = try world.backups("diff latest --live")
        #expect(live.output.contains("M data/a") && live.output.contains("- data/link") && live.output.contains("1 changed, 1 removed"), "\(live)")
    }
}

import Foundation
import TestSupport
import Testing

/// A restore in place where the program does not run, and what it would change before it does.
@Suite("a restore without a running program", .waiting, .serialized)
struct RestoreWithoutProgramTests {
    private struct World {
        let folder: TemporaryFolder
        let configuration: String

        init(_ account: Account) throws {
            folder = TemporaryFolder(for: account)
            try folder.run("mkdir -p repo data && echo 1 > data/number && echo keep > data/keep")
            configuration = """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repo"]) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["data"]) } }
                  app: { type: service, needs: restore, with: { command: [sleep, "1000"] } }
                """
        }

        func start() throws -> RunningProgram {
            let program = try RunningProgram(configuration, in: folder)
            // By asking: its log is that of earlier ones too.
            #expect(try program.answers() && program.ask("start app --wait").status == 0, "\(program.log)")
            return program
        }

        func backUp(_ program: RunningProgram) throws {
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 0, "\(backup)")
        }

        func run(_ words: String) throws -> Shell.Result {
            try Shell.run(
                "\(folder.account.commandPrefix)'\(SourceTree.program)' \(words) --config '\(folder["shipkeeper.yaml"])'",
                environment: folder.account.environment)
        }

        /// The ids of the backups, newest first.
        func ids() throws -> [String] {
            try folder.write("list.json", run("backups --json").output)
            return try Shell.run("jq -r '.data.backups[].id' '\(folder["list.json"])'").output.split(separator: "\n").map(String.init)
        }

        var number: String? { folder.read("data/number") }
    }

    @Test("restores, and the next start keeps and stores what was restored", .limited, arguments: Account.allCases)
    func restores(account: Account) throws {
        let world = try World(account)
        let first = try world.start()
        try world.backUp(first)
        try world.folder.write("data/number", "2\n")
        try world.backUp(first)
        let old = try #require(try world.ids().last)
        #expect(first.stop() == 0)
        try world.folder.write("data/number", "3\n")

        let foreseen = try world.run("restore --at '\(old)' --dry-run")
        #expect(foreseen.status == 0 && foreseen.output.contains("M data/number") && !foreseen.output.contains("data/keep"), "\(foreseen)")
        #expect(world.number == "3\n")

        let done = try world.run("restore --at '\(old)'")
        #expect(done.status == 0, "\(done)")
        for words in ["backing up the current data: backup", "restore succeeded", "app will start with these data"] {
            #expect(done.output.contains(words), "\(done)")
        }
        #expect(world.number == "1\n" && world.folder.read("data/keep") == "keep\n")
        #expect(try world.ids().count >= 3, "what was there before is a backup too")

        try world.folder.renew("log.txt")
        let second = try world.start()
        #expect(world.number == "1\n", "\(second.log)")
        try world.folder.write("data/number", "4\n")
        try world.backUp(second)
        #expect(second.stop() == 0)
        // A new container gets what was stored last.
        try world.folder.renew("state", "data", "log.txt")
        let third = try world.start()
        #expect(world.number == "4\n")
        #expect(third.stop() == 0)
    }

    @Test(
        "a damaged backup changes nothing, and a running program or a strange state folder is left alone", .limited, arguments: Account.allCases
    )
    func refusals(account: Account) throws {
        let world = try World(account)
        let program = try world.start()
        try world.backUp(program)
        let old = try #require(try world.ids().last)
        try world.folder.write("data/number", "2\n")
        try world.backUp(program)
        // Stopped, it answers nobody and still holds the folder: as while it starts.
        let locked = try Shell.run(
            "rm -f '\(world.folder["state"])/control/control.sock'; \(account.commandPrefix)'\(SourceTree.program)' restore --at '\(old)' --config '\(world.folder["shipkeeper.yaml"])'",
            environment: account.environment)
        #expect(locked.status == 6 && world.number == "2\n", "\(locked)")
        #expect(program.stop() == 0)
        try world.folder.run("chmod -R u+w repo; noise 1 100 > repo/.shipkeeper/versions/\(old)/latest_backup.tar.gz")
        let damaged = try world.run("restore --at '\(old)'")
        #expect(damaged.status == 1 && world.number == "2\n", "\(damaged)")
        try world.folder.run("mkdir other")
        let strange = try world.run("restore --at latest --state '\(world.folder["other"])'")
        #expect(strange.status == 4 && strange.errors.contains("no state") && world.number == "2\n", "\(strange)")
        let unknown = try world.run("restore --at 2001-01-01")
        #expect(unknown.status == 1 && unknown.errors.contains("no backup is known as"), "\(unknown)")
        let again = try world.start()
        #expect(world.number == "2\n")
        #expect(again.stop() == 0)
    }

    @Test("dry runs of backups and restores say what they would do, and do nothing", .limited, arguments: Account.allCases)
    func dryRuns(account: Account) throws {
        let world = try World(account)
        let program = try world.start()
        let first = try program.ask("start backup --dry-run")
        #expect(first.status == 0 && first.output.contains("+ data/number") && first.output.contains("it is the first backup"), "\(first)")
        #expect(try world.ids().isEmpty, "nothing was stored")
        try world.backUp(program)
        let same = try program.ask("start backup --dry-run")
        #expect(same.output.contains("nothing to store: 2 files"), "\(same)")
        try world.folder.run("echo 2 > data/number && echo x > data/more && rm data/keep")
        let changed = try program.ask("start backup --dry-run")
        for line in ["M data/number", "+ data/more", "- data/keep", "1 added, 1 changed, 1 removed"] { #expect(changed.output.contains(line), "\(changed)") }
        let restore = try program.ask("start restore --dry-run")
        #expect(restore.status == 0 && restore.output.contains("so it stays"), "\(restore)")
        try world.folder.run("rm data/*")
        let empty = try program.ask("start backup --dry-run")
        #expect(empty.status == 1 && empty.errors.contains("holds no file"), "\(empty)")
        #expect(try world.ids().count == 1)
        let none = try program.ask("start app --dry-run")
        #expect(none.status == 1 && none.errors.contains("has no dry run"), "\(none)")
        let list = try program.ask("backups --config '\(world.folder["shipkeeper.yaml"])'")
        #expect(list.output.contains("KEPT AS") && list.output.contains("latest, daily"), "\(list)")
        #expect(program.stop() == 0)
    }
}

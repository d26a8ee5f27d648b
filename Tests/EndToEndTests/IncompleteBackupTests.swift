import Foundation
import TestSupport
import Testing

/// A backup that lacks something, and all that depends on whether it does.
@Suite("incomplete backups", .waiting, .serialized)
struct IncompleteBackupTests {
    /// A folder that is backed up, with a restore on boot and a job that follows incomplete backups.
    private struct World {
        let folder: TemporaryFolder
        let configuration: String

        init(_ account: Account, more: String = "") throws {
            folder = TemporaryFolder(for: account)
            try folder.run("mkdir -p repo app && echo precious > app/secret.txt && echo other > app/other.txt")
            configuration = """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repo"]) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["app"]), give_up_after: 0s } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["app"]) } }
                  told: { type: command, on: { after: { job: backup, outcome: incomplete } }, with: { shell: "echo told >> $SHIPKEEPER_STATE/told" } }
                \(more)
                """
        }

        func start() throws -> RunningProgram {
            let program = try RunningProgram(configuration, in: folder)
            #expect(try program.hasDone("restore"), "\(program.log)")
            return program
        }

        /// The backups that the repository holds.
        func count(_ program: RunningProgram) throws -> String {
            try Shell.run("'\(SourceTree.program)' backups --json --config '\(folder["shipkeeper.yaml"])' | jq '.data.backups | length'").output
        }
    }

    // Root reads what nobody may: only a plain user can meet such a file.
    @Test("one that lacks a file is incomplete until a whole one follows, and takes nothing away", .limited)
    func unreadable() throws {
        let world = try World(.plain)
        try world.folder.run("chmod 0 app/secret.txt")
        let program = try world.start()
        for _ in 1...2 {
            // The second finds nothing new, and is no better for it.
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 3 && backup.errors.contains("backup incomplete"), "\(backup)")
            let status = try program.ask("status")
            #expect(status.output.contains("the last backup is incomplete: app/secret.txt could not be read"), "\(status)")
        }
        let restore = try program.ask("restore --at latest")
        #expect(restore.status == 1 && restore.output.contains("that backup is incomplete, so the current data stay"), "\(restore)")
        #expect(try RunningProgram.until("[ $(wc -l < '\(world.folder["state/told"])') -ge 2 ]"))
        try world.folder.run("chmod 600 app/secret.txt")
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0, "\(backup)")
        #expect(try program.ask("status").output.contains("Nothing needs attention."))
        #expect(program.stop() == 0)
        try world.folder.renew("state", "app")
        let second = try world.start()
        #expect(world.folder.read("app/secret.txt") == "precious\n", "\(second.log)")
        #expect(second.stop() == 0)
    }

    @Test("while backups are incomplete old ones go by the rule, but the last complete one stays", .limited)
    func lastComplete() throws {
        let world = try World(.plain)
        let repository = "path: \(world.folder["repo"])"
        let keepingOne = world.configuration.replacingOccurrences(of: repository, with: "\(repository), keep: { last: 1, daily: 0, weekly: 0 }")
        let program = try RunningProgram(keepingOne, in: world.folder)
        #expect(try program.hasDone("restore"))
        #expect(try program.ask("start backup --wait").status == 0)
        try world.folder.run("echo new > app/late.txt; chmod 0 app/late.txt")
        for number in 1...3 {
            try world.folder.write("app/other.txt", "\(number)")
            #expect(try program.ask("start backup --wait").status == 3)
        }
        #expect(try world.count(program) == "2\n", "the last complete one and the newest")
        // Where no configuration is found, that of the running program is taken.
        let listed = try program.ask("backups")
        #expect(listed.output.contains("last complete"), "\(listed)")
        try world.folder.run("chmod 600 app/late.txt")
        #expect(try program.ask("start backup --wait").status == 0)
        #expect(try world.count(program) == "1\n")
        #expect(program.stop() == 0)
    }

    @Test("a tree that is suddenly empty is not stored until a person says so", .limited, arguments: Account.allCases)
    func emptied(account: Account) throws {
        let world = try World(account)
        let program = try world.start()
        #expect(try program.ask("start backup --wait").status == 0)
        try world.folder.run("rm app/*.txt")
        let refused = try program.ask("start backup --wait")
        #expect(refused.status == 1 && refused.errors.contains("holds no file") && refused.errors.contains("--confirm-empty"), "\(refused)")
        #expect(try program.ask("status").output.contains("holds no file"))
        #expect(try world.count(program) == "1\n")
        let confirmed = try program.ask("start backup --wait --confirm-empty")
        #expect(confirmed.status == 0, "\(confirmed)")
        #expect(try world.count(program) == "2\n")
        #expect(try program.ask("status").output.contains("Nothing needs attention."))
        #expect(program.stop() == 0)
    }

    @Test("one that lost more than half is stored, and the one before it stays whatever the rule says", .limited, arguments: Account.allCases)
    func shrunk(account: Account) throws {
        let world = try World(account)
        try world.folder.run("for i in 1 2 3 4 5 6 7 8; do echo $i > app/file$i; done")
        let repository = "path: \(world.folder["repo"])"
        let keepingOne = world.configuration.replacingOccurrences(of: repository, with: "\(repository), keep: { last: 1, daily: 0, weekly: 0 }")
        let program = try RunningProgram(keepingOne, in: world.folder)
        #expect(try program.hasDone("restore"))
        #expect(try program.ask("start backup --wait").status == 0)
        try world.folder.run("rm app/file*")
        #expect(try program.ask("start backup --wait").status == 0)
        #expect(try program.ask("status").output.contains("has shrunk by more than half"))
        for number in 1...2 {
            try world.folder.write("app/other.txt", "\(number)")
            #expect(try program.ask("start backup --wait").status == 0)
        }
        #expect(try world.count(program) == "2\n", "the pinned one and the newest")
        #expect(try program.ask("start backup --wait --confirm-empty").status == 0)
        #expect(try program.ask("status").output.contains("Nothing needs attention."))
        #expect(program.stop() == 0)
    }

    @Test("after an empty repository the first backup follows the app's first file, without a schedule", .limited)
    func first() throws {
        let world = try World(.root)
        try world.folder.run("rm -rf app/* && mkdir -p app/empty")
        let program = try world.start()
        #expect(try world.count(program) == "0\n")
        try world.folder.write("app/first.txt", "1")
        #expect(try RunningProgram.until("[ -e '\(world.folder["repo"])/latest_backup.tar.gz' ]"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("a plug-in's outputs and a job's name say nothing about backups", .limited)
    func words() throws {
        let world = try World(.root, more: "  failed-report: { type: liar }\n  waits: { type: command, needs: failed-report, with: { shell: 'true' } }")
        try world.folder.run("mkdir -p Plugins/liar")
        try world.folder.write("Plugins/liar/plugin.yaml", "protocol: 1\nname: liar\nversion: 1.0.0\ndescription: x\ncommand: [./run]\n")
        try world.folder.write(
            "Plugins/liar/run",
            """
            #!/bin/sh
            read line
            echo '{"output":{"outcome":"failed","incomplete":"7","troubles":"7","repository_bytes":"9"}}' >&3
            echo '{"result":{"summary":"done"}}' >&3

            """)
        try world.folder.run("chmod +x Plugins/liar/run")
        let program = try world.start()
        let run = try program.ask("start failed-report --wait")
        #expect(run.status == 0, "\(run)")
        let status = try program.ask("status")
        #expect(status.output.contains("Nothing needs attention.") && !status.output.contains("Stored by"), "\(status)")
        #expect(program.stop() == 0)
    }

    @Test("a restore that had to use an older backup says so until the next one", .limited, arguments: Account.allCases)
    func fallback(account: Account) throws {
        let world = try World(account)
        let first = try world.start()
        #expect(try first.ask("start backup --wait").status == 0)
        try world.folder.write("app/other.txt", "newer")
        #expect(try first.ask("start backup --wait").status == 0)
        #expect(first.stop() == 0)
        let newest = try Shell.run("readlink repo/.shipkeeper/current", folder: world.folder.path).output.trimmingCharacters(in: .whitespacesAndNewlines)
        try world.folder.run("chmod -R u+w repo; noise 1 100 > repo/.shipkeeper/\(newest)/latest_backup.tar.gz")
        try world.folder.renew("state", "app")
        let second = try world.start()
        #expect(try second.ask("status").output.contains("an older backup was restored"), "\(second.log)")
        #expect(world.folder.read("app/other.txt") == "other\n")
        let list = try Shell.run("'\(SourceTree.program)' backups --config '\(world.folder["shipkeeper.yaml"])'")
        #expect(list.output.contains("could not be restored"), "\(list)")
        #expect(second.stop() == 0)
    }
}

import Foundation
import TestSupport
import Testing

/// A backup that is brought back while the program runs, around services that need each other.
@Suite("a restore in place", .waiting, .serialized)
struct RestoreInPlaceTests {
    private static func world(_ account: Account, _ more: String = "") throws -> (folder: TemporaryFolder, configuration: String) {
        let folder = TemporaryFolder(for: account)
        try folder.run("mkdir -p repo base/a base/b && echo 1 > base/a/number")
        let configuration = """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, retry: { attempts: 100, backoff: 1h..2h }, with: { repository: main, base: \(folder["base"]), paths: [a], optional: [b], give_up_after: 0s } }
              backup: { type: backup, needs: restore, with: { repository: main, base: \(folder["base"]), paths: [a], optional: [b] } }
            \(more)
            """
        return (folder, configuration)
    }

    private static let services = """
          db:
            type: service
            needs: restore
            with:
              shell: 'echo db >> $SHIPKEEPER_STATE/starts; exec sleep 1000'
              ready: { exec: [sh, -c, 'grep -qx db $SHIPKEEPER_STATE/starts'] }
          app: { type: service, needs: db, with: { shell: 'echo app >> $SHIPKEEPER_STATE/starts; exec sleep 1000' } }
          migrate: { type: command, on: boot, needs: db, with: { shell: 'echo migrate >> $SHIPKEEPER_STATE/starts' } }
          web: { type: service, needs: migrate, with: { shell: 'echo web >> $SHIPKEEPER_STATE/starts; exec sleep 1000' } }
        """

    private func areUp(_ program: RunningProgram) throws -> Bool {
        try RunningProgram.until(
            "'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq '[.data.jobs[] | select(.type == \"service\") | .state] == [\"ready\", \"ready\", \"ready\"]' | grep -qx true"
        )
    }

    @Test("services that need each other, and a job between them, come back in their order", .limited, arguments: Account.allCases)
    func order(account: Account) throws {
        let (folder, configuration) = try RestoreInPlaceTests.world(account, RestoreInPlaceTests.services)
        let program = try RunningProgram(configuration, in: folder)
        #expect(try areUp(program), "\(program.log)")
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0, "\(backup)")
        try folder.write("base/a/number", "2")
        _ = try Shell.run("rm state/starts", folder: folder.path)
        let restore = try program.ask("restore --at latest")
        #expect(restore.status == 0, "\(restore)")
        #expect(try areUp(program), "\(program.log)")
        let starts = (folder.read("state/starts") ?? "").split(separator: "\n").map(String.init)
        #expect(Set(starts) == ["db", "app", "migrate", "web"] && starts.count == 4 && starts.first == "db", "\(starts)")
        #expect((starts.firstIndex(of: "migrate") ?? 9) < (starts.firstIndex(of: "web") ?? 0))
        let runs = try program.ask("runs app --json").output
        #expect(runs.contains("stopped for a restore") && !runs.contains("stopped manually"), "\(runs)")
        #expect(program.stop() == 0)
    }

    @Test("a backup that can't be brought back keeps nothing down", .limited, arguments: Account.allCases)
    func damaged(account: Account) throws {
        let (folder, configuration) = try RestoreInPlaceTests.world(account, RestoreInPlaceTests.services)
        let program = try RunningProgram(configuration, in: folder)
        #expect(try areUp(program), "\(program.log)")
        do {
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 0, "\(backup)")
        }
        let old = try Shell.run("basename $(readlink repo/.shipkeeper/current)", folder: folder.path).output.trimmingCharacters(in: .whitespacesAndNewlines)
        try folder.write("base/a/number", "2")
        do {
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 0, "\(backup)")
        }
        try folder.run("chmod -R u+w repo; noise 1 100 > repo/.shipkeeper/versions/\(old)/latest_backup.tar.gz")
        let restore = try program.ask("restore --at '\(old)'")
        #expect(restore.status == 1, "\(restore)")
        #expect(try areUp(program), "\(program.log)")
        #expect(folder.read("base/a/number") == "2")
        do {
            let backup = try program.ask("start backup --wait")
            #expect(backup.status == 0, "\(backup)")
        }
        #expect(program.stop() == 0)
    }

    @Test("an optional folder that was never stored may go again", .limited, arguments: Account.allCases)
    func neverStored(account: Account) throws {
        let (folder, configuration) = try RestoreInPlaceTests.world(account)
        try folder.run("rmdir base/b")
        let first = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("grep -q 'restore: succeeded' '\(folder["log.txt"])'") && first.ask("start backup --wait").status == 0)
        #expect(first.stop() == 0)
        // In a new container an image brings the folder along, and a kill keeps it from ever being stored.
        try folder.renew("state", "log.txt")
        try folder.run("rm -rf base/a; mkdir base/b")
        let second = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("grep -q 'restore: succeeded' '\(folder["log.txt"])'"), "\(second.log)")
        try second.killAll()
        try folder.renew("state", "log.txt")
        try folder.run("rm -rf base/b; echo 3 > base/a/number")
        let third = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("grep -q 'restore: succeeded: restored: the folder is still here' '\(folder["log.txt"])'"), "\(third.log)")
        #expect(folder.read("base/a/number") == "3\n" && third.log.contains("never stored"))
        #expect(third.stop() == 0)
    }
}

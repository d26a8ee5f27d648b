import Foundation
import TestSupport
import Testing

/// What an app writes while it is stopped.
@Suite("the final backup", .waiting, .serialized)
struct FinalBackupTests {
    @Test("what the app writes on SIGTERM is in the next container, lines without an end too", .limited, arguments: Account.allCases)
    func lastWords(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        try folder.run("mkdir -p repo app && echo 1 > app/file")
        try folder.write(
            "app.sh", "trap 'printf \"last words\" > \"$1/last.jsonl\"; exit 0' TERM\ntouch \"$1/ready\"\nwhile :; do sleep 0.1; done\n")
        let configuration = """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder["app"]) } }
              app: { type: service, needs: restore, with: { command: [sh, \(folder["app.sh"]), \(folder["app"])] } }
              backup: { type: backup, on: stop, needs: restore, with: { repository: main, path: \(folder["app"]) } }
            """
        let first = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("[ -e '\(folder["app/ready"])' ]"), "\(first.log)")
        #expect(first.stop() == 0)
        try folder.renew("state", "app")
        let second = try RunningProgram(configuration, in: folder)
        #expect(try second.hasDone("restore"), "\(second.log)")
        #expect(folder.read("app/last.jsonl") == "last words", "\(second.log)")
        #expect(second.stop() == 0)
    }

    @Test(
        "a program that is killed while it stops is started again: services end in their order, with their last lines, and what they wrote is stored",
        .limited, arguments: Account.allCases)
    func killed(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        try folder.run("mkdir -p repo data")
        // The daemon is the parent of both. Once it is gone, the app takes a while to end; the database would be gone by then if both had been told.
        try folder.write(
            "app.sh", "trap 'kill -9 $PPID; sleep 1; echo app >> \"$1/ends\"; echo last words; exit 0' TERM\ntouch \"$1/ready\"\nwhile :; do sleep 0.1; done\n")
        try folder.write("db.sh", "trap 'echo db >> \"$1/ends\"; exit 0' TERM\nwhile :; do sleep 0.1; done\n")
        let configuration = """
            version: 1
            state: \(folder["state"])
            stop_budget: 60s
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
              db: { type: service, needs: restore, with: { command: [sh, \(folder["db.sh"]), \(folder["data"])] } }
              app: { type: service, needs: db, with: { command: [sh, \(folder["app.sh"]), \(folder["data"])] } }
              backup: { type: backup, on: stop, needs: restore, with: { repository: main, path: \(folder["data"]) } }
            """
        let first = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("[ -e '\(folder["data/ready"])' ]"), "\(first.log)")
        #expect(first.stop() == 0, "\(first.log)")
        #expect(first.log.contains("starting it again to continue the stop"), "\(first.log)")
        #expect(folder.read("data/ends") == "app\ndb\n", "\(first.log)")
        #expect(first.log.contains("app | last words"), "\(first.log)")
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
        try folder.renew("state", "data")
        let second = try RunningProgram(configuration, in: folder)
        #expect(try second.hasDone("restore"), "\(second.log)")
        #expect(folder.read("data/ends") == "app\ndb\n", "\(second.log)")
        #expect(second.stop() == 0)
    }

    @Test("killed while a job of the stop runs: the next one runs it and makes the final backup", .limited)
    func killedInBackup() throws {
        let folder = TemporaryFolder()
        try folder.run("mkdir -p repo data")
        // Runs at the stop, before the backup that needs it: kills its daemon the first time.
        try folder.write("once.sh", "[ -e \"$1\" ] && exit 0; touch \"$1\"; kill -9 $PPID; sleep 60\n")
        let configuration = """
            version: 1
            state: \(folder["state"])
            stop_budget: 60s
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
              once: { type: command, on: stop, with: { command: [sh, \(folder["once.sh"]), \(folder["data/killed"])] } }
              backup: { type: backup, on: stop, needs: restore, with: { repository: main, path: \(folder["data"]) } }
            """
        let first = try RunningProgram(configuration, in: folder)
        #expect(try first.hasDone("restore"), "\(first.log)")
        #expect(first.stop() == 0, "\(first.log)")
        try folder.renew("state", "data")
        let second = try RunningProgram(configuration, in: folder)
        #expect(try second.hasDone("restore"), "\(second.log)")
        #expect(folder.read("data/killed") == "", "\(second.log)\n\(first.log)")
        #expect(second.stop() == 0)
    }
}

import Foundation
import TestSupport
import Testing

/// What an app writes while it is stopped.
@Suite("the final backup", .waiting, .serialized)
struct FinalBackupTests {
    @Test("what the app writes on SIGTERM is in the next container, lines without an end too", .timeLimit(.minutes(30)), arguments: Account.allCases)
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
}

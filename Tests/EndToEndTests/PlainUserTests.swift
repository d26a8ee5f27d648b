import Foundation
import TestSupport
import Testing

@Suite("a plain user's data", .waiting)
struct PlainUserTests {
    /// The parent folder is root's, or closed where the tests themselves run as a plain user.
    @Test("in a parent that may not be written: boot, backup, container lost, boot, data back", arguments: [0o755, 0o711])
    func foreignParent(mode: Int) throws {
        let folder = TemporaryFolder()
        let isRoot = getuid() == 0
        let own = isRoot ? "chown -R 65534:65534 home/data state repo" : "true"
        let close = "chmod \(String(isRoot ? mode : mode & 0o555, radix: 8)) home"
        _ = try Shell.run("mkdir -p home/data state repo && \(own) && \(close)", folder: folder.path)
        defer { _ = try? Shell.run("chmod 755 home", folder: folder.path) }
        let configuration = """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder["home/data"]) } }
              backup: { type: backup, on: { every: 9h }, needs: restore, with: { repository: main, path: \(folder["home/data"]) } }
            """
        let prefix = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        func start(_ round: Int) throws -> RunningProgram {
            let program = try RunningProgram(configuration, in: folder, prefix: prefix)
            #expect(try RunningProgram.until("test $(grep -cE 'restore: (succeeded|failed)' '\(folder["log.txt"])') -ge \(round)"), "\(program.log)")
            return program
        }
        var program = try start(1)
        _ = try Shell.run("mkdir home/data/sub && echo precious > home/data/sub/f && \(isRoot ? "chown -R 65534 home/data" : "true")", folder: folder.path)
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0, "\(backup)")
        #expect(program.stop() == 0)
        _ = try Shell.run("rm -rf state home/data/* home/data/.ship* && echo image > home/data/default && mkdir state && \(own)", folder: folder.path)
        program = try start(2)
        #expect(folder.read("home/data/sub/f") == "precious\n", "\(program.log)")
        #expect(folder.read("home/data/default") == nil)
        #expect(try program.ask("start backup --wait").status == 0)
        #expect(program.stop() == 0)
    }
}

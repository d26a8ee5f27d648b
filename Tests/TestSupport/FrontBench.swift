import Foundation
package import Front
import Synchronization

/// A real nginx with the front's configuration between a client and two ends: an app, and the page.
package final class FrontBench: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let plan: FrontPlan
    private let front: FrontFolder
    private let ends: Process
    private let input: FileHandle
    private let nginx: Process
    private let told = Mutex(0)

    /// - Parameter change: What is other than usual in the plan.
    package init(account: Account = .root, _ change: (inout FrontPlan) -> Void = { _ in }) throws {
        folder = TemporaryFolder(for: account)
        port = Port.reserve()
        let worker = account.isOther ? nil : WorkerAccount.find()
        // Below a folder that every user may enter, which that of a test need not be.
        let path = "/tmp/shipkeeper-front-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        front = FrontFolder(path: path)

        let pipe = Pipe()
        input = pipe.fileHandleForWriting
        ends = Process()
        ends.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        ends.arguments = ["python3", SourceTree.root + "/Tests/TestSupport/StandInFront/ends.py", folder.path, path + "/page.sock"]
        ends.standardInput = pipe
        try ends.run()
        let running = ends
        guard try RunningProgram.until("test -f '\(folder["port"])'", isOver: { !running.isRunning }), let app = folder.read("port").flatMap({ Int($0) })
        else { throw POSIXError(.ETIMEDOUT) }

        var plan = FrontPlan(
            listen: [.init(host: "127.0.0.1", port: port)], upstream: .init(host: "127.0.0.1", port: app), folder: path,
            worker: worker.map { .init(user: $0.user, group: $0.group) })
        change(&plan)
        self.plan = plan
        _ = try front.write(plan)
        if account.isOther { try Shell.run("chown -R \(Account.id) '\(path)'") }

        let words = account.prefix + ["/usr/sbin/nginx", "-e", "stderr", "-c", plan.configurationFile]
        nginx = Process()
        nginx.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        nginx.arguments = words
        nginx.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try nginx.run()
        let server = nginx
        guard try RunningProgram.until("curl -s -o '\(folder["probe"])' http://127.0.0.1:\(port)/-/healthz", isOver: { !server.isRunning }) else {
            throw POSIXError(.ECONNREFUSED)
        }
    }

    deinit {
        nginx.terminate()
        nginx.waitUntilExit()
        try? input.close()
        ends.terminate()
        ends.waitUntilExit()
        try? FileManager.default.removeItem(atPath: plan.folder)
    }

    /// Switches one end, `app` or `page`, off or on again.
    package func toggle(_ end: String) throws {
        let count = told.withLock {
            $0 += 1; return $0
        }
        try input.write(contentsOf: Data("\(end)\n".utf8))
        guard try RunningProgram.until("[ \"$(cat '\(folder["done"])' 2>/dev/null | wc -c)\" -ge \(count) ]") else { throw POSIXError(.ETIMEDOUT) }
    }

    package func setReady(_ isReady: Bool) throws { try front.setReady(isReady) }

    /// Asks with curl; gives the status, then the headers, then a blank line and the body.
    package func ask(_ path: String, _ options: String = "") throws -> (status: Int, headers: String, body: String) {
        let result = try Shell.run("curl -s --path-as-is -H 'Expect:' -D - \(options) 'http://127.0.0.1:\(port)\(path)'")
        let parts = result.output.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let status = parts.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, parts.first.map(String.init) ?? "", parts.count > 1 ? String(parts[1]) : "")
    }
}

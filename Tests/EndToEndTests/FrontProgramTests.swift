import Foundation
import TestSupport
import Testing

/// The public port of the running program.
@Suite("public port", .waiting, .serialized)
struct FrontProgramTests: ServiceWatcher {
    private static let app = """
        import http.server, os, sys
        class App(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = b"the app"
                self.send_response(200 if os.path.exists("up") else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *_): pass
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
        """

    private func configuration(_ folder: TemporaryFolder, port: Int, app: Int, more: String = "") -> String {
        """
        version: 1
        state: \(folder["state"])
        front: { listen: "127.0.0.1:\(port)", upstream: web\(more) }
        jobs:
          web:
            type: service
            with: { command: [python3, app.py, "\(app)"], cwd: \(folder.path), ready: { http: "http://127.0.0.1:\(app)/", every: 100ms } }

        """
    }

    /// Asks until the answer has these words.
    private func hears(_ words: String, at port: Int) throws -> Bool {
        try RunningProgram.until("curl -s http://127.0.0.1:\(port)/ | grep -q '\(words)'")
    }

    @Test(
        "the page, then the app; nginx and its connections live through a reload and a kill of the program", .timeLimit(.minutes(30)),
        arguments: Account.allCases)
    func whole(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        let program = try RunningProgram(configuration(folder, port: port, app: app), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try hears("The app is starting", at: port), "\(program.log)")
        try folder.write("up", "")
        #expect(try hears("the app", at: port), "\(program.log)")
        let nginx = try #require(try facts(program, job: "front").process)

        try folder.write("shipkeeper.yaml", configuration(folder, port: port, app: app, more: ", frame_ancestors: [self]"))
        let reload = try program.ask("reload")
        #expect(reload.status == 0, "\(reload)")
        #expect(try RunningProgram.until("curl -s -D - http://127.0.0.1:\(port)/ | grep -qi \"frame-ancestors 'self'\""), "\(program.log)")
        #expect(try facts(program, job: "front").process == nginx)

        let daemon = try daemon(of: program)
        kill(daemon, SIGKILL)
        for _ in 0..<20 { #expect(try Shell.run("curl -sf http://127.0.0.1:\(port)/").output == "the app") }
        _ = try self.daemon(of: program, not: daemon)
        #expect(try hears("the app", at: port), "\(program.log)")
        #expect(try program.answers())
        #expect(try facts(program, job: "front").process == nginx)

        #expect(try program.ask("stop web").status == 0)
        #expect(try hears("The app is starting", at: port), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("where nginx is missing the reason is shown, and everything else runs", .enabled(if: getuid() == 0), .timeLimit(.minutes(30)))
    func missing() throws {
        let folder = TemporaryFolder()
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        try folder.write("up", "")
        // A root without nginx: what is in /usr/sbin is hidden.
        try folder.run("mkdir empty")
        let text = configuration(folder, port: port, app: app)
        let program = try RunningProgram(
            text, in: folder, prefix: ["unshare", "-m", "bash", "-c", "mount --bind '\(folder["empty"])' /usr/sbin && exec \"$@\"", "-"])
        #expect(try program.answers(), "\(program.log)")
        #expect(try RunningProgram.until("curl -sf http://127.0.0.1:\(app)/"), "\(program.log)")
        let status = try program.ask("status")
        #expect(status.output.contains("nginx is not installed"), "\(status)")
        #expect(program.stop() == 0)
    }
}

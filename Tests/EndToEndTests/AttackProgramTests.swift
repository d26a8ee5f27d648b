import Foundation
import TestSupport
import Testing

/// What strangers try at the public port of the running program.
@Suite("attacks on the public port", .waiting, .serialized)
struct AttackProgramTests {
    private static let token = "correct-horse-battery-staple"
    private static let hidden = "hunter2-hunter2-hunter2"

    private static func configuration(_ folder: TemporaryFolder, port: Int, app: Int) -> String {
        """
        version: 1
        state: \(folder["state"])
        secrets: [SHIPKEEPER_TOKEN, HIDDEN]
        control: { token: "${SHIPKEEPER_TOKEN}" }
        front: { listen: "127.0.0.1:\(port)", upstream: web }
        actions:
          leak: { command: [sh, -c, 'echo "$HIDDEN"; exit 3'], secrets: [HIDDEN], label: "Leak ${HIDDEN}" }
        jobs:
          web:
            type: service
            with: { command: [python3, ends.py, app, "\(app)"], cwd: \(folder.path), ready: { http: "http://127.0.0.1:\(app)/", every: 100ms } }
          leak:
            type: command
            secrets: [HIDDEN]
            with: { shell: 'echo "value $HIDDEN"; echo "$HIDDEN" >&2; exit 3' }
          touch: { type: command, with: { shell: 'echo x >> "\(folder["state"])/touched"' } }

        """
    }

    /// Answers every request with what it was asked.
    private static let app = """
        import http.server, sys
        class App(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self):
                if self.headers["Transfer-Encoding"]:
                    while (size := int(self.rfile.readline().split(b";")[0], 16)): self.rfile.read(size + 2)
                    while self.rfile.readline() != b"\\r\\n": pass
                else: self.rfile.read(int(self.headers["Content-Length"] or 0))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            do_GET = do_HEAD = do_POST = answer
            def log_message(self, *_): pass
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), App).serve_forever()
        """

    @Test("no request hides in another, for the page, the operations and the app", .limited, arguments: Account.allCases)
    func smuggling(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("ends.py", AttackProgramTests.app)
        let program = try RunningProgram(
            AttackProgramTests.configuration(folder, port: port, app: app), in: folder,
            environment: ["SHIPKEEPER_TOKEN": AttackProgramTests.token, "HIDDEN": AttackProgramTests.hidden])
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.says("web: ready"), "\(program.log)")
        let script = SourceTree.root + "/Tests/TestSupport/StandInFront/smuggle.py"
        let result = try Shell.run("python3 '\(script)' \(port) \(AttackProgramTests.token) touch")
        #expect(result.output == "ok\n", "\(result)")
        #expect(folder.read("state/touched") == nil)
        let started = try Shell.run(
            "curl -sf -X POST -H 'Authorization: Bearer \(AttackProgramTests.token)' 'http://127.0.0.1:\(port)/-/api/jobs/touch/start?wait=60'")
        #expect(started.status == 0 && folder.read("state/touched") == "x\n", "what was hidden is carried out where it is sent by itself: \(started)")
        #expect(program.stop() == 0)
    }

    @Test("a secret is in no answer, page, event, figure or file of the front", .limited)
    func secrets() throws {
        let folder = TemporaryFolder()
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("ends.py", AttackProgramTests.app)
        let program = try RunningProgram(
            AttackProgramTests.configuration(folder, port: port, app: app), in: folder,
            environment: ["SHIPKEEPER_TOKEN": AttackProgramTests.token, "HIDDEN": AttackProgramTests.hidden])
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.says("web: ready"), "\(program.log)")
        func ask(_ path: String, _ options: String = "") throws -> String {
            try Shell.run("curl -s -i -H 'Authorization: Bearer \(AttackProgramTests.token)' \(options) 'http://127.0.0.1:\(port)/-/\(path)'").output
        }
        var answers = [
            try ask("api/jobs/leak/start?wait=60", "-X POST"), try ask("api/actions/leak/run", "-X POST"), try ask("api/jobs/no-\(AttackProgramTests.hidden)"),
            try ask("jobs/\(AttackProgramTests.hidden)"), try ask("api/status?x=\(AttackProgramTests.hidden)"),
        ]
        let found = try ask("api/openapi.json")
        let paths = found.matches(of: /"\/-\/(api\/[^"{]*)":/).map { String($0.1) }.filter { !$0.hasSuffix("/stream") }
        #expect(paths.count >= 10, "\(found)")
        for path in paths + [
            "", "jobs/leak", "actions/leak", "backups", "metrics", "api/jobs/leak", "api/jobs/leak/log/text", "api/jobs/leak/why", "api/actions/leak",
            "api/events?after=0",
        ] { answers.append(try ask(path)) }
        let runs = try ask("api/runs?job=leak").matches(of: /"id":(\d+)/).map { String($0.1) }
        #expect(!runs.isEmpty)
        for run in runs { answers += [try ask("runs/\(run)"), try ask("runs/\(run)?from=0"), try ask("api/runs/\(run)"), try ask("api/runs/\(run)/log")] }
        #expect(answers.contains { $0.contains("value &lt;secret&gt;") } && answers.contains { $0.contains("value <secret>") })
        for answer in answers {
            #expect(!answer.contains(AttackProgramTests.hidden) && !answer.contains(AttackProgramTests.token), "\(answer.prefix(2000))")
        }
        #expect(!program.log.contains(AttackProgramTests.hidden) && !program.log.contains(AttackProgramTests.token))
        let files = try Shell.run(
            "grep -rl -e '\(AttackProgramTests.hidden)' -e '\(AttackProgramTests.token)' '\(folder["state"])' /run/shipkeeper-front-* || true"
        ).output
        #expect(files == "", "\(files)")
        #expect(program.stop() == 0)
    }
}

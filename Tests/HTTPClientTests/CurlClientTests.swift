import Foundation
import HTTPClient
import TestSupport
import Testing

@Suite("HTTP client", .serialized)
struct CurlClientTests {
    /// A server that answers well, late, half, or not at all.
    private static let server = """
        import http.server, socketserver, sys, time
        class Odd(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/late": time.sleep(5)
                if self.path == "/half":
                    self.send_response(200); self.send_header("Content-Length", "100"); self.end_headers(); self.wfile.write(b"half"); self.wfile.flush(); self.connection.close(); return
                body = (self.command + " " + self.path + " " + self.headers.get("X-Test", "-") + " " + str("Expect" in self.headers)).encode()
                if "Content-Length" in self.headers: body += b" " + self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/big": body = b"x" * 300000
                self.send_response(429 if self.path == "/429" else 302 if self.path == "/moved" else 200)
                if self.path == "/moved": self.send_header("Location", "/other")
                self.send_header("Content-Length", str(len(body))); self.send_header("X-Mark", "ours"); self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)
            do_POST = do_PUT = do_HEAD = do_GET
            def log_message(self, *a): pass
        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
        Server(("127.0.0.1", int(sys.argv[1])), Odd).serve_forever()
        """

    private func withServer(_ port: Int, _ body: (CurlClient, String) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        try folder.write("odd.py", CurlClientTests.server)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder["odd.py"], "\(port)"]
        try process.run()
        // It may have inherited a mask that holds SIGTERM back.
        defer { kill(process.processIdentifier, SIGKILL) }
        let client = CurlClient()
        defer { client.close() }
        #expect(try RunningProgram.until("curl -s http://127.0.0.1:\(port)/"))
        try await body(client, "http://127.0.0.1:\(port)")
    }

    @Test("sends what it is told, takes what it gets", .timeLimit(.minutes(30)))
    func exchange() async throws {
        try await withServer(24_151) { client, base in
            let answer = try await client.send(HTTPRequest("PUT", base + "/a/../b", headers: [("X-Test", "yes")], body: Array("body".utf8)))
            #expect(String(decoding: answer.body, as: UTF8.self) == "PUT /a/../b yes False body")
            #expect(answer.header("x-mark") == "ours")
            #expect(try await client.send(HTTPRequest("HEAD", base + "/")).body.isEmpty)
            #expect(try await client.send(HTTPRequest("GET", base + "/429")).status == 429)
            #expect(try await client.send(HTTPRequest("GET", base + "/moved")).status == 302)
        }
    }

    @Test("says why there is no answer", .timeLimit(.minutes(30)))
    func failures() async throws {
        try await withServer(24_152) { client, base in
            await #expect(throws: HTTPFailure.timedOut("no answer within 300 ms")) {
                try await client.send(HTTPRequest("GET", base + "/late", timeout: .milliseconds(300)))
            }
            await #expect(throws: HTTPFailure.self) { try await client.send(HTTPRequest("GET", base + "/half")) }
            await #expect(throws: HTTPFailure.refused("no connection: nothing listens there")) {
                try await client.send(HTTPRequest("GET", "http://127.0.0.1:1/"))
            }
            await #expect(throws: HTTPFailure.broken("the answer is longer than 1000 bytes")) {
                try await client.send(HTTPRequest("GET", base + "/big", mostBody: 1000))
            }
            await #expect(throws: HTTPFailure.self) { try await client.connect(host: "127.0.0.1", port: 1, timeout: .seconds(2)) }
            try await client.connect(host: "127.0.0.1", port: 24_152, timeout: .seconds(2))
        }
    }

    @Test("is cancelled at once, and many go side by side", .timeLimit(.minutes(30)))
    func concurrency() async throws {
        try await withServer(24_153) { client, base in
            let clock = ContinuousClock()
            let start = clock.now
            let late = Task { try await client.send(HTTPRequest("GET", base + "/late")) }
            late.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await late.value }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await client.send(HTTPRequest("GET", base + "/big")).body.count } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 300_000, count: 40))
            #expect(clock.now - start < .seconds(30))
        }
    }
}

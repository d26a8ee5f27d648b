import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

@Suite("HTTP client", .waiting, .serialized)
struct CurlClientTests {
    /// A server that answers well, late, half, or not at all.
    private static let server = """
        import http.server, os, socketserver, sys, time
        class Odd(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/late": time.sleep(5)
                if self.path == "/slow":
                    self.send_response(200); self.send_header("Content-Length", "100"); self.end_headers(); self.wfile.write(b"x"); self.wfile.flush(); time.sleep(20); return
                if self.path == "/ring": self.send_response(307); self.send_header("Location", "/ring"); self.send_header("Content-Length", "0"); self.end_headers(); return
                if self.path == "/half":
                    self.send_response(200); self.send_header("Content-Length", "100"); self.end_headers(); self.wfile.write(b"half"); self.wfile.flush(); self.connection.shutdown(2); return
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
        server = Server(("127.0.0.1", 0), Odd)
        open(sys.argv[1] + ".new", "w").write(str(server.server_address[1])); os.rename(sys.argv[1] + ".new", sys.argv[1])
        server.serve_forever()
        """

    private func withServer(_ body: (CurlClient, String) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        try folder.write("odd.py", CurlClientTests.server)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder["odd.py"], folder["port"]]
        try process.run()
        // It may have inherited a mask that holds SIGTERM back.
        defer { kill(process.processIdentifier, SIGKILL) }
        let client = CurlClient()
        defer { client.close() }
        try #require(try RunningProgram.until("test -f '\(folder["port"])'"))
        let port = try #require(folder.read("port"))
        try await body(client, "http://127.0.0.1:\(port)")
    }

    @Test("sends what it is told, takes what it gets", .limited)
    func exchange() async throws {
        try await withServer { client, base in
            let answer = try await client.send(HTTPRequest("PUT", base + "/a/../b", headers: [("X-Test", "yes")], body: .bytes(Array("body".utf8))))
            #expect(String(decoding: answer.body, as: UTF8.self) == "PUT /a/../b yes False body")
            #expect(answer.header("x-mark") == "ours")
            #expect(try await client.send(HTTPRequest("HEAD", base + "/")).body.isEmpty)
            #expect(try await client.send(HTTPRequest("GET", base + "/429")).status == 429)
            #expect(try await client.send(HTTPRequest("GET", base + "/moved")).status == 302)
        }
    }

    @Test("says why there is no answer", .limited)
    func failures() async throws {
        try await withServer { client, base in
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
            try await client.connect(host: "127.0.0.1", port: try #require(URL(string: base)?.port), timeout: .seconds(60))
        }
    }

    /// In a process of its own: libcurl reads the variables by itself.
    @Test("a bare connection goes by no proxy: one that is up says nothing of the target", .limited)
    func proxy() async throws {
        await #expect(processExitsWith: .success) {
            try await CurlClientTests().withServer { client, base in
                for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { _ = unsafe setenv(name, base, 1) }
                await #expect(throws: HTTPFailure.self) { try await client.connect(host: "no-such-host.invalid", port: 9, timeout: .seconds(60)) }
                await #expect(throws: HTTPFailure.self) { try await client.connect(host: "127.0.0.1", port: 1, timeout: .seconds(60)) }
                try await client.connect(host: "127.0.0.1", port: try #require(URL(string: base)?.port), timeout: .seconds(60))
                // The proxy is in use, for what is on another machine.
                let answer = try await client.send(HTTPRequest("GET", "http://no-such-host.invalid/x"))
                #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("GET http://no-such-host.invalid/x"))
                #expect(try await client.send(HTTPRequest("GET", base + "/own")).body.starts(with: Array("GET /own".utf8)))
            }
        }
    }

    @Test("is cancelled at once, and many go side by side", .limited)
    func concurrency() async throws {
        try await withServer { client, base in
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
            #expect(clock.now - start < .seconds(300))
        }
    }

    @Test("bodies stream both ways, and the receiver may stop them", .limited)
    func streams() async throws {
        try await withServer { client, base in
            let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let stream = HTTPBodyStream(length: Int64(content.count)) { offset, most in Array(content[Int(offset)..<min(content.count, Int(offset) + most)]) }
            let sent = Mutex<[Int64]>([])
            let answer = try await client.send(
                HTTPRequest("PUT", base + "/up", body: .stream(stream), onSent: { bytes in sent.withLock { $0.append(bytes) } }))
            #expect(answer.body.suffix(content.count) == content[...])
            // As libcurl takes them: in pieces, each once.
            let steps = sent.withLock { $0 }
            #expect(steps.count > 10 && steps == steps.sorted() && Set(steps).count == steps.count && steps.last == Int64(content.count), "\(steps)")
            let got = Mutex([UInt8]())
            let head = try await client.send(HTTPRequest("GET", base + "/big")) { head, piece in
                got.withLock { $0 += head.status == 200 ? piece : [] }
                return true
            }
            #expect(head.body.isEmpty && got.withLock { $0.count } == 300_000)
            await #expect(throws: HTTPFailure.declined) { try await client.send(HTTPRequest("GET", base + "/big")) { _, _ in false } }
            let broken = HTTPBodyStream(length: 100) { _, _ in nil }
            await #expect(throws: HTTPFailure.broken("what is to be sent can't be read")) {
                try await client.send(HTTPRequest("PUT", base + "/up", body: .stream(broken)))
            }
        }
    }

    @Test("an exchange that stands still is given up", .limited)
    func slow() async throws {
        try await withServer { client, base in
            await #expect(throws: HTTPFailure.timedOut("nothing moved for 1 s")) {
                try await client.send(HTTPRequest("GET", base + "/slow", timeout: nil, slowest: HTTPPace(during: .seconds(1))))
            }
        }
    }

    @Test("redirects go where the rule says, and not without end", .limited)
    func redirects() async throws {
        try await withServer { client, base in
            let (answer, request) = try await client.send(HTTPRequest("GET", base + "/moved", headers: [("X-Test", "secret")])) { _, _, next in
                HTTPRequest("GET", next)
            }
            #expect(request.url == base + "/other")
            #expect(String(decoding: answer.body, as: UTF8.self) == "GET /other - False")
            let stayed = try await client.send(HTTPRequest("GET", base + "/moved")) { _, _, _ in nil }
            #expect(stayed.response.status == 302)
            await #expect(throws: HTTPFailure.self) { try await client.send(HTTPRequest("GET", base + "/ring")) { _, _, next in HTTPRequest("GET", next) } }
        }
    }

    @Test("whole addresses from what a server writes")
    func locations() {
        func next(_ location: String) -> String? { HTTPResponse(status: 302, headers: [("Location", location)]).redirect(from: "https://a.example:8443/b/c?d") }
        #expect(next("https://x.example/y?Signature=a%2Bb%2F") == "https://x.example/y?Signature=a%2Bb%2F")
        #expect(next("/y?z") == "https://a.example:8443/y?z")
        #expect(next("//x.example/y") == "https://x.example/y")
        #expect(next("y") == "https://a.example:8443/b/y")
        #expect(HTTPResponse(status: 200, headers: [("Location", "/y")]).redirect(from: "https://a.example/") == nil)
        #expect(HTTPOrigin("HTTPS://A.Example/b") == HTTPOrigin("https://a.example/"))
        #expect(HTTPOrigin("https://a.example@b.example/")?.host == "b.example")
    }

    @Test("the log of exchanges holds no query and no header", .limited)
    func log() async throws {
        try await withServer { _, base in
            let lines = Mutex([String]())
            let client = CurlClient { exchange in lines.withLock { $0.append(exchange.description) } }
            defer { client.close() }
            _ = try await client.send(HTTPRequest("GET", base + "/a?signature=hidden", headers: [("Authorization", "Bearer hidden")]))
            _ = try? await client.send(HTTPRequest("GET", "http://127.0.0.1:1/?signature=hidden"))
            let text = lines.withLock { $0.joined(separator: "\n") }
            #expect(text.contains("GET \(base)/a: 200 in ") && text.contains("nothing listens there") && !text.contains("hidden"))
        }
    }
}

import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import HTTPClient

@Suite("contents that come and go more slowly than the network", .waiting)
struct StalledBodyTests {
    private static let size = 24_000_000

    private static let server = """
        import hashlib, http.server, os, socketserver, sys, threading
        big = bytes(range(251)) * (24_000_000 // 251 + 1)
        big = big[:24_000_000]
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def say(self, body):
                self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
            def do_GET(self):
                if self.path == "/drip":
                    self.send_response(200); self.send_header("Content-Length", "1000"); self.end_headers(); self.wfile.write(b"x"); self.wfile.flush()
                    threading.Event().wait(); return
                self.say(big if self.path == "/big" else b"small")
            def do_PUT(self):
                left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
                while left:
                    piece = self.rfile.read(min(left, 1 << 16)); left -= len(piece); digest.update(piece)
                self.say(digest.hexdigest().encode())
            def log_message(self, *a): pass
        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
        server = Server(("127.0.0.1", 0), Handler)
        open(sys.argv[1] + ".new", "w").write(str(server.server_address[1])); os.rename(sys.argv[1] + ".new", sys.argv[1])
        server.serve_forever()
        """

    private static let big = [UInt8]((0..<size).map { UInt8($0 % 251) })

    private func withServer(_ body: (CurlClient, String) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        try folder.write("server.py", StalledBodyTests.server)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder["server.py"], folder["port"]]
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        let client = CurlClient()
        defer { client.close() }
        try #require(try RunningProgram.until("test -f '\(folder["port"])'"))
        try await body(client, "http://127.0.0.1:\(try #require(folder.read("port")))")
    }

    private final class Received: Sendable {
        private let all = Mutex<[UInt8]>([])

        var bytes: [UInt8] { all.withLock { $0 } }
        func add(_ piece: [UInt8]) { all.withLock { $0 += piece } }
    }

    /// Holds up whoever comes until it is opened, and tells when somebody has come.
    private final class Gate: Sendable {
        private let opened = DispatchSemaphore(value: 0)
        private let reached = Mutex<(isReached: Bool, waiting: CheckedContinuation<Void, Never>?)>((false, nil))

        /// Blocks.
        func pass() {
            let waiting = reached.withLock { state in
                defer { state = (true, nil) }
                return state.waiting
            }
            waiting?.resume()
            opened.wait()
            opened.signal()
        }

        func open() { opened.signal() }

        func isReached() async {
            await withCheckedContinuation { continuation in
                let isReached = reached.withLock { state in
                    if !state.isReached { state.waiting = continuation }
                    return state.isReached
                }
                if isReached { continuation.resume() }
            }
        }
    }

    /// Other exchanges of the same client end well.
    private func goOn(_ client: CurlClient, _ base: String) async throws {
        for _ in 0..<20 {
            let answer = try await client.send(HTTPRequest("GET", base + "/small", timeout: .seconds(300)))
            #expect(answer.body == Array("small".utf8))
        }
    }

    /// Says when it is gone.
    private final class Held: Sendable {
        private let onEnd: @Sendable () -> Void
        init(_ onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
        deinit { onEnd() }
        func touch() {}
    }

    @Test("what a receiver holds on to, such as a file, is let go when its exchange has ended", .limited)
    func released() async throws {
        try await withServer { client, base in
            let gone = TestSupport.Gate()
            for path in ["/small", "/big"] {
                let held = Held { gone.open() }
                _ = try await client.send(HTTPRequest("GET", base + path, timeout: .seconds(300))) { _, _ in
                    held.touch()
                    return true
                }
            }
            await gone.wait(2)
        }
    }

    @Test("a receiver that stalls holds up its own exchange and no other, and gets all in order", .limited)
    func receiver() async throws {
        try await withServer { client, base in
            let gate = Gate()
            let got = Received()
            let bulk = Task {
                try await client.send(HTTPRequest("GET", base + "/big", timeout: nil)) { _, piece in
                    gate.pass()
                    got.add(piece)
                    return true
                }
            }
            await gate.isReached()
            try await goOn(client, base)
            #expect(got.bytes.isEmpty)
            gate.open()
            let answer = try await bulk.value
            #expect(answer.status == 200)
            #expect(got.bytes == StalledBodyTests.big)
        }
    }

    @Test("a body that can't be read for a while holds up its own exchange and no other", .limited)
    func body() async throws {
        try await withServer { client, base in
            let gate = Gate()
            let big = StalledBodyTests.big
            let stream = HTTPBodyStream(length: Int64(big.count)) { offset, most in
                if offset > 0 { gate.pass() }
                return Array(big[Int(offset)..<min(big.count, Int(offset) + most)])
            }
            let bulk = Task { try await client.send(HTTPRequest("PUT", base + "/", body: .stream(stream), timeout: nil)) }
            await gate.isReached()
            try await goOn(client, base)
            gate.open()
            let folder = TemporaryFolder()
            try Data(big).write(to: URL(fileURLWithPath: folder["big"]))
            let digest = try Shell.run("sha256sum < big | cut -c1-64", folder: folder.path).output
            #expect(try await String(decoding: bulk.value.body, as: UTF8.self) == digest.prefix(64))
        }
    }

    @Test("who gives up does not wait for a receiver that stalls", .limited, arguments: ["/small", "/big"])
    func cancelled(path: String) async throws {
        try await withServer { client, base in
            let gate = Gate()
            defer { gate.open() }
            let bulk = Task {
                try await client.send(HTTPRequest("GET", base + path, timeout: nil)) { _, _ in
                    gate.pass()
                    return true
                }
            }
            await gate.isReached()
            bulk.cancel()
            await #expect(throws: HTTPFailure.cancelled) { try await bulk.value }
        }
    }

    @Test("who wants no more is not sent more, even where nothing more comes", .limited, arguments: ["/drip", "/small", "/big"])
    func declined(path: String) async throws {
        try await withServer { client, base in
            await #expect(throws: HTTPFailure.declined) { try await client.send(HTTPRequest("GET", base + path, timeout: nil)) { _, _ in false } }
        }
    }

    @Test("a body that can't be read ends the exchange", .limited)
    func unreadable() async throws {
        try await withServer { client, base in
            let stream = HTTPBodyStream(length: 5_000_000) { offset, most in offset < 2_000_000 ? [UInt8](repeating: 1, count: most) : nil }
            await #expect(throws: HTTPFailure.broken("what is to be sent can't be read")) {
                try await client.send(HTTPRequest("PUT", base + "/", body: .stream(stream), timeout: nil))
            }
        }
    }

    @Test("reading ahead gives each byte once, from wherever it is told to begin", .limited, arguments: 1...5 as ClosedRange<UInt64>)
    func readAhead(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bytes = (0..<3_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let stream = HTTPBodyStream(length: Int64(bytes.count)) { offset, most in
            // Less than wanted is not the end.
            Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + max(1, most / 3))])
        }
        let (news, continuation) = AsyncStream.makeStream(of: Void.self)
        let ahead = BodyReadAhead(stream) { continuation.yield() }
        defer { ahead.drop() }
        var iterator = news.makeAsyncIterator()
        for start in [0, 1_500_000, 0, bytes.count - 1, Int.random(in: 0..<bytes.count, using: &random)] {
            ahead.seek(to: Int64(start))
            var got: [UInt8] = []
            while got.count < bytes.count - start {
                switch ahead.take(Int.random(in: 1...300_000, using: &random)) {
                case .bytes(let piece): got += piece
                case .wait: await iterator.next()
                case .unreadable, .noThread: throw HTTPFailure.broken("seed \(seed)")
                }
            }
            #expect(got == Array(bytes[start...]), "seed \(seed), from \(start)")
        }
    }

    @Test(
        "what is asked on this machine is known by its address",
        arguments: [
            ("http://localhost:80/", true), ("http://LOCALHOST/", true), ("http://app.localhost./", true), ("http://127.0.0.1:8080/x", true),
            ("http://127.9.8.7/", true), ("http://[::1]:80/", true), ("http://[::ffff:127.0.0.1]/", true), ("http://0.0.0.0:7860/", true),
            ("http://[::]:7860/", true), ("http://127.example.com/", false), ("http://localhost.example.com/", false), ("http://128.0.0.1/", false),
            ("http://[::2]/", false), ("http://10.0.0.1/", false), ("http://127.0.0.1.nip.io/", false),
        ])
    func thisMachine(url: String, isHere: Bool) { #expect(HTTPOrigin(url)?.isThisMachine == isHere) }

    @Test(
        "how long a server asks to wait",
        arguments: [
            ("120", nil, 120), ("0", nil, 0), ("1.5", nil, 2), ("-1", nil, nil), ("soon", nil, nil), ("", nil, nil), ("99999999999", nil, 86_400),
            ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:29 GMT", 90), ("Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:10:00 GMT", 0),
        ] as [(String, String?, Int?)])
    func retryAfter(text: String, date: String?, seconds: Int?) {
        let response = HTTPResponse(status: 429, headers: [("retry-after", text)] + (date.map { [("Date", $0)] } ?? []))
        #expect(response.retryAfter == seconds.map { .seconds($0) })
    }
}

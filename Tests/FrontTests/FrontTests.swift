import Foundation
import Front
import TestSupport
import Testing

/// A real nginx with our configuration, between real clients and an app.
@Suite("front", .waiting)
struct FrontTests {
    /// What an end of the bench has been asked.
    private struct Told: Decodable {
        var who, method, path, digest: String
        var size: Int
        var headers: [String: [String]]
    }

    private func told(_ answer: (status: Int, headers: String, body: String)) throws -> Told {
        try JSONDecoder().decode(Told.self, from: Data(answer.body.utf8))
    }

    @Test("the page until the app is ready, then the app, and the page while it does not answer", .limited, arguments: Account.allCases)
    func whose(account: Account) throws {
        let bench = try FrontBench(account: account)
        let first = try told(bench.ask("/a/b?c=d"))
        #expect(first.who == "page" && first.path == "/-/waiting" && first.headers["shipkeeper-path"] == ["/a/b?c=d"])
        #expect(try bench.ask("/", "-I").status == 200)
        let sent = try told(bench.ask("/hook", "-d a=b -H 'Shipkeeper-Method: GET'"))
        #expect(sent.method == "GET" && sent.size == 0 && sent.headers["shipkeeper-method"] == ["POST"] && sent.headers["shipkeeper-path"] == ["/hook"])
        try bench.setReady(true)
        let app = try told(bench.ask("/a/b?c=d"))
        #expect(app.who == "app" && app.path == "/a/b?c=d")
        #expect(try told(bench.ask("/-/status")).who == "page")
        try bench.toggle("app")
        #expect(try told(bench.ask("/a")).who == "page", "the app is gone, and nobody has noticed yet")
        try bench.toggle("app")
        #expect(try told(bench.ask("/a")).who == "app")
        try bench.setReady(false)
        #expect(try told(bench.ask("/a")).who == "page")
    }

    @Test("while this program is away every path has an answer, and the health check is good", .limited)
    func away() throws {
        let bench = try FrontBench()
        try bench.toggle("page")
        let page = try bench.ask("/")
        #expect(page.status == 200 && page.body.contains("The app is starting") && page.headers.contains("Retry-After: 2"))
        #expect(page.headers.contains("text/html; charset=utf-8") && page.headers.contains("Shipkeeper-Front: 0"))
        #expect(try bench.ask("/", "-I").status == 200)
        for path in ["/-/status", "/x", "/x?/"] { #expect(try bench.ask(path).status == 503, "\(path)") }
        #expect(try bench.ask("/?a=b").status == 200)
        let sent = try bench.ask("/", "-d a=b")
        #expect(sent.status == 503 && sent.headers.contains("Retry-After: 2") && sent.body.contains("The app is starting"))
        let health = try bench.ask("/-/healthz")
        #expect(health.status == 200 && health.body == "shipkeeper is starting\n")
        try bench.setReady(true)
        #expect(try told(bench.ask("/x")).who == "app", "the app needs nothing of us")
        try bench.toggle("page")
        #expect(try told(bench.ask("/-/status")).who == "page")
    }

    @Test("what a visitor says of proxies and of itself does not get through", .limited)
    func forged() throws {
        let bench = try FrontBench()
        try bench.setReady(true)
        for path in ["/x", "/-/x"] {
            let forged = try told(
                bench.ask(
                    path,
                    "-H 'X-Forwarded-For: 9.9.9.9, 203.0.113.7' -H 'X-Forwarded-Host: evil.example' -H 'X-Forwarded-Port: 1' -H 'Forwarded: for=9.9.9.9' "
                        + "-H 'X-Real-IP: 9.9.9.9' -H 'Shipkeeper-Nonce: 0123' -H 'Host: blog.example' -H 'X-Forwarded-Proto: https' -H 'Origin: https://blog.example'"
                ))
            // The connection comes from a private address, so the last visitor it names counts, and nothing before that.
            #expect(forged.headers["x-forwarded-for"] == ["203.0.113.7"] && forged.headers["x-real-ip"] == ["203.0.113.7"], "\(forged.headers)")
            #expect(forged.headers["x-forwarded-host"] == ["blog.example"] && forged.headers["host"] == ["blog.example"])
            #expect(forged.headers["shipkeeper-nonce"] == nil, "what a keepalive job sends is none of the app's business")
            #expect(forged.headers["forwarded"] == nil && forged.headers["x-forwarded-port"] == nil)
            #expect(forged.headers["x-forwarded-proto"] == ["https"] && forged.headers["origin"] == ["https://blog.example"])
            let odd = try told(bench.ask(path, "-H 'X-Forwarded-Proto: gopher' -H 'Shipkeeper-Path: /evil'"))
            #expect(odd.headers["x-forwarded-proto"] == ["http"])
        }
    }

    @Test("paths that only look like ours go to the app, and the other way round none of ours does", .limited)
    func paths() throws {
        let bench = try FrontBench()
        try bench.setReady(true)
        for path in ["/x/-/status", "/-x", "/~/-/", "/.-/"] {
            #expect(try told(bench.ask(path)).who == "app", "\(path)")
        }
        for path in ["/-/", "//-/status", "/x/../-/status", "/%2d/status", "/-%2fstatus", "/./-/status", "/x/%2e%2e/-/status"] {
            #expect(try told(bench.ask(path)).who == "page", "\(path)")
        }
        let bare = try bench.ask("/-")
        #expect(bare.status == 301 && bare.headers.contains("Location: -/\n"), "\(bare)")
        #expect(try bench.ask("/-/waiting").status == 404, "only nginx itself asks for it")
    }

    @Test("bodies are streamed, to the limit", .limited)
    func bodies() throws {
        let bench = try FrontBench { $0.mostBody = 8 << 20 }
        try bench.setReady(true)
        try bench.folder.run("head -c 8000000 /dev/urandom > big; head -c 9000000 /dev/zero > bigger")
        let digest = try bench.folder.run("sha256sum < big | cut -d' ' -f1").output.trimmingCharacters(in: .newlines)
        let sent = try told(bench.ask("/up", "--data-binary @'\(bench.folder["big"])'"))
        #expect(sent.size == 8_000_000 && sent.digest == digest && sent.method == "POST")
        let chunked = try told(bench.ask("/up", "-X PUT -T '\(bench.folder["big"])' -H 'Transfer-Encoding: chunked'"))
        #expect(chunked.size == 8_000_000 && chunked.digest == digest)
        #expect(try bench.ask("/up", "--data-binary @'\(bench.folder["bigger"])'").status == 413)
        #expect(try bench.ask("/-/up", "--data-binary @'\(bench.folder["big"])'").status == 413, "nothing of ours takes so much")
    }

    @Test("frame ancestors are replaced where they are set, and left alone where not", .limited)
    func frames() throws {
        let plain = try FrontBench()
        try plain.setReady(true)
        let own = try plain.ask("/framed").headers
        #expect(own.contains("X-Frame-Options: DENY") && own.contains("frame-ancestors 'none'"))
        let bench = try FrontBench { $0.frameAncestors = ["'self'", "https://huggingface.co"] }
        try bench.setReady(true)
        let replaced = try bench.ask("/framed").headers
        #expect(!replaced.contains("X-Frame-Options") && replaced.contains("Shipkeeper-Front: 0"))
        #expect(
            replaced.contains("Content-Security-Policy: default-src 'self'; frame-ancestors 'self' https://huggingface.co; img-src *"), "\(replaced)")
        #expect(try bench.ask("/framed-plain").headers.contains("default-src 'self'; frame-ancestors 'self' https://huggingface.co"))
        #expect(try bench.ask("/x").headers.contains("Content-Security-Policy: frame-ancestors 'self' https://huggingface.co"))
    }

    @Test("a WebSocket passes both ways, and lives through a reload of nginx and the loss of this program", .limited)
    func webSocket() throws {
        let bench = try FrontBench()
        try bench.setReady(true)
        let client = """
            import base64, os, socket, sys, time
            s = socket.create_connection(("127.0.0.1", \(bench.port)))
            s.sendall(("GET /ws HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
                       "Sec-WebSocket-Key: %s\\r\\n\\r\\n" % base64.b64encode(os.urandom(16)).decode()).encode())
            head = b""
            while b"\\r\\n\\r\\n" not in head: head += s.recv(1)
            print(head.split(b" ")[1].decode(), flush=True)
            def echo(n):
                for i in range(n):
                    sent = b"\\x82\\x04" + i.to_bytes(4, "big")
                    s.sendall(sent)
                    got = b""
                    while len(got) < len(sent): got += s.recv(len(sent) - len(got))
                    if got != sent: sys.exit("lost")
            echo(1000)
            os.system("kill -HUP $(cat '\(bench.plan.folder)/nginx.pid')")
            echo(1000)
            print("good", flush=True)
            """
        try bench.folder.write("client.py", client)
        let result = try bench.folder.run("python3 client.py")
        #expect(result.output == "101\ngood\n", "\(result)")
    }

    @Test("visits are reported with who they are from, without the query; nothing waits for a reader", .limited)
    func visits() async throws {
        let bench = try FrontBench()
        try bench.setReady(true)
        _ = try bench.ask("/before")
        let (visits, continuation) = AsyncStream.makeStream(of: Visit.self)
        let worker = WorkerAccount.find()
        try VisitListener.start(bench.plan.visitSocket, owner: worker.map { ($0.userID, $0.groupID) }) { continuation.yield($0) }
        _ = try bench.ask("/seen?token=secret", "-A 'Uptime \"Robot\"/2' -H 'X-Forwarded-For: 203.0.113.9' -H 'Shipkeeper-Nonce: n1'")
        var iterator = visits.makeAsyncIterator()
        let visit = try #require(await iterator.next())
        #expect(visit.path == "/seen" && visit.agent == "Uptime \"Robot\"/2" && visit.client == "203.0.113.9" && visit.nonce == "n1")
        #expect(visit.status == 200 && visit.method == "GET" && abs(visit.at.timeIntervalSinceNow) < 86_400, "\(visit)")
        // Of one client that asks again and again some are, and each keepalive request is, and another client's.
        let count = 300
        try Shell.run("seq \(count) | xargs -P 4 -I N curl -s -o /dev/null -A many http://127.0.0.1:\(bench.port)/many/N -H 'X-Forwarded-For: 203.0.113.20'")
        _ = try bench.ask("/many", "-A many -H 'X-Forwarded-For: 203.0.113.20' -H 'Shipkeeper-Nonce: n2'")
        _ = try bench.ask("/last", "-H 'X-Forwarded-For: 203.0.113.21'")
        var reported: [Visit] = []
        while reported.last?.path != "/last" { reported.append(try #require(await iterator.next())) }
        #expect(reported.dropLast().last?.nonce == "n2")
        #expect((10..<count).contains(reported.count { $0.path.hasPrefix("/many/") }), "\(reported.count)")
        #expect(Visit(message: Array("<1>no report".utf8)) == nil && Visit(message: Array("{\"at\":1}".utf8)) == nil && Visit(message: []) == nil)
    }
}

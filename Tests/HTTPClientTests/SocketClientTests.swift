import Foundation
import HTTPClient
import TestSupport
import Testing

/// Requests over a Unix socket, to a server that gives the bytes of a file for each: well, in pieces, cut off, or none at all.
@Suite("HTTP over a Unix socket", .waiting)
struct SocketClientTests {
    /// The first line it gets names the file whose bytes it sends; "stays" keeps the connection open behind them.
    private static let server = """
        import os, socket, sys, threading, time
        folder = sys.argv[1]
        server = socket.socket(socket.AF_UNIX); server.bind(folder + "/s"); server.listen(64); os.rename(folder + "/s", folder + "/socket")
        def serve(line):
            with line:
                asked = b""
                while b"\\r\\n\\r\\n" not in asked: asked += line.recv(4096)
                with open(folder + "/asked", "wb") as file: file.write(asked)
                name = asked.split()[1].decode().strip("/")
                with open(folder + "/" + name, "rb") as file: content = file.read()
                step = 1 if name.startswith("piecemeal") else len(content) or 1
                for at in range(0, len(content), step): line.sendall(content[at:at + step])
                if name.startswith("stays"):
                    open(folder + "/waits", "w").close(); time.sleep(1000)
        while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
        """

    private typealias Ask = (String) async -> Result<HTTPResponse, HTTPFailure>

    private func withServer(_ files: [String: String], _ body: (Ask, TemporaryFolder) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        for (name, content) in files { try folder.write(name, content) }
        try folder.write("server.py", SocketClientTests.server)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder["server.py"], folder.path]
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        try #require(try RunningProgram.until("test -S '\(folder["socket"])'"))
        try await body({ await SocketClientTests.ask($0, folder["socket"]) }, folder)
    }

    private static func ask(_ name: String, _ socket: String, timeout: Duration? = nil) async -> Result<HTTPResponse, HTTPFailure> {
        let request = HTTPRequest("GET", "http://host/\(name)", headers: [("X-Own", "yes")], timeout: timeout, unixSocket: socket, mostBody: 1 << 20)
        do throws(HTTPFailure) { return .success(try await SocketClient().send(request)) } catch { return .failure(error) }
    }

    @Test("answers of each form come whole, also byte by byte, also where the connection stays open", .limited)
    func answers() async throws {
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Zone:  Asia/Shanghai\r\n\r\n你好"
        let chunked = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
        let plain = "HTTP/1.0 200 OK\r\n\r\nall of it"
        let early = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized
        let files = ["sized": sized, "chunked": chunked, "plain": plain, "early": early]
        let all = files.merging(files.map { ("piecemeal-\($0)", $1) }) { $1 }.merging(["stays": sized]) { $1 }
        try await withServer(all) { ask, folder in
            for name in all.keys.sorted() {
                let answer = try await ask(name).get()
                let text = String(decoding: answer.body, as: UTF8.self)
                switch name.split(separator: "-").last {
                case "chunked": #expect(answer.status == 404 && text == "abc0123456789", "\(name): \(text)")
                case "plain": #expect(answer.status == 200 && text == "all of it", "\(name): \(text)")
                default: #expect(answer.status == 200 && text == "你好" && answer.header("x-zone") == "Asia/Shanghai", "\(name): \(text)")
                }
            }
            _ = try await ask("sized").get()
            #expect(folder.read("asked") == "GET /sized HTTP/1.1\r\nHost: host\r\nConnection: close\r\nX-Own: yes\r\n\r\n")
        }
    }

    @Test("what is cut off, garbage or too long is an error that says so", .limited)
    func broken() async throws {
        let head = "HTTP/1.1 200 OK\r\n"
        let files: [String: (content: String, words: String)] = [
            "nothing": ("", "without an answer"), "line": ("HTTP/1.1 20", "within the answer"), "head": (head + "A: b\r\n", "within the answer"),
            "body": (head + "Content-Length: 9\r\n\r\n12345678", "within the answer"), "other": ("SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
            "status": ("HTTP/1.1 abc\r\n\r\n", "not HTTP"), "length": (head + "Content-Length: -1\r\n\r\n", "not HTTP"),
            "huge": (head + "Content-Length: 99999999\r\n\r\n", "too long"), "stays-endless": (String(repeating: "x", count: 70_000), "not HTTP"),
            "long": (head + "\r\n" + String(repeating: "x", count: 3 << 20), "too long"), "header": (head + ": x\r\n\r\n", "not HTTP"),
            "chunk": (head + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "within the answer"),
            "chunks": (head + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", "within the answer"),
            "count": (head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n0\r\n\r\n", "not HTTP"),
        ]
        try await withServer(files.mapValues(\.content)) { ask, _ in
            for (name, expected) in files.sorted(by: { $0.key < $1.key }) {
                guard case .failure(.broken(let words)) = await ask(name) else {
                    Issue.record("\(name) was taken for an answer")
                    continue
                }
                #expect(words.contains(expected.words), "\(name): \(words)")
            }
        }
    }

    @Test("a server that does not answer is given up in time, and at once when the task is cancelled", .limited)
    func waiting() async throws {
        try await withServer(["stays": "HTTP/1.1 200 OK\r\n"]) { _, folder in
            let socket = folder["socket"]
            guard case .failure(.timedOut) = await SocketClientTests.ask("stays", socket, timeout: .milliseconds(300)) else {
                Issue.record("it did not end")
                return
            }
            try FileManager.default.removeItem(atPath: folder["waits"])
            let task = Task.detached { await SocketClientTests.ask("stays", socket) }
            #expect(try RunningProgram.until("test -e '\(folder["waits"])'"))
            task.cancel()
            guard case .failure(.cancelled) = await task.value else {
                Issue.record("it was not cancelled")
                return
            }
        }
    }

    @Test("where nothing listens, it says so", .limited)
    func nobody() async throws {
        let folder = TemporaryFolder()
        let gone = try Shell.run("python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' '\(folder["gone"])'")
        #expect(gone.status == 0)
        try folder.write("file", "")
        for name in ["missing", "gone", "file", String(repeating: "long/", count: 40)] {
            guard case .failure(.refused) = await SocketClientTests.ask("x", folder[name]) else {
                Issue.record("\(name)")
                continue
            }
        }
    }
}

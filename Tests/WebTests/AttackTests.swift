import Control
import Foundation
import JobKit
import Scheduler
import Settings
import TestSupport
import Testing

@testable import Web

/// What strangers try, over the socket as nginx uses it.
@Suite("attacks on the page", .waiting)
struct AttackTests {
    private static let jobs = [ScheduledJob.good(JobDefinition(name: "job")), .good(JobDefinition(name: "备份"))]

    private func bench(_ log: [String] = ["a line"], token: String? = WebBench.token) -> WebBench { WebBench(AttackTests.jobs, log: log, token: token) }

    @Test("who does not know the token sees a form, and no name of a job", .limited)
    func stranger() async throws {
        let web = bench()
        try await web.run {
            for path in ["/-/", "/-/jobs/job", "/-/jobs/none", "/-/runs/1", "/-/backups", "/-/restore"] {
                let page = try web.ask(path)
                #expect(page.status == 401 && page.body.contains("name=\"token\"") && !page.body.contains("备份") && page.mark == nil, "\(path)")
            }
            // A browser reports 401 for a page as a failure.
            for path in ["/-/", "/-/jobs/job", "/-/jobs/none"] {
                let page = try web.ask(path, "-H 'Sec-Fetch-Mode: navigate'")
                #expect(page.status == 200 && page.body.contains("name=\"token\"") && !page.body.contains("备份") && page.mark == nil, "\(path)")
            }
            for options in ["-d x=1", "-d token=wrong"] {
                let page = try web.ask(options.contains("token") ? "/-/login" : "/-/jobs/job/start", "-H 'Sec-Fetch-Mode: navigate' \(options)")
                #expect(page.status == 200 && page.body.contains("name=\"token\"") && page.header("set-cookie") == nil)
            }
            #expect(try web.ask("/-/metrics", "-H 'Sec-Fetch-Mode: navigate'").status == 401)
            for path in ["/-/metrics", "/-/live?after=0"] {
                let answer = try web.ask(path)
                #expect(answer.status == 401 && answer.header("www-authenticate") == "Bearer realm=\"shipkeeper\"")
            }
            for path in ["jobs/job/start", "jobs/job/stop", "pause", "resume", "restore", "logout"] {
                #expect(try web.ask("/-/\(path)", "-d x=1").status == 401, "\(path)")
            }
            #expect(try web.ask("/-/healthz").body == "ok\n")
            #expect(web.bench.store.allRuns.isEmpty)
        }
    }

    @Test("a thousand wrong tokens open nothing, and lock out nobody but their client", .limited)
    func guessing() async throws {
        let web = bench()
        try await web.run {
            let script = """
                import http.client, socket, sys, collections
                class Local(http.client.HTTPConnection):
                    def connect(self):
                        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(sys.argv[1])
                counts = collections.Counter()
                connection = Local("x")
                for i in range(1000):
                    connection.request("GET", "/-/metrics", headers={"Authorization": f"Bearer wrong-{i}", "X-Real-IP": "198.51.100.7"})
                    answer = connection.getresponse(); answer.read(); counts[answer.status] += 1
                print(dict(counts))
                """
            try web.folder.write("guess.py", script)
            let counts = try Shell.run("python3 '\(web.folder["guess.py"])' '\(web.socket)'").output
            #expect(counts == "{401: 4, 429: 996}\n", "\(counts)")
            let own = try web.ask("/-/metrics", "-H 'Authorization: Bearer \(WebBench.token)'", client: "198.51.100.7")
            #expect(own.status == 429 && own.header("retry-after") == "2")
            #expect(try web.ask("/-/metrics", "-H 'Authorization: Bearer \(WebBench.token)'").status == 200)
            #expect(try web.ask("/-/metrics", "-H 'Authorization: Basic \(WebBench.token)'").status == 401)
            _ = try web.logIn()
        }
    }

    @Test("a form needs the mark of its own login, and a page of ours behind it", .limited)
    func crossSite() async throws {
        let web = bench()
        try await web.run {
            let (cookie, mark) = try web.logIn()
            let (otherCookie, otherMark) = try web.logIn()
            func start(_ options: String) throws -> Int { try web.ask("/-/jobs/job/start", options).status }
            #expect(try start("-b '\(cookie)' -d x=1") == 403)
            #expect(try start("-b '\(cookie)' -d mark=\(otherMark)") == 403)
            #expect(try start("-b '\(cookie)' -d 'mark='") == 403)
            #expect(try start("-b '\(cookie)' -d mark=\(mark) -H 'Origin: https://evil.example'") == 403)
            #expect(try start("-b '\(cookie)' -d mark=\(mark) -H 'Origin: null'") == 403)
            #expect(try start("-b '\(cookie)' -d mark=\(mark) -H 'Sec-Fetch-Site: cross-site'") == 403)
            #expect(try start("-H 'Authorization: Bearer \(WebBench.token)' -d x=1 -H 'Origin: https://evil.example'") == 403)
            #expect(try start("-b '\(cookie)' -H 'Content-Type: application/json' -d '{\"mark\":\"\(mark)\"}'") == 415)
            #expect(try start("-b '\(cookie)' -F mark=\(mark)") == 415)
            #expect(try web.ask("/-/jobs/job/start?mark=\(mark)", "-b '\(cookie)'").status == 405)
            #expect(try web.ask("/-/login", "-d 'token=\(WebBench.token)' -H 'Sec-Fetch-Site: cross-site'").status == 403)
            #expect(web.bench.store.allRuns.isEmpty)
            #expect(try start("-b '\(otherCookie)' -d mark=\(otherMark) -H 'Origin: http://page.example'") == 303)
            #expect(web.bench.store.allRuns.count == 1)
        }
    }

    @Test("another token ends every login, and a login ends by itself", .limited)
    func revoked() async throws {
        let web = bench()
        try await web.run {
            let (cookie, mark) = try web.logIn()
            #expect(try web.ask("/-/", "-b '\(cookie)'").status == 200)
            web.change { $0.token = Secret("another token, as long") }
            #expect(try web.ask("/-/", "-b '\(cookie)'").status == 401)
            #expect(try web.ask("/-/jobs/job/start", "-b '\(cookie)' -d mark=\(mark)").status == 401)
            web.change { $0.token = Secret(WebBench.token) }
            #expect(try web.ask("/-/", "-b '\(cookie)'").status == 200)
            let out = try web.ask("/-/logout", "-b '\(cookie)' -d mark=\(mark)")
            #expect(out.status == 303 && out.header("set-cookie")?.hasPrefix("shipkeeper-login=; Max-Age=0; HttpOnly") == true)
        }
    }

    @Test("without a token the page can be read, without logs, and nothing can be changed", .limited)
    func open() async throws {
        let web = bench(["the secret of the log"], token: nil)
        try await web.run {
            _ = try await web.site.operations.start("job", via: "test", evenIfRunning: false)
            await web.bench.logs.wait(for: "job: succeeded")
            let first = try web.ask("/-/")
            #expect(first.status == 200 && first.body.contains("SHIPKEEPER_TOKEN") && first.body.contains("备份") && first.mark == nil)
            for path in ["/-/jobs/job", "/-/runs/1", "/-/runs/1?from=0", "/-/metrics"] {
                let page = try web.ask(path)
                #expect(page.status == 200 && !page.body.contains("the secret of the log"), "\(path)")
            }
            #expect(try web.ask("/-/login", "-d token=x").status == 403)
            for path in ["jobs/job/start", "pause", "restore"] { #expect(try web.ask("/-/\(path)", "-d at=x").status == 403) }
            #expect(web.bench.store.allRuns.count == 1)
        }
    }

    @Test("what a log holds is text", .limited)
    func logs() async throws {
        let lines = [
            "</div><script>alert(1)</script>", "\u{1b}]0;title\u{7}\u{1b}[31mred\u{1b}[0m", "{{{root}}} {{t.logOut}}", "<img src=x onerror=alert(1)>",
            "\"\u{301}><b>",
        ]
        let web = bench(lines)
        try await web.run {
            _ = try await web.site.operations.start("job", via: "<script>alert(2)</script>", evenIfRunning: false)
            await web.bench.logs.wait(for: "job: succeeded")
            let (cookie, _) = try web.logIn()
            let page = try web.ask("/-/runs/1", "-b '\(cookie)'")
            #expect(page.status == 200 && page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.body.contains("<span class=\"f1\">red</span>"))
            #expect(page.body.contains("{{{root}}} {{t.logOut}}") && !page.body.contains("<img") && !page.body.contains("\u{1b}"))
            #expect(page.body.components(separatedBy: "<script").count == 2, "only our own")
            let policy = try #require(page.header("content-security-policy"))
            #expect(policy.contains("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe") && policy.contains("frame-ancestors 'self'"))
        }
    }

    @Test("tricks with paths, methods and headers get short answers", .limited)
    func tricks() async throws {
        let web = bench()
        try await web.run {
            let (cookie, mark) = try web.logIn()
            for path in [
                "/", "/-", "/x/../-/", "/-/../-/", "/-/%2e%2e/", "/-//", "/-/jobs/%2e%2e%2fetc", "/-/jobs/job%0d%0aSet-Cookie:%20a=b",
                "/-/assets/%2e%2e/metrics", "/-/runs/1e3",
                "/-/assets/page.css/", "/-/jobs/job/start/", "/-/%00",
            ] {
                let answer = try web.ask(path, "-b '\(cookie)'")
                #expect(answer.status == 404 && answer.header("set-cookie") == nil, "\(path): \(answer.status)")
            }
            #expect(try web.ask("/-/", "-X DELETE -b '\(cookie)'").status == 405)
            #expect(try web.ask("/-/", "-X TRACE -b '\(cookie)'").status == 405)
            #expect(try web.ask("/-/jobs/job/start", "-b '\(cookie)'").header("allow") == "POST")
            // Neither a form nor a query names a place outside.
            for to in ["https://evil.example/", "//evil.example", "../../x", "jobs/a%0d%0aX-A: b", "logout"] {
                let answer = try web.ask("/-/login", "--data-urlencode 'token=\(WebBench.token)' --data-urlencode 'to=\(to)'")
                #expect(answer.status == 303 && answer.header("location") == "./" && answer.header("x-a") == nil, "\(answer.headers)")
                let language = try web.ask("/-/language?to=zh-CN&back=\(to.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")")
                #expect(language.status == 303 && language.header("location") == "./")
            }
            #expect(try web.ask("/-/language?to=%22%0d%0aX-A:b").status == 400)
            let long = String(repeating: "a", count: 100_000)
            #expect([0, 400, 431].contains(try web.ask("/-/", "-H 'X-Long: \(long)'").status))
            #expect(try web.ask("/-/jobs/\(long.prefix(8000))", "-b '\(cookie)'").status == 404)
            #expect(try web.ask("/-/jobs/job/start", "-b '\(cookie)' -d mark=\(mark)").status == 303, "and it goes on")
        }
    }

    @Test("a form that is too large, or does not come, ends in time", .limited)
    func bodies() async throws {
        let web = bench()
        try await web.run {
            try web.folder.write("large", String(repeating: "a", count: 300 << 10))
            #expect(try web.ask("/-/login", "--data-binary '@\(web.folder["large"])'").status == 413)
            #expect(try web.ask("/-/login", "-H 'Transfer-Encoding: chunked' --data-binary '@\(web.folder["large"])'").status == 413)
            // A client that promises more than it sends: the answer comes when the time is up, which the test's clock decides.
            let script = """
                import socket, sys
                s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(1500)
                s.sendall(b"POST /-/login HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 50\\r\\n\\r\\ntok")
                print(s.recv(100))
                """
            try web.folder.write("slow.py", script)
            let (python, socket) = (web.folder["slow.py"], web.socket)
            let slow = Task.detached { try Shell.run("python3 '\(python)' '\(socket)'") }
            await web.bench.clock.waitForSleepers(2)
            web.bench.clock.advance(by: .seconds(11))
            let heard = try await slow.value.output
            #expect(heard.contains("408"), "\(heard)")
            _ = try web.logIn()
        }
    }

    @Test("the socket belongs to us alone, and replaces that of an earlier program", .limited)
    func socket() async throws {
        let web = bench()
        try web.folder.write("page.sock", "left behind")
        try await web.run {
            let mode = try Shell.run("stat -c '%a %F' '\(web.socket)'").output
            #expect(mode.contains("600 socket"), "\(mode)")
            #expect(try web.ask("/-/healthz").status == 200)
        }
    }
}

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
        "the page, then the app; nginx and its connections live through a reload and a kill of the program", .limited,
        arguments: Account.allCases)
    func whole(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        let program = try RunningProgram(configuration(folder, port: port, app: app), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try hears("web has been starting for", at: port), "\(program.log)")
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
        #expect(try hears("web is stopped", at: port), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test(
        "the status page through nginx: health, login, a run, metrics, visits, mistakes in a reload", .limited, arguments: Account.allCases)
    func page(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let (port, app, token) = (Port.reserve(), Port.reserve(), "0123456789-the-token")
        try folder.write("app.py", FrontProgramTests.app)
        func text(_ more: String = "") -> String {
            configuration(folder, port: port, app: app) + "  hello: { type: command, with: { shell: 'echo it works; echo token $TOKEN' } }\n"
                + "control: { token: \"${TOKEN}\" }\n" + more
        }
        let program = try RunningProgram(text(), in: folder, environment: ["TOKEN": token])
        #expect(try program.answers(), "\(program.log)")
        func ask(_ path: String, _ options: String = "") throws -> String {
            try Shell.run("curl -s -D - \(options) 'http://127.0.0.1:\(port)\(path)'").output
        }
        #expect(try RunningProgram.until("curl -s http://127.0.0.1:\(port)/-/healthz | grep -q '^ok'"), "\(program.log)")
        #expect(try ask("/-/readyz").contains("web is starting"))
        #expect(try ask("/a/b/c").contains("href=\"../../-/\""))
        try folder.write("up", "")
        #expect(try RunningProgram.until("curl -sf http://127.0.0.1:\(port)/-/readyz"), "\(program.log)")
        #expect(try hears("the app", at: port))

        #expect(try ask("/-/").contains("name=\"token\""))
        #expect(try ask("/-/metrics", "-H 'Authorization: Bearer wrong'").contains("401"))
        let login = try ask("/-/login", "-c '\(folder["jar"])' -d token=\(token) -H 'Origin: http://127.0.0.1:\(port)'")
        #expect(login.contains(" 303 ") && login.lowercased().contains("location: ./"), "\(login)")
        let page = try ask("/-/", "-b '\(folder["jar"])' -H 'X-Forwarded-For: 203.0.113.9' -A 'UptimeRobot/2.0'")
        let mark = try #require(page.firstMatch(of: /name="mark" value="([0-9a-f]+)"/)).1
        #expect(try ask("/-/jobs/hello/start", "-b '\(folder["jar"])' -d x=1").contains(" 403 "))
        let start = try ask("/-/jobs/hello/start", "-b '\(folder["jar"])' -d mark=\(mark) -H 'Origin: http://127.0.0.1:\(port)'")
        let run = try #require(start.firstMatch(of: /\.\.\/\.\.\/(runs\/\d+)/), "\(start)").1
        #expect(try RunningProgram.until("curl -s -b '\(folder["jar"])' http://127.0.0.1:\(port)/-/\(run) | grep -q 'it works'"), "\(program.log)")
        for path in ["", "\(run)", "jobs/hello", "jobs/web", "backups", "restore"] {
            let page = try ask("/-/\(path)", "-b '\(folder["jar"])'")
            #expect(page.contains(" 200 ") && !page.contains(token), "\(path)")
        }
        #expect(try ask("/-/\(run)", "-b '\(folder["jar"])'").contains("token &lt;secret&gt;"))
        #expect(try ask("/-/metrics", "-H 'Authorization: Bearer \(token)'").contains("shipkeeper_runs_total{job=\"hello\",outcome=\"succeeded\"} 1"))
        // The report of a visit comes by itself, after the answer.
        #expect(try RunningProgram.until("curl -s -b '\(folder["jar"])' http://127.0.0.1:\(port)/-/ | grep -q 'UptimeRobot (monitor)'"), "\(program.log)")

        try folder.write("shipkeeper.yaml", text("nonsense: 1\n"))
        #expect(try program.ask("reload").status != 0)
        let mistaken = try ask("/-/", "-b '\(folder["jar"])'")
        #expect(mistaken.contains("The configuration has 1 mistake"), "\(mistaken)")
        #expect(program.stop() == 0, "\(program.log)")
        #expect(!program.log.contains(token))
    }

    @Test("through nginx the operations are there for whoever has the token, streams come as they happen, and a backup comes whole", .limited)
    func operations() throws {
        let folder = TemporaryFolder()
        let (port, app, token) = (Port.reserve(), Port.reserve(), "0123456789-the-token")
        try folder.write("app.py", FrontProgramTests.app)
        try folder.write("data/a", "alpha")
        try folder.run("mkdir store && head -c 5000000 /dev/urandom > data/big")
        let text =
            configuration(folder, port: port, app: app) + """
                  hello: { type: command, with: { shell: 'echo token $TOKEN' }, secrets: [TOKEN] }
                  restore: { type: restore, on: boot, with: { repository: main, path: "\(folder["data"])" } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: "\(folder["data"])" } }
                secrets: [TOKEN]
                control: { token: "${TOKEN}" }
                repositories: { main: { type: folder, path: "\(folder["store"])" } }
                actions:
                  show: { label: Show, command: [sh, -c, 'echo "$0 is $TOKEN"'], argument: Word, secrets: [TOKEN] }

                """
        let program = try RunningProgram(text, in: folder, environment: ["TOKEN": token])
        #expect(try program.answers(), "\(program.log)")
        let base = "http://127.0.0.1:\(port)/-/api"
        func ask(_ path: String, _ options: String = "") throws -> String {
            try Shell.run("curl -s --path-as-is -H 'Authorization: Bearer \(token)' \(options) '\(base)/\(path)'").output
        }
        #expect(try RunningProgram.until("curl -s -o /dev/null -w %{http_code} \(base)/status | grep -q 401"), "\(program.log)")
        _ = try Shell.run("curl -sN -H 'Authorization: Bearer \(token)' '\(base)/events/stream?job=hello&seconds=120' > '\(folder["events"])' &")
        #expect(try program.until("grep -q ^id '\(folder["events"])'"))
        let start = try ask("jobs/hello/start?wait=60", "-X POST")
        #expect(start.contains("\"outcome\":\"succeeded\"") && start.contains("person: http"), "\(start)")
        #expect(try program.until("grep -q '\"outcome\":\"succeeded\"' '\(folder["events"])'"), "events are passed on while the stream is open")
        #expect(try ask("jobs/hello/log").contains("token <secret>"))
        #expect(try ask("actions/show/run?argument=it", "-X POST").contains("it is <secret>"))
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        #expect(try ask("backups/latest/archive", "-o '\(folder["got.tar.gz"])' -w %{http_code}") == "200")
        #expect(try folder.run("tar -xzOf got.tar.gz data/big | cmp - data/big").status == 0)
        #expect(try Shell.run("curl -s -o /dev/null -w %{http_code} \(base)/backups/latest/archive").output == "401")
        for path in ["..%2fstatus", "%2e%2e/api/status", "status%00", "//status"] { #expect(try !ask(path).contains("\"jobs\""), "\(path)") }
        #expect(try ask("upgrade?program=/bin/true", "-X POST -H 'Shipkeeper-Caller: command line' -w %{http_code}").hasSuffix("403"))
        #expect(try ask("config").contains("hello:"))
        #expect(try !ask("config").contains(token) && !program.log.contains(token))
        #expect(program.stop() == 0)
    }

    @Test("a configuration with mistakes has its port and a page that says so; a reload of the corrected file starts everything", .limited)
    func mistakes() throws {
        let folder = TemporaryFolder()
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        try folder.write("up", "")
        let text = configuration(folder, port: port, app: app)
        let program = try RunningProgram(text + "  job: { type: comand, with: { shell: x } }\n", in: folder)
        #expect(try hears("The configuration has 1 mistake, so nothing was started", at: port), "\(program.log)")
        let status = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:\(port)"
        #expect(try Shell.run("\(status)/; \(status)/x; \(status)/-/readyz; \(status)/-/healthz").output == "200503503200")
        // Who sees the public page learns no more than that.
        #expect(try !Shell.run("curl -s http://127.0.0.1:\(port)/").output.contains("comand"))
        #expect(try Shell.run("curl -s http://127.0.0.1:\(port)/-/").output.contains("did you mean &quot;command&quot;?"))
        #expect(
            program.log.contains("shipkeeper.yaml:8:16: no job type is named \"comand\"") && program.log.contains("nothing was started but the public port"))
        try folder.write("shipkeeper.yaml", text)
        #expect(try program.ask("reload").status == 0, "\(program.log)")
        #expect(try hears("the app", at: port), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("keepalive requests count when they come in from outside, and are told from visitors", .limited, arguments: Account.allCases)
    func keepalive(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        try folder.write("up", "")
        // What a platform's proxy adds to a request that came from outside.
        let text =
            configuration(folder, port: port, app: app) + """
                  outside: { type: keepalive, with: { url: "http://127.0.0.1:\(port)/-/healthz", must_arrive: true, failures: 1, headers: { X-Forwarded-For: "203.0.113.9" } } }
                  inside: { type: keepalive, with: { url: "http://127.0.0.1:\(port)/-/healthz", must_arrive: true, failures: 1 } }
                  other: { type: keepalive, with: { url: "http://127.0.0.1:\(app)/", must_arrive: true, failures: 1 } }

                """
        let program = try RunningProgram(text, in: folder)
        #expect(try hears("the app", at: port), "\(program.log)")
        #expect(try RunningProgram.until("curl -s http://127.0.0.1:\(port)/-/healthz | grep -q '^ok'"), "\(program.log)")
        let outside = try program.ask("start outside --wait")
        #expect(outside.status == 0 && outside.output.contains("arrived from outside, answered 200"), "\(outside)")
        let inside = try program.ask("start inside --wait")
        #expect(inside.status != 0 && program.log.contains("the request came from this machine itself"), "\(inside)")
        let other = try program.ask("start other --wait")
        #expect(other.status != 0 && program.log.contains("was answered by another program (200)"), "\(other)")
        let page = try Shell.run("curl -s http://127.0.0.1:\(port)/-/").output
        #expect(page.contains("Keepalive, last arrived from outside") && page.contains("None since the start."), "\(page)")

        // Where the program is another and nginx the same, requests are known again.
        let daemon = try daemon(of: program)
        kill(daemon, SIGKILL)
        _ = try self.daemon(of: program, not: daemon)
        #expect(try program.until("'\(SourceTree.program)' start outside --wait --state '\(folder["state"])'"), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("where nginx is missing the reason is shown, and everything else runs", .enabled(if: getuid() == 0), .limited)
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
        #expect(status.output.contains("nginx is not installed") && status.output.contains("apt-get install nginx-light"), "\(status)")
        #expect(
            try program.says("\"front\" is not started, and port \(port) has a page that says why and nothing else: nginx is not installed"), "\(program.log)")
        #expect(try RunningProgram.until("curl -sf http://127.0.0.1:\(port)/-/healthz"), "\(program.log)")
        func ask(_ words: String) throws -> String { try Shell.run("curl -s -m 60 -w '%{http_code}' \(words)").output }
        let page = try ask("http://127.0.0.1:\(port)/")
        #expect(page.hasSuffix("200") && page.contains("nginx is not installed: install it") && page.contains("The app is not reached here."), "\(page)")
        #expect(!page.contains("href=") && !page.contains("http-equiv"))
        #expect(try ask("-I -o /dev/null http://127.0.0.1:\(port)/") == "200")
        #expect(try ask("-o /dev/null http://127.0.0.1:\(port)/-/") == "503", "none of the pages")
        #expect(try ask("-o /dev/null -d x=1 http://127.0.0.1:\(port)/-/pause") == "503")
        #expect(try ask("-H 'Accept-Language: zh' http://127.0.0.1:\(port)/a").contains("此端口暂时无法访问应用。"))
        // The app is at the port again once the file says so.
        try folder.write("shipkeeper.yaml", text.replacing(/front: .*/, with: ""))
        #expect(try program.ask("reload").status == 0, "\(program.log)")
        #expect(try RunningProgram.until("! curl -s http://127.0.0.1:\(port)/-/healthz"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("an nginx that is too old is named by check, doctor, status and log, and everything else runs", .limited)
    func tooOld() throws {
        let folder = TemporaryFolder()
        let (port, app) = (Port.reserve(), Port.reserve())
        try folder.write("app.py", FrontProgramTests.app)
        try folder.write("up", "")
        try folder.run("mkdir bin; printf '#!/bin/sh\\n# nginx version: nginx/1.14.2\\n' > bin/nginx; chmod +x bin/nginx")
        let environment = ["PATH": "\(folder["bin"]):/usr/local/bin:/usr/bin:/bin"]
        let program = try RunningProgram(configuration(folder, port: port, app: app), in: folder, environment: environment)
        #expect(try program.answers(), "\(program.log)")
        let words = "\(folder["bin"])/nginx is nginx 1.14.2, which is too old"
        #expect(try program.says(words), "\(program.log)")
        #expect(try program.until("curl -sf http://127.0.0.1:\(app)/"), "\(program.log)")
        #expect(
            try program.ask("status").output.replacing(/\s+/, with: " ").contains(words)
                && program.ask("why front").output.contains("install nginx 1.20.0 or later"))
        for command in ["check", "doctor"] {
            let result = try Shell.run(
                "'\(SourceTree.program)' \(command) -c '\(folder["shipkeeper.yaml"])'", environment: environment, folder: folder.path)
            let all = (result.output + result.errors).replacing(/\s+/, with: " ")
            #expect(all.contains("shipkeeper.yaml:3:8: warning: \"front\" is not started") && all.contains(words), "\(result)")
            #expect(command != "check" || result.status == 0)
        }
        #expect(program.stop() == 0)
    }
}

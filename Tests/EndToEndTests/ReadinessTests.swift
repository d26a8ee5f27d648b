import Foundation
import TestSupport
import Testing

/// Services that say themselves how they are.
@Suite("readiness of services", .waiting, .serialized)
struct ReadinessTests: ServiceWatcher {
    /// Does what it finds in the file `do`, line by line, once each: messages to its socket, prints, and files.
    private static let app = """
        import os, signal, socket, sys, time
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        def say(text):
            address = os.environ.get("NOTIFY_SOCKET")
            if address: line.sendto(text.encode(), "\\0" + address[1:] if address[0] == "@" else address)
        def reload(*_):
            say("RELOADING=1")
            with open("reloaded", "a") as file: file.write("x")
            say("READY=1\\nSTATUS=reloaded")
        signal.signal(signal.SIGHUP, reload)
        beats = False
        print("started", os.environ.get("WATCHDOG_USEC"), os.environ.get("WATCHDOG_PID") == str(os.getpid()), flush=True)
        done = 0
        while True:
            lines = open("do").read().splitlines() if os.path.exists("do") else []
            for order in lines[done:]:
                what, _, rest = order.partition(" ")
                if what == "say": say(rest.replace("|", "\\n"))
                if what == "print": print(rest, flush=True)
                if what == "touch": open(rest, "w").close()
                if what == "beat": beats = rest == "on"
                if what == "flood":
                    for number in range(200):
                        say("WATCHDOG=1")
                        say("STATUS=number %d" % number)
                    open(rest, "w").close()
            done = max(done, len(lines))
            if beats: say("WATCHDOG=1")
            time.sleep(0.02)
        """

    private func order(_ text: String, _ folder: TemporaryFolder) throws {
        try Shell.run("echo '\(text)' >> do", folder: folder.path)
    }

    private func begin(_ settings: String, _ folder: TemporaryFolder) throws -> RunningProgram {
        try folder.write("app.py", ReadinessTests.app)
        let program = try start("  app: { type: service, with: { command: [python3, app.py], cwd: '\(folder.path)', \(settings) } }\n", folder)
        #expect(try program.says("app | started"), "\(program.log)")
        return program
    }

    private func isState(_ state: String, _ program: RunningProgram, note: String = "") throws -> Bool {
        let query = ".data.jobs[] | .state == \"\(state)\" and ((.note // \"\") | contains(\"\(note)\"))"
        return try program.until("'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq '\(query)' | grep -qx true")
    }

    @Test("READY=1 makes it ready; its status is shown; a daemon that is killed forgets neither", .limited, arguments: Account.allCases)
    func notified(account: Account) throws {
        let folder = TemporaryFolder(for: account, isOwn: true)
        let program = try begin("ready: { notify: true }", folder)
        #expect(try isState("starting", program))
        try order("say STATUS=loading", folder)
        #expect(try isState("starting", program, note: "loading"), "\(program.log)")
        try order("say READY=1|STATUS=3 users", folder)
        #expect(try isState("ready", program, note: "3 users"), "\(program.log)")
        let (process, first) = (try facts(program).process, try daemon(of: program))
        kill(first, SIGKILL)
        _ = try daemon(of: program, not: first)
        #expect(try isState("ready", program, note: "3 users"), "\(program.log)")
        #expect(try facts(program).process == process)
        try order("say STATUS=4 users", folder)
        #expect(try isState("ready", program, note: "4 users"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("what it says while the daemon is away is heard by the next one", .limited)
    func away() throws {
        let folder = TemporaryFolder()
        let program = try begin("ready: { notify: true }", folder)
        let first = try daemon(of: program)
        kill(first, SIGSTOP)
        try order("say READY=1", folder)
        Thread.sleep(forTimeInterval: 0.3)
        kill(first, SIGKILL)
        #expect(try isState("ready", program), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("a service that says much while no program can take it over does not wait, and what counts is heard in the end", .limited)
    func unheard() throws {
        let folder = TemporaryFolder()
        let program = try begin("ready: { notify: true }, watchdog: 1m", folder)
        let configuration = try #require(folder.read("shipkeeper.yaml"))
        let first = try daemon(of: program)
        try folder.write("shipkeeper.yaml", "version: 1\njobs: { app: { type: nonsense } }\n")
        kill(first, SIGKILL)
        #expect(try program.says("before it could take services over"), "\(program.log)")
        try order("flood one", folder)
        #expect(try program.until("test -e '\(folder["one"])'"), "it waits for a queue that nobody reads")
        try order("say STATUS=all well|READY=1", folder)
        try order("flood two", folder)
        #expect(try program.until("test -e '\(folder["two"])'"))
        try folder.write("shipkeeper.yaml", configuration)
        #expect(try isState("ready", program, note: "all well"), "\(program.log)")
        // All is heard again.
        try order("say STATUS=as before", folder)
        #expect(try isState("ready", program, note: "as before"), "\(program.log)")
        #expect(program.log.components(separatedBy: "app | started").count == 2)
        #expect(program.stop() == 0)
    }

    @Test("a watchdog goes on when the daemon is killed: it spares what says that it is alive, and restarts what does not", .limited)
    func watchedOn() throws {
        let folder = TemporaryFolder()
        let program = try begin("watchdog: 3s", folder)
        try order("beat on", folder)
        #expect(try isState("ready", program))
        let (process, first) = (try facts(program).process, try daemon(of: program))
        kill(first, SIGKILL)
        let second = try daemon(of: program, not: first)
        #expect(try isState("ready", program), "\(program.log)")
        Thread.sleep(forTimeInterval: 4)
        #expect(try facts(program).process == process, "\(program.log)")
        try order("beat off", folder)
        kill(second, SIGKILL)
        #expect(try program.says("watchdog: it has not said for 3s that it is alive"), "\(program.log)")
        #expect(try program.until("[ $(grep -c 'app | started' '\(folder["log.txt"])') -ge 2 ]"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("that a line or a file has made it ready is known to the next program", .limited, arguments: ["log", "file"])
    func remembered(by kind: String) throws {
        let folder = TemporaryFolder()
        let program = try begin(kind == "log" ? "ready: { log: up }" : "ready: { file: '\(folder["up"])', every: 100ms }", folder)
        try order(kind == "log" ? "print up" : "touch up", folder)
        #expect(try isState("ready", program), "\(program.log)")
        if kind == "file" { try Shell.run("rm up", folder: folder.path) }
        kill(try daemon(of: program), SIGKILL)
        #expect(try isReady(program, 1), "\(program.log)")
        #expect(program.log.components(separatedBy: "app: ready").count == 2, "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("a command lets a service reload, and knows its process", .limited)
    func reloadCommand() throws {
        let folder = TemporaryFolder()
        try folder.write("reload.sh", "[ -e broken ] && { echo this is broken; exit 3; }; kill -HUP $MAINPID\n")
        let program = try begin("ready: { notify: true }, reload: { command: [sh, reload.sh] }", folder)
        try order("say READY=1", folder)
        #expect(try isState("ready", program))
        #expect(try program.ask("reload app").output == "app was asked to reload (sh reload.sh)\n")
        #expect(try isState("ready", program, note: "reloaded"), "\(program.log)")
        try folder.write("broken", "")
        let answer = try program.ask("reload app")
        #expect(answer.status == 1 && answer.errors.contains("its reload command exited with code 3"), "\(answer)")
        #expect(try program.says("this is broken") && folder.read("reloaded") == "x")
        #expect(try program.ask("reload nobody").status == 5)
        #expect(program.stop() == 0)
    }

    @Test(
        "redis-server says that it is ready, as it does to systemd", .limited,
        .enabled(if: (try? Shell.run("ldd \"$(command -v redis-server)\" | grep -q libsystemd").status) == 0))
    func redis() throws {
        let folder = TemporaryFolder()
        let port = Port.reserve()
        let words = "[redis-server, --port, \"\(port)\", --bind, 127.0.0.1, --save, \"\", --dir, '\(folder.path)', --supervised, systemd]"
        let program = try start("  app: { type: service, with: { command: \(words), ready: { notify: true, within: 1m } } }\n", folder)
        #expect(try isState("ready", program, note: "Ready to accept connections"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("the example in the box", .limited)
    func example() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        let box = SourceTree.root + "/Examples/readiness"
        let configuration = try String(contentsOfFile: box + "/shipkeeper.yaml", encoding: .utf8)
        let program = try RunningProgram(
            configuration + "state: \(folder["state"])\n", in: folder, environment: ["WORKER": box + "/worker.py", "WEB_PORT": "\(port)"])
        #expect(try isReady(program, 0, job: "web"), "\(program.log)")
        #expect(try program.ask("reload worker").output == "worker was asked to reload (SIGHUP)\n")
        let query = ".data.jobs[] | select(.name == \"worker\") | .note | test(\"settings are read again|tasks done\")"
        #expect(try program.until("'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq '\(query)' | grep -qx true"))
        #expect(try facts(program, job: "worker").restarts == 0 && program.stop() == 0, "\(program.log)")
    }

    @Test("a line or a file makes it ready, and none of an earlier life does", .limited, arguments: ["log", "file"])
    func announced(by kind: String) throws {
        let folder = TemporaryFolder()
        try folder.write("up", "of before")
        let program = try begin(kind == "log" ? "ready: { log: \"listening on *:80\" }" : "ready: { file: '\(folder["up"])', every: 100ms }", folder)
        try order(kind == "log" ? "print listening elsewhere" : "touch other", folder)
        #expect(try isState("starting", program))
        try order(kind == "log" ? "print now listening on 127.0.0.1:80" : "touch up", folder)
        #expect(try isState("ready", program), "\(program.log)")
        try Shell.run("rm do", folder: folder.path)
        kill(try #require(try facts(program).process), SIGKILL)
        #expect(try program.until("[ $(grep -c 'app | started' '\(folder["log.txt"])') -ge 2 ]"))
        #expect(try isState("starting", program), "\(program.log)")
        try order(kind == "log" ? "print listening on :80" : "touch up", folder)
        #expect(try isState("ready", program), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("a watchdog restarts what goes quiet, and spares what does not", .limited)
    func watchdog() throws {
        let folder = TemporaryFolder()
        let program = try begin("watchdog: 3s", folder)
        #expect(try program.says("app | started 3000000 True"), "\(program.log)")
        #expect(try program.says("watchdog: it has not said for 3s that it is alive"), "\(program.log)")
        #expect(try program.until("[ $(grep -c 'app | started' '\(folder["log.txt"])') -ge 2 ]"), "\(program.log)")
        try order("say WATCHDOG=trigger", folder)
        #expect(try program.says("it has triggered its watchdog"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("reload JOB signals the service, which says when it is ready again", .limited)
    func reload() throws {
        let folder = TemporaryFolder()
        let program = try begin("ready: { notify: true }, reload: { signal: SIGHUP }", folder)
        #expect(try program.ask("reload app").errors.contains("it is not ready yet"))
        try order("say READY=1", folder)
        #expect(try isState("ready", program))
        let process = try facts(program).process
        let answer = try program.ask("reload app")
        #expect(answer.status == 0 && answer.output == "app was asked to reload (SIGHUP)\n", "\(answer)")
        #expect(try isState("ready", program, note: "reloaded"), "\(program.log)")
        #expect(try facts(program).process == process && folder.read("reloaded") == "x")
        #expect(program.stop() == 0)
    }

    @Test(
        "nginx is ready by its log, and reads its configuration again", .limited,
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/nginx")))
    func nginx() throws {
        let folder = TemporaryFolder()
        let port = Port.reserve()
        func configure(_ words: String) throws {
            try folder.write(
                "n.conf",
                "daemon off; pid \(folder["pid"]); error_log stderr notice; events {}\nhttp { access_log off; server { listen 127.0.0.1:\(port); return 200 '\(words)'; } }\n"
            )
        }
        try configure("one")
        let program = try start(
            "  app: { type: service, with: { command: [/usr/sbin/nginx, -e, stderr, -c, '\(folder["n.conf"])'], ready: { log: \"start worker process \" }, reload: { signal: SIGHUP } } }\n",
            folder)
        #expect(try isState("ready", program), "\(program.log)")
        #expect(try Shell.run("curl -s http://127.0.0.1:\(port)/").output == "one")
        try configure("two")
        #expect(try program.ask("reload app").status == 0)
        #expect(try program.until("curl -s http://127.0.0.1:\(port)/ | grep -qx two"), "\(program.log)")
        #expect(program.stop() == 0)
    }
}

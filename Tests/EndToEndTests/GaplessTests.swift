import Foundation
import Glibc
import TestSupport
import Testing

/// Requests of one client, each over a connection of its own, while a service is restarted.
struct Load: Decodable {
    var ok: Int
    var failed: Int
    /// Those among the failures that were refused.
    var refused: Int
    var errors: [String]
    /// How often each answer came: `VERSION PID`.
    var seen: [String: Int]

    private static let client = """
        import http.client, json, os, sys, time
        port, path = int(sys.argv[1]), sys.argv[2]
        ok, failed, refused, errors, seen = 0, 0, 0, [], {}
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read().decode().strip()
                if answer.status != 200: raise Exception(f"status {answer.status}")
                connection.close()
                ok += 1
                seen[body] = seen.get(body, 0) + 1
            except Exception as error:
                failed += 1
                refused += isinstance(error, ConnectionRefusedError)
                errors.append(f"{time.time()}: {error!r}")
            with open(path + ".new", "w") as file: json.dump({"ok": ok, "failed": failed, "refused": refused, "errors": errors[-5:], "seen": seen}, file)
            os.rename(path + ".new", path)
            time.sleep(0.005)
        """

    /// The job that makes the requests: it begins once the service is ready, and ends before it.
    static func job(on port: Int, _ folder: TemporaryFolder, of service: String = "app") throws -> String {
        try folder.write("load.py", client)
        return "  load: { type: service, needs: \(service), with: { command: [python3, \(folder["load.py"]), \"\(port)\", \(folder["data/load"])] } }\n"
    }

    static func now(_ folder: TemporaryFolder) throws -> Load {
        try JSONDecoder().decode(Load.self, from: Data((folder.read("data/load") ?? "").utf8))
    }
}

/// Restarts of which no request is to notice anything.
@Suite("restart without a gap", .waiting, .serialized)
struct GaplessTests: ServiceWatcher {
    private static let example = SourceTree.root + "/Examples/gapless"

    /// In a network of its own, in which connections that wait at a socket which is closed go to the others at the port. See ip-sysctl, tcp_migrate_req.
    private static let network = """
        import fcntl, os, socket, struct, sys
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))
        open("/proc/sys/net/ipv4/tcp_migrate_req", "w").write("1")
        os.execvp(sys.argv[1], sys.argv[1:])
        """

    private func start(_ jobs: String, _ folder: TemporaryFolder, isolated: Bool) throws -> RunningProgram {
        try folder.write("network.py", GaplessTests.network)
        try folder.write("data/x", "")
        return try RunningProgram(
            "version: 1\nstate: \(folder["state"])\nstop_budget: 60s\njobs:\n\(jobs)", in: folder,
            prefix: isolated ? ["unshare", "--net", "python3", folder["network.py"]] : [])
    }

    /// Waits until so many more requests were answered.
    private func requests(_ count: Int, _ folder: TemporaryFolder, _ program: RunningProgram) throws {
        let wanted = (try? Load.now(folder).ok) ?? 0
        #expect(try program.until("jq -e '.ok >= \(wanted + count)' '\(folder["data/load"])'"), "\(program.log)")
    }

    private func expectNoFailure(_ folder: TemporaryFolder, _ program: RunningProgram) throws {
        let load = try Load.now(folder)
        #expect(load.failed == 0 && load.ok > 50, "\(load)\n\(program.log)")
    }

    private func processes(_ words: String) throws -> [Int32] { try Shell.run("pgrep -f '\(words)'").output.split(separator: "\n").compactMap { Int32($0) } }

    private func shared(_ port: Int, _ folder: TemporaryFolder, version: Int = 1, ready: String? = nil) -> String {
        """
          app:
            type: service
            env: { VERSION: "\(version)", READY_FILE: "\(folder["data/started"])" }
            with:
              command: [python3, \(GaplessTests.example)/app.py, "\(port)", \(folder.path)]
              ready: { \(ready ?? "http: \"http://127.0.0.1:\(port)/\""), every: 100ms, within: 5s }
              restart: { order: start_first }

        """
    }

    @Test(
        "start_first: restarts and a reload lose no request, and a version that never gets ready changes nothing", .limited,
        .enabled(if: getuid() == 0))
    func shared() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        let load = try Load.job(on: port, folder)
        let program = try start(shared(port, folder) + load, folder, isolated: true)
        #expect(try isReady(program, 0, job: "load"), "\(program.log)")
        try requests(50, folder, program)
        let first = try facts(program)
        for _ in 0..<5 {
            let answer = try program.ask("restart app --wait")
            #expect(answer.status == 0 && answer.output.hasPrefix("app is ready (run "), "\(answer)\n\(program.log)")
            try requests(20, folder, program)
        }
        func reload(_ jobs: String) throws {
            let before = try #require(folder.read("shipkeeper.yaml"))
            try folder.write("shipkeeper.yaml", String(before.prefix(upTo: before.firstRange(of: "jobs:\n")!.upperBound)) + jobs)
            #expect(try program.ask("reload").status == 0)
        }
        try reload(shared(port, folder, version: 2) + load)
        #expect(try program.until("jq -e '.seen | keys | any(startswith(\"2 \"))' '\(folder["data/load"])'"), "\(program.log)")
        try requests(20, folder, program)
        let served = try facts(program)
        #expect(served.run != first.run)
        // It starts, listens, and answers; its own check never passes.
        try reload(shared(port, folder, version: 3, ready: "exec: [sh, -c, \"exit 1\"]") + load)
        #expect(try program.says("place: not ready within 5s: the check exited with code 1; the old one continues"), "\(program.log)")
        let end = "the old one continues (run \(served.run?.id ?? 0)); see its log for the cause, and restart the service when that is fixed"
        #expect(program.log.contains(end), "\(program.log)")
        let refused = try program.ask("restart app --wait")
        #expect(refused.status == 1 && refused.errors.contains("the old one continues"), "\(refused)")
        #expect(try facts(program).process == served.process && facts(program).state == "ready")
        try requests(20, folder, program)
        #expect(try processes("[a]pp.py \(port) \(folder.path)") == [served.process].compactMap(\.self))
        try expectNoFailure(folder, program)
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("start_first: nginx with reuseport, stopped by SIGQUIT", .limited, .enabled(if: getuid() == 0))
    func nginx() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        try folder.write(
            "nginx.conf",
            """
            daemon off; worker_processes 2; pid \(folder["nginx.pid"]); error_log stderr;
            events { worker_connections 64; }
            http { access_log off; server { listen 127.0.0.1:\(port) reuseport; location / { return 200 "$pid"; } } }
            """)
        let app = """
              app:
                type: service
                with:
                  command: [nginx, -c, \(folder["nginx.conf"])]
                  ready: { http: "http://127.0.0.1:\(port)/", within: 30s }
                  restart: { order: start_first }
                  stop: { signal: SIGQUIT, grace: 30s }

            """
        let program = try start(app + Load.job(on: port, folder), folder, isolated: true)
        #expect(try isReady(program, 0, job: "load"), "\(program.log)")
        try requests(50, folder, program)
        for _ in 0..<5 {
            let answer = try program.ask("restart app --wait")
            #expect(answer.status == 0, "\(answer)\n\(program.log)")
            try requests(20, folder, program)
        }
        #expect(try program.until("[ $(pgrep -fc '[n]ginx: master.*\(folder.path)') = 1 ]"))
        try expectNoFailure(folder, program)
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test(
        "start_first: the program is killed while both processes are there; the next one takes both over and ends one", .limited,
        .enabled(if: getuid() == 0))
    func killedBetween() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        let ready = "exec: [sh, -c, \"test -e \(folder["data/started"]) && test ! -e \(folder["hold"])\"]"
        let program = try start(shared(port, folder, ready: ready) + Load.job(on: port, folder), folder, isolated: true)
        #expect(try isReady(program, 0, job: "load"), "\(program.log)")
        var last = try daemon(of: program)
        for round in 1...3 {
            let old = try facts(program)
            try folder.write("hold", "")
            _ = try program.ask("restart app")
            #expect(try program.until("[ $(pgrep -fc '[a]pp.py \(port) \(folder.path)') = 2 ]"), "\(program.log)")
            // Its check does not ask whether it listens.
            #expect(try program.until("[ \"$(cat '\(folder["data/started"])')\" != \(old.process ?? 0) ]"), "\(program.log)")
            kill(last, SIGKILL)
            last = try daemon(of: program, not: last)
            #expect(try program.answers())
            #expect(try program.until("[ \"$('\(SourceTree.program)' status --json --state '\(folder["state"])' | jq .data.restarts)\" = \(round) ]"))
            #expect(try processes("[a]pp.py \(port) \(folder.path)").count == 2, "\(program.log)")
            #expect(try facts(program).process == old.process, "\(program.log)")
            _ = try Shell.run("rm '\(folder["hold"])'")
            #expect(try program.until("[ $(pgrep -fc '[a]pp.py \(port) \(folder.path)') = 1 ]"), "\(program.log)")
            #expect(try isReady(program, round), "\(program.log)")
            #expect(try facts(program).process != old.process && facts(program).run != old.run)
            try requests(20, folder, program)
        }
        try expectNoFailure(folder, program)
        #expect(program.stop() == 0, "\(program.log)")
        #expect(try processes("[a]pp.py .* \(folder.path)") == [])
    }

    @Test(
        "listen: no connection is refused in a restart, after a crash of the service, of the program and of both, or in an upgrade", .limited,
        arguments: Account.allCases)
    func inherited(account: Account) throws {
        let (folder, port) = (TemporaryFolder(for: account), Port.reserve())
        let path = folder["data/app.sock"]
        let jobs = """
              app:
                type: service
                env: { VERSION: "1" }
                with:
                  command: [python3, \(GaplessTests.example)/app.py, "0", \(folder.path)]
                  listen: [127.0.0.1:\(port), \(path)]
                  ready: { http: "http://127.0.0.1:\(port)/" }
                  restart: { backoff: 100ms..200ms, give_up_after: 100 in 1m }
              other: { type: service, with: { shell: "exec sleep 1000" } }

            """
        let program = try start(jobs + Load.job(on: port, folder), folder, isolated: false)
        #expect(try isReady(program, 0, job: "load"), "\(program.log)")
        try requests(30, folder, program)
        let socket = try Shell.run("readlink /proc/\(try facts(program).process ?? 0)/fd/3").output
        #expect(socket.hasPrefix("socket:"))
        var kills = 0
        func kill(app process: Int32) throws {
            kills += 1
            Glibc.kill(process, SIGKILL)
            #expect(try program.until("! grep -q '^State:.[^Z]' /proc/\(process)/status"))
        }
        for _ in 0..<3 {
            #expect(try program.ask("restart app --wait").status == 0, "\(program.log)")
            try requests(20, folder, program)
        }
        try expectNoFailure(folder, program)
        for _ in 0..<3 {
            try kill(app: facts(program).process ?? 0)
            try requests(20, folder, program)
        }
        var last = try daemon(of: program)
        for round in 1...3 {
            // Stopped, the program can't start the service again: that is for the next one.
            #expect(try program.answers())
            let process = try facts(program).process ?? 0
            if round > 1 {
                Glibc.kill(last, SIGSTOP)
                try kill(app: process)
            }
            Glibc.kill(last, SIGKILL)
            last = try daemon(of: program, not: last)
            try requests(20, folder, program)
        }
        #expect(try isReady(program, 3), "\(program.log)")
        let before = try facts(program)
        #expect(try program.ask("upgrade '\(SourceTree.program)'").status == 0, "\(program.log)")
        _ = try daemon(of: program, not: last)
        try requests(20, folder, program)
        #expect(try program.answers() && facts(program).process == before.process)
        #expect(try Shell.run("readlink /proc/\(try facts(program).process ?? 0)/fd/3").output == socket)
        #expect(try Shell.run("curl -sS --unix-socket '\(path)' http://x/").output.hasPrefix("1 "))
        // Nobody else has them.
        let other = try facts(program, job: "other").process ?? 0
        #expect(try Shell.run("ls -l /proc/\(other)/fd | grep -c socket").output == "0\n")
        // What a killed process had accepted ends with it; nothing is refused.
        let load = try Load.now(folder)
        #expect(load.failed <= kills && load.refused == 0 && load.ok > 50, "\(load)\n\(program.log)")
        // A stopped service leaves nobody waiting, and its start opens the sockets again.
        _ = try program.ask("stop load --wait")
        _ = try program.ask("stop app --wait")
        #expect(try program.until("! curl -s http://127.0.0.1:\(port)/ && test ! -e '\(path)'"), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        #expect(try Shell.run("curl -sS http://127.0.0.1:\(port)/").output.hasPrefix("1 "))
        #expect(program.stop() == 0, "\(program.log)")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("listen: a reload opens and closes sockets, and what is in the way is named with its place", .limited, arguments: Account.allCases)
    func listenErrors(account: Account) throws {
        let (folder, one, two) = (TemporaryFolder(for: account), Port.reserve(), Port.reserve())
        func jobs(_ address: String) -> String {
            "  app: { type: service, with: { command: [python3, \(GaplessTests.example)/app.py, \"0\", \(folder.path)], listen: \"\(address)\", "
                + "restart: { backoff: 100ms..200ms, give_up_after: 1000 in 1m } } }\n"
        }
        let program = try start(jobs("127.0.0.1:\(one)"), folder, isolated: false)
        #expect(try program.until("curl -sf http://127.0.0.1:\(one)/"), "\(program.log)")
        let file = try #require(folder.read("shipkeeper.yaml"))
        func reload(_ address: String) throws {
            try folder.write("shipkeeper.yaml", file.replacing("127.0.0.1:\(one)", with: address))
            #expect(try program.ask("reload").status == 0, "\(program.log)")
        }
        try reload("127.0.0.1:\(two)")
        #expect(try program.until("curl -sf http://127.0.0.1:\(two)/ && ! curl -s http://127.0.0.1:\(one)/"), "\(program.log)")
        let taken = Process()
        taken.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        taken.arguments = ["python3", "-c", "import socket, time; s = socket.create_server(('127.0.0.1', \(one))); time.sleep(1000)"]
        try taken.run()
        defer { _ = Glibc.kill(taken.processIdentifier, SIGKILL) }
        #expect(try program.until("bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(one)'"))
        try reload("127.0.0.1:\(one)")
        let line = file.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("listen:") }.map { $0 + 1 } ?? 0
        #expect(try program.says("shipkeeper.yaml:\(line):"), "\(program.log)")
        #expect(try program.says("listen at 127.0.0.1:\(one): another program listens there"), "\(program.log)")
        _ = Glibc.kill(taken.processIdentifier, SIGKILL)
        #expect(try program.until("curl -sf http://127.0.0.1:\(one)/"), "\(program.log)")
        if account == .plain, try Shell.run("test $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) -gt 81").status == 0 {
            try reload("127.0.0.1:81")
            #expect(try program.says("listen at 127.0.0.1:81: ports below 1024 are not for this user"), "\(program.log)")
        }
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("the example: both services are restarted under load", .limited, .enabled(if: getuid() == 0))
    func exampleFile() throws {
        let folder = TemporaryFolder()
        let (shared, inherited) = (Port.reserve(), Port.reserve())
        var text = try String(contentsOfFile: GaplessTests.example + "/shipkeeper.yaml", encoding: .utf8)
        try folder.write("network.py", GaplessTests.network)
        try folder.write("data/x", "")
        text += try "\n" + Load.job(on: shared, folder, of: "shared")
        text += try "\n" + Load.job(on: inherited, folder, of: "inherited").replacing("  load:", with: "  load2:").replacing("data/load", with: "data/load2")
        let program = try RunningProgram(
            text, in: folder, prefix: ["unshare", "--net", "python3", folder["network.py"]],
            environment: [
                "GAPLESS_STATE": folder["state"], "GAPLESS_APP": GaplessTests.example, "SHARED_PORT": "\(shared)", "INHERITED_PORT": "\(inherited)",
                "GAPLESS_SOCKET": folder["data/a.sock"],
            ])
        for job in ["load", "load2"] { #expect(try isReady(program, 0, job: job), "\(program.log)") }
        for job in ["shared", "inherited"] {
            #expect(try program.ask("restart \(job) --wait").status == 0, "\(program.log)")
            try requests(20, folder, program)
        }
        try expectNoFailure(folder, program)
        #expect(try Shell.run("jq -e '.failed == 0 and .ok > 20' '\(folder["data/load2"])'").status == 0, "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }
}

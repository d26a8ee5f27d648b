import Foundation
import TestSupport
import Testing

/// Plug-ins as jobs of a running program.
@Suite("plug-ins in the program", .waiting, .serialized)
struct PluginProgramTests {
    private static let manifest = """
        protocol: 1
        name: counter
        version: 1.0.0
        description: Counts
        command: [python3, run.py]
        settings:
          type: object
          required: [mode]
          properties:
            mode: { type: string, enum: [good, fail, hang, garbage, crash, fork] }
            times: { type: integer, minimum: 1, maximum: 9, default: 2 }
            token: { type: string, writeOnly: true }
        """

    private static let program = """
        import json, os, subprocess, sys, time
        messages = os.fdopen(3, "w", buffering=1)
        say = lambda **message: print(json.dumps(message), file=messages)
        request = json.loads(sys.stdin.readline())
        mode, state = request["settings"]["mode"], request["state"]
        print("working in", os.getcwd(), "with", sorted(k for k in os.environ if k.startswith("T_")), request["settings"].get("token"))
        print("times", os.environ.get("SHIPKEEPER_SETTING_TIMES"), "token", os.environ.get("SHIPKEEPER_SETTING_TOKEN"))
        count = int(state.get("count", 0)) + request["settings"]["times"]
        say(state={"count": str(count)})
        if mode == "fail":
            say(error={"summary": "it can't be done", "hint": "do something else"}); sys.exit(1)
        if mode == "hang":
            say(progress={"step": "waiting", "done": 1, "total": 2, "unit": "steps"}); time.sleep(600)
        if mode == "garbage":
            print("not JSON", file=messages); time.sleep(600)
        if mode == "crash":
            os.abort()
        if mode == "fork":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "stray of " + os.environ["SHIPKEEPER_STATE"]], start_new_session=True)
        say(output={"count": count})
        say(result={"summary": f"counted to {count}"})
        """

    private func world(_ jobs: String) throws -> (program: RunningProgram, folder: TemporaryFolder) {
        let folder = TemporaryFolder()
        try folder.write("Plugins/counter/plugin.yaml", PluginProgramTests.manifest)
        try folder.write("Plugins/counter/run.py", PluginProgramTests.program)
        let configuration = "version: 1\nstate: \(folder["state"])\nsecrets: [T_ONE, T_TWO]\njobs:\n\(jobs)"
        let program = try RunningProgram(configuration, in: folder, environment: ["T_ONE": "secret-number-one", "T_TWO": "secret-number-two"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        return (program, folder)
    }

    @Test("settings, secrets, state, results, errors and timeouts are as for any job", .limited)
    func outcomes() throws {
        let jobs = ["good", "fail", "hang", "garbage", "crash", "fork"].map { mode in
            "  \(mode): { type: counter, timeout: \(mode == "hang" ? 2 : 600)s, secrets: [T_ONE], with: { mode: \(mode), token: \"${T_TWO}\" } }"
        }
        let (program, folder) = try world(jobs.joined(separator: "\n"))
        for (job, status, words) in [
            ("good", 0, "counted to 2"), ("good", 0, "counted to 4"), ("fail", 1, "it can't be done"), ("hang", 1, "not done within 2s"),
            ("garbage", 1, "does not keep to the protocol: line 2 of its messages is invalid: it is not an object with one key"),
            ("crash", 1, "was ended by SIGABRT"),
            ("fork", 0, "counted to 2"), ("fail", 1, "→ do something else"),
        ] {
            let result = try program.ask("start \(job) --wait")
            #expect(result.status == Int32(status) && (result.output + result.errors).contains(words), "\(job): \(result)")
        }
        let log = try program.ask("logs good").output
        #expect(log.contains("working in \(folder["state"])/plugins/good with ['T_ONE']") && !log.contains("secret-number"), "\(log)")
        #expect(log.contains("times 2 token None"), "\(log)")
        #expect(try Shell.run("pgrep -f '[s]tray of \(folder["state"])'").status != 0, "what it left behind lives on")
        #expect(try Shell.run("ls '\(folder["state/scratch"])'").output == "", "a pipe was left behind")
        #expect(try program.ask("runs good --json").output.contains("\"count\" : 4"))
        _ = program.stop()
    }

    /// A plug-in of a line of shell, as a job of that name.
    private func promises(_ plugins: [String: String], jobs: String, environment: [String: String] = [:]) throws -> (
        program: RunningProgram, folder: TemporaryFolder
    ) {
        let folder = TemporaryFolder()
        for (name, line) in plugins {
            try folder.write(
                "Plugins/\(name)/plugin.yaml",
                "protocol: 1\nname: \(name)\nversion: 1.0.0\ndescription: x\ncommand: [sh, run]\ngrace: 1h\nsettings: { type: object, properties: { tokens: { type: array, items: { type: string, writeOnly: true } } } }\n"
            )
            try folder.write("Plugins/\(name)/run", line.replacing("$GO", with: folder["go"]) + "\n")
        }
        let program = try RunningProgram(
            "version: 1\nstate: \(folder["state"])\nstop_budget: 15s\nsecrets: [T_SECRET]\njobs:\n\(jobs)\n", in: folder, environment: environment)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"), "\(program.log)")
        return (program, folder)
    }

    @Test("a secret that a plug-in says in every way it can is in no log, answer or state", .limited)
    func secrets() throws {
        let secret = "secret-value-0123456789"
        let line = """
            echo "printed $T_SECRET"; printf '%s' "$T_SECRET" | base64 >&2
            for key in progress output state result error; do :; done
            echo "{\"progress\": {\"done\": 1, \"step\": \"$T_SECRET\", \"unit\": \"$T_SECRET\"}}" >&3
            echo "{\"output\": {\"o\": \"$T_SECRET\", \"$T_SECRET\": 1}}" >&3
            echo "{\"state\": {\"s\": \"$T_SECRET\", \"$T_SECRET\": \"x\"}}" >&3
            echo "{\"$T_SECRET\": 1}" >&3
            """
        let (program, folder) = try promises(
            [
                "good": line + "\nuntil [ -e '$GO' ]; do sleep 0.1; done; echo \"{\\\"result\\\": {\\\"summary\\\": \\\"$T_SECRET\\\"}}\" >&3",
                "bad": line + "\necho \"{\\\"error\\\": {\\\"summary\\\": \\\"$T_SECRET\\\", \\\"hint\\\": \\\"$T_SECRET\\\"}}\" >&3; exit 1",
                "garbage": line + "\necho \"Bearer $T_SECRET\" >&3",
            ],
            jobs: ["good", "bad", "garbage"].map {
                "  \($0): { type: \($0), secrets: [T_SECRET], with: { tokens: [\"${T_SECRET}\", \"literal-secret-value\"] } }"
            }
            .joined(separator: "\n"), environment: ["T_SECRET": secret])
        var said = ""
        func ask(_ words: [String]) throws {
            for words in words {
                let answer = try program.ask(words)
                said += answer.output + answer.errors
            }
        }
        // The good one goes on until it may end, and is asked about meanwhile.
        try ask(["start good"])
        #expect(try RunningProgram.until("'\(SourceTree.program)' logs good --state '\(folder["state"])' | grep '<secret>'"), "\(program.log)")
        try ask(["status --json", "runs good --json", "logs good", "why good"])
        try folder.write("go", "")
        for job in ["good", "bad", "garbage"] { try ask(["start \(job) --wait", "status --json", "runs \(job) --json", "logs \(job)", "why \(job)"]) }
        #expect(said.contains("<secret>"), "nothing was said at all: \(said)")
        _ = program.stop()
        for form in [secret, Data(secret.utf8).base64EncodedString()] {
            #expect(!said.contains(form))
            let hits = try Shell.run("grep -rlaF -- '\(form)' state log.txt", folder: folder.path)
            #expect(hits.output.isEmpty, "\(hits.output)")
        }
        #expect(try Shell.run("ls state/state.db", folder: folder.path).status == 0, "nothing was scanned")
    }

    @Test("a flood and a plug-in that ignores SIGTERM harm no other job, and nothing outlives the stop", .limited)
    func neighbours() throws {
        let (program, folder) = try promises(
            [
                "flood": "head -c 400M /dev/zero | tr '\\0' '\\n'; echo '{\"result\":{\"summary\":\"x\"}}' >&3",
                "chatter": "yes '{\"progress\":{\"done\":1}}' >&3",
                "deaf": "trap '' TERM INT HUP; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & while :; do sleep 1; done",
                "quiet": "echo '{\"result\":{\"summary\":\"well\"}}' >&3",
            ], jobs: ["flood", "chatter", "deaf", "quiet"].map { "  \($0): { type: \($0) }" }.joined(separator: "\n"))
        for job in ["flood", "chatter", "deaf"] { #expect(try program.ask("start \(job)").status == 0) }
        for _ in 0..<5 { #expect(try program.ask("start quiet --wait").output.contains("well")) }
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs chatter --json --state '\(folder["state"])' | grep -q 'larger than 4 MiB'"))
        // With 0 it ends only within its budget; a plug-in that is let go on has an hour. It is killed half a second before the end of the budget.
        #expect(program.stop() == 0 || Machine.isBusy, "\(program.log.suffix(2000))")
        #expect(try Shell.run("grep -lzs 'SHIPKEEPER_STATE=\(folder["state"])' /proc/[0-9]*/environ").output == "", "something outlives the stop")
    }

    @Test("a broken plug-in disables its jobs and nothing else", .limited)
    func broken() throws {
        let folder = TemporaryFolder()
        try folder.write("Plugins/broken/plugin.yaml", "protocol: 1\nname: broken\ncommnd: [x]\n")
        try folder.write("Plugins/torn/plugin.yaml", "protocol: [1\n")
        let program = try RunningProgram(
            "version: 1\nstate: \(folder["state"])\njobs:\n  one: { type: broken, with: { any: thing } }\n  two: { type: torn }\n  app: { type: service, with: { command: [sleep, \"1000\"] } }\n",
            in: folder)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"), "\(program.log)")
        for (job, name) in [("one", "broken"), ("two", "torn")] {
            #expect(try program.ask("start \(job)").errors.contains("\(job) is disabled: the plug-in \(name) can't be used"), "\(program.log)")
        }
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -q 'app *ready'"))
        #expect(program.log.contains("unknown key \"commnd\""))
        _ = program.stop()
    }

    @Test("settings are checked against the schema, with places, and the schema knows them")
    func check() throws {
        let folder = TemporaryFolder()
        try folder.write("mine/counter/plugin.yaml", PluginProgramTests.manifest)
        try folder.write("mine/broken/plugin.yaml", "protocol: 1\nname: broken\n")
        try folder.write(
            "shipkeeper.yaml",
            """
            version: 1
            plugins: [mine, "\(SourceTree.root)/Plugins"]
            jobs:
              a: { type: counter, with: { mode: god, times: 12, tokn: x } }
              b: { type: counter }
              c: { type: rsync-mirror, with: { from: /etc, to: "" } }
            """)
        let check = try Shell.run("'\(SourceTree.program)' check", folder: folder.path)
        for words in [
            "shipkeeper.yaml:4:37: error: \"a.with.mode\" is \"god\"; write one of good, fail",
            "4:49: error: \"a.with.times\" is \"12\"; write a whole number from 1 to 9",
            "\"c.with.to\"", "unknown key \"tokn\" in \"a.with\"; did you mean \"token\"?", "\"b.with.mode\" is missing", "warning: \"version\" is missing",
        ] {
            #expect(check.errors.contains(words), "\(words) is not in \(check.errors)")
        }
        let schema = try Shell.run("'\(SourceTree.program)' schema", folder: folder.path).output
        #expect(schema.contains("\"counter\"") && schema.contains("\"garbage\""))
        #expect(try Shell.run("'\(SourceTree.program)' plugins", folder: folder.path).output.contains("counter"))
    }

    @Test("shipped plug-ins need not be named, give way to what is named, and are not used where others may write", .limited)
    func shipped() throws {
        let folder = TemporaryFolder()
        try folder.run("chmod 755 . && mkdir -p bin work other/webhook share/shipkeeper && cp '\(SourceTree.program)' bin/")
        try folder.run("cp -r '\(SourceTree.plugins)' share/shipkeeper/plugins && chmod -R go-w share")
        try folder.run("sed 's/1.0.0/9.9.9/' share/shipkeeper/plugins/webhook/plugin.yaml > other/webhook/plugin.yaml")
        try folder.write("work/shipkeeper.yaml", "version: 1\njobs:\n  told: { type: webhook, with: { url: \"http://127.0.0.1:9/\" } }\n")
        func ask(_ words: String, _ environment: [String: String] = [:]) throws -> Shell.Result {
            try Shell.run("../bin/shipkeeper \(words)", environment: environment.merging(["COLUMNS": "200"]) { one, _ in one }, folder: folder["work"])
        }
        let check = try ask("check")
        #expect(check.status == 0 && !check.output.contains("disabled") && !check.errors.contains("plug-in"), "\(check)")
        #expect(try ask("plugins").output.contains(#/webhook +1\.0\.0 +shipped /#))
        #expect(try ask("doctor").output.contains("plug-in: webhook 1.0.0, shipped: \(folder["share/shipkeeper/plugins/webhook"])"))
        #expect(try ask("plugins", ["SHIPKEEPER_PLUGINS": folder["other"]]).output.contains(#/webhook +9\.9\.9 +SHIPKEEPER_PLUGINS /#))
        let lost = try ask("plugins", ["SHIPKEEPER_PLUGINS": "/nowhere"])
        #expect(lost.errors.contains("SHIPKEEPER_PLUGINS") && lost.errors.contains("the folder /nowhere does not exist"), "\(lost)")
        try folder.run("(cat work/shipkeeper.yaml; echo 'plugins: [../other]') > work/named.yaml")
        try folder.run("chmod o+w share/shipkeeper/plugins/webhook/run")
        #expect(try ask("plugins --config named.yaml").output.contains(#/webhook +9\.9\.9 +plugins: \(line 4\)/#))
        let refused = try ask("check")
        #expect(refused.status == 78 && refused.errors.contains("no job type is named \"webhook\""), "\(refused)")
        #expect(refused.errors.contains("warning: this plug-in is not used: ") && refused.errors.contains("webhook/run can be written by everybody"))
    }

    @Test("a plug-in can be a service, told its settings by its environment", .limited)
    func service() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "Plugins/web/plugin.yaml",
            """
            protocol: 1
            name: web
            version: 1.0.0
            description: Serves its settings
            kind: service
            command: [python3, run.py]
            settings: { type: object, required: [port], properties: { port: { type: integer } } }
            """)
        try folder.write(
            "Plugins/web/run.py",
            """
            import http.server, json, os
            settings = os.environ["SHIPKEEPER_SETTINGS"]
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200); self.end_headers(); self.wfile.write(settings.encode())
            http.server.HTTPServer(("127.0.0.1", json.loads(settings)["port"]), Handler).serve_forever()
            """)
        let port = Port.reserve()
        let program = try RunningProgram("version: 1\nstate: \(folder["state"])\njobs:\n  web: { type: web, with: { port: \(port) } }\n", in: folder)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/ | grep '{\"port\":\(port)}'"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("500 runs leave no descriptor and no zombie behind", .limited, .tags(.slow))
    func manyRuns() throws {
        let folder = TemporaryFolder()
        try folder.write("Plugins/quick/plugin.yaml", "protocol: 1\nname: quick\nversion: 1.0.0\ndescription: x\ncommand: [sh, run]\n")
        try folder.write("Plugins/quick/run", "echo '{\"result\":{\"summary\":\"x\"}}' >&3\n")
        let jobs = (1...4).map { "  quick\($0): { type: quick, on: { every: 100ms }, overlap: queue }\n" }.joined()
        let program = try RunningProgram("version: 1\nstate: \(folder["state"])\njobs:\n\(jobs)", in: folder, flags: ["--no-init"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        // The fewest of many looks: each run that goes on has some of its own.
        func count() throws -> Int {
            let looks = try Shell.run("for i in $(seq 40); do ls /proc/\(program.id)/fd | wc -l; sleep 0.02; done").output.split(separator: "\n")
            return try #require(looks.compactMap { Int($0) }.min())
        }
        #expect(try RunningProgram.until("sqlite3 '\(folder["state/state.db"])' \"SELECT count(*) > 20 FROM runs WHERE outcome = 'succeeded'\" | grep 1"))
        let before = try count()
        #expect(
            try RunningProgram.until(
                "sqlite3 '\(folder["state/state.db"])' \"SELECT count(*) > 500 FROM runs WHERE outcome = 'succeeded'\" | grep 1"))
        #expect(try abs(count() - before) <= 6)
        #expect(try RunningProgram.until("! ps -o stat= --ppid \(program.id) | grep Z"))
        _ = program.stop()
    }

    /// A chat's robot, as far as it matters: it answers 200 also when it refuses.
    private static let robot = """
        import http.server, json, os
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                open("heard", "w").write(json.dumps(body))
                self.send_response(200); self.end_headers()
                self.wfile.write(json.dumps({"code": 0 if "sign" in body else 19021, "msg": "sign match fail"}).encode())
            def log_message(self, *_): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        open("port.new", "w").write(str(server.server_address[1])); os.rename("port.new", "port")
        server.serve_forever()
        """

    @Test("the plug-ins in the box do their work", .limited)
    func box() throws {
        let folder = TemporaryFolder()
        try folder.write("robot.py", PluginProgramTests.robot)
        try folder.write("tree/a.txt", "a")
        try folder.write("notes/n.md", "one")
        try folder.write("blog/_config.yml", "title: x\n")
        try folder.write("inbox/first.md", "# Hello, 世界!\n\nsome words\n")
        try folder.write(
            "make.py",
            "import sqlite3\nb = sqlite3.connect('big.sqlite')\nb.execute('CREATE TABLE t (x)')\nb.executemany('INSERT INTO t VALUES (?)', [('x' * 1000,)] * 2000)\nb.commit()\nb.execute('DELETE FROM t')\nb.commit()\n"
        )
        let made = try Shell.run(
            "python3 make.py && git init -q --bare -b main origin.git && cd notes && git init -q -b main && git remote add origin ../origin.git",
            folder: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let robot = Process()
        robot.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        robot.arguments = [Shell.python, "robot.py"]
        robot.standardOutput = FileHandle.nullDevice
        robot.standardError = FileHandle.nullDevice
        robot.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        try robot.run()
        defer { kill(robot.processIdentifier, SIGKILL) }
        try #require(try RunningProgram.until("test -f '\(folder["port"])'"))
        let port = try #require(folder.read("port"))
        let configuration = """
            version: 1
            state: \(folder["state"])
            plugins: [\(SourceTree.root)/Plugins]
            secrets: [ROBOT_SECRET]
            jobs:
              push: { type: git-push, with: { folder: "\(folder["notes"])" } }
              mirror: { type: rsync-mirror, with: { from: "\(folder["tree"])", to: "\(folder["copy"])", delete: true, exclude: ["*.tmp"] } }
              vacuum: { type: sqlite-vacuum, with: { files: ["\(folder.path)/*.sqlite"] } }
              post: { type: hexo-new-post, with: { site: "\(folder["blog"])", inbox: "\(folder["inbox"])", tags: [x] } }
              card: { type: feishu-card, with: { webhook: "http://127.0.0.1:\(port)/hook", title: done, secret: "${ROBOT_SECRET}" } }
              unsigned: { type: feishu-card, with: { webhook: "http://127.0.0.1:\(port)/hook", title: done } }
              hook: { type: webhook, with: { url: "http://127.0.0.1:\(port)/x", body: '{"sign": 1}' } }
              fails: { type: command, with: { shell: 'exit 3' } }
              works: { type: command, with: { shell: 'true' } }
              told: { type: webhook, on: { after: { job: [fails, works], outcome: finished } }, with: { url: "http://127.0.0.1:\(port)/x", body: '{"said": "{job} {outcome}: {words}"}' } }
              gone: { type: webhook, retry: { attempts: 1 }, with: { url: "http://127.0.0.1:\(Port.reserve())/x" } }
            """
        let program = try RunningProgram(configuration, in: folder, environment: ["ROBOT_SECRET": "robot-secret-value"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        func start(_ job: String, _ words: String, _ sourceLocation: SourceLocation = #_sourceLocation) throws {
            let result = try program.ask("start \(job) --wait")
            #expect((result.output + result.errors).contains(words), "\(result.output)\(result.errors)", sourceLocation: sourceLocation)
        }
        try start("push", "1 files committed and pushed to main")
        try start("push", "nothing new; main is at")
        let other = try Shell.run(
            "git clone -q origin.git other && cd other && echo two > o.md && git add . && git -c user.name=x -c user.email=x@x commit -qm x && git push -q; echo three >> ../notes/n.md",
            folder: folder.path)
        #expect(other.status == 0, "\(other.errors)")
        try start("push", "somebody else has pushed to main: nothing was overwritten")
        try folder.write("tree/b.tmp", "b")
        try folder.write("copy/old.txt", "old")
        try start("mirror", "1 files sent")
        #expect(try Shell.run("ls copy", folder: folder.path).output == "a.txt\n")
        _ = try Shell.run("rm tree/*", folder: folder.path)
        try start("mirror", "is empty, and with \"delete\" the mirror would be too")
        #expect(folder.read("copy/a.txt") == "a")
        let before = try Shell.run("stat -c %s big.sqlite", folder: folder.path).output
        try start("vacuum", "1 checked, 1 rewritten")
        #expect(try Int(Shell.run("stat -c %s big.sqlite", folder: folder.path).output.dropLast()) ?? .max < Int(before.dropLast()) ?? 0)
        try start("post", "one post written")
        #expect(folder.read("blog/source/_posts/hello,-世界!.md")?.contains("title: \"Hello, 世界!\"") == true)
        #expect(folder.read("inbox/posted/first.md") != nil)
        try folder.write("inbox/again.md", "# Hello, 世界!\n\nother words\n")
        try start("post", "there is a post hello,-世界!.md already")
        try start("card", "sent: done")
        #expect(folder.read("heard")?.contains("timestamp") == true && folder.read("heard")?.contains("robot-secret") == false)
        try start("unsigned", "the robot refuses the card: 19021")
        try start("hook", "answered 200")
        try start("fails", "exited with code 3")
        #expect(try RunningProgram.until("grep -F 'fails failed: it exited with code 3' '\(folder["heard"])'"))
        try start("works", "exited with code 0")
        #expect(try RunningProgram.until("grep -F 'works succeeded: exited with code 0' '\(folder["heard"])'"))
        try start("gone", "the address can't be reached")
        #expect(!program.log.contains("robot-secret-value"))
        _ = program.stop()
    }
}

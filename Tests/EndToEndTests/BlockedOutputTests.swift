import Foundation
import TestSupport
import Testing

/// A container log that nobody reads, and other places that can't be written.
@Suite("output that can't be written", .waiting, .serialized)
struct BlockedOutputTests {
    /// Standard output and error are a pipe that nobody reads.
    private func blocked(_ jobs: String, _ folder: TemporaryFolder, flags: [String] = []) throws -> RunningProgram {
        #expect(try Shell.run("mkfifo '\(folder["pipe"])'").status == 0)
        let words = "exec \"$0\" \"$@\" 1<>'\(folder["pipe"])' 2>&1"
        let program = try RunningProgram(
            "version: 1\nstate: \(folder["state"])\nstop_budget: 8s\njobs:\n\(jobs)", in: folder, prefix: ["bash", "-c", words], flags: flags)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        return program
    }

    @Test("schedules, answers and the stop go on while nobody reads the log", .limited, arguments: [[], ["--no-init"]])
    func stalled(flags: [String]) throws {
        let folder = TemporaryFolder()
        try folder.write(
            "flood.py",
            "import os\nfor n in range(1, 3000):\n    print('line', n, 'x' * 1000, flush=True)\n    open('\(folder["flooded"])', 'w').write(str(n))\nimport time; time.sleep(1000)\n"
        )
        let program = try blocked(
            """
              flood: { type: service, with: { command: [python3, \(folder["flood.py"])] } }
              tick: { type: command, on: { every: 200ms }, with: { shell: "echo tick >> \(folder["ticks"])" } }
              final: { type: command, on: stop, with: { shell: "echo done > \(folder["final"])" } }
            """, folder, flags: flags)
        // More than a pipe and a queue hold together.
        #expect(try RunningProgram.until("[ \"$(cat '\(folder["flooded"])')\" = 2999 ]", seconds: 120))
        let before = try Shell.run("wc -l < '\(folder["ticks"])'").output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            try RunningProgram.until(
                "[ $(wc -l < '\(folder["ticks"])') -gt \(before)0 ] || [ $(wc -l < '\(folder["ticks"])') -gt $((\(before) + 5)) ]", seconds: 60))
        #expect(try program.ask("status").output.contains("tick"))
        #expect(program.stop() == 0)
        #expect(folder.read("final") == "done\n")
    }

    @Test("a reader that comes back is told how much it has missed", .limited)
    func back() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "flood.py", "import os\nfor n in range(1, 9000):\n    print('line', n, 'x' * 1000, flush=True)\nopen('\(folder["flooded"])', 'w').write('all')\n")
        let program = try blocked("  flood: { type: command, on: boot, with: { command: [python3, \(folder["flood.py"])] } }\n", folder)
        #expect(
            try RunningProgram.until(
                "test -e '\(folder["flooded"])' && '\(SourceTree.program)' status --state '\(folder["state"])' | grep -qE '^flood +ok'", seconds: 120))
        let reader = Process()
        reader.executableURL = URL(fileURLWithPath: "/bin/sh")
        reader.arguments = ["-c", "exec cat '\(folder["pipe"])' > '\(folder["read"])'"]
        try reader.run()
        defer { kill(reader.processIdentifier, SIGKILL) }
        #expect(try RunningProgram.until("grep -q 'lines were dropped' '\(folder["read"])'", seconds: 60), "\(folder.read("read")?.suffix(500) ?? "")")
        #expect(program.stop() == 0)
        #expect(try RunningProgram.until("grep -q 'shipkeeper: stopped' '\(folder["read"])'", seconds: 60))
    }

    @Test(
        "a result that can't be written is an exit code, never a crash", arguments: ["schema", "version"],
        ["> /dev/full", ">&-", "| true; exit ${PIPESTATUS[0]}", "2> /dev/full > /dev/full"])
    func results(words: String, where redirection: String) throws {
        // A result as short as a version may fit into a pipe before its reader is gone.
        let result = try Shell.run("'\(SourceTree.program)' \(words) \(redirection)")
        #expect([1, 128 + SIGPIPE].contains(result.status) || redirection.hasPrefix("|") && result.status == 0, "\(result)")
        #expect(!result.errors.contains("Fatal error"))
    }

    @Test("a plug-in's state is stored as it is, or not at all where a secret is in it", .limited)
    func state() throws {
        let folder = TemporaryFolder()
        try folder.write("Plugins/keeper/plugin.yaml", "protocol: 1\nname: keeper\nversion: 1.0.0\ndescription: x\ncommand: [python3, run.py]\n")
        try folder.write(
            "Plugins/keeper/run.py",
            """
            import json, os, sys
            request = json.loads(sys.stdin.readline())
            out = os.fdopen(3, "w")
            print(json.dumps({"state": {"good": "all is well", "bad": "x" + os.environ["T_TOKEN"]}}), file=out)
            print(json.dumps({"output": {"said": os.environ["T_TOKEN"]}}), file=out)
            print(json.dumps({"result": {"summary": json.dumps(request["state"]) + os.environ["T_TOKEN"]}}), file=out, flush=True)
            """)
        let program = try RunningProgram(
            "version: 1\nstate: \(folder["state"])\nsecrets: [T_TOKEN]\njobs: { keep: { type: keeper, secrets: [T_TOKEN] } }\n", in: folder,
            environment: ["T_TOKEN": "token-0987654321"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        #expect(try program.ask("start keep --wait").status == 0, "\(program.log)")
        let second = try program.ask("start keep --wait")
        #expect(second.output.contains("{\"good\": \"all is well\"}<secret>"), "\(second)")
        #expect(try program.ask("logs keep").output.contains("what the plug-in wants remembered as \"bad\" contains a secret; it was not stored"))
        #expect(program.stop() == 0)
        #expect(try Shell.run("grep -rla 'token-0987654321' state log.txt", folder: folder.path).output == "")
    }

    @Test("a secret that is a part of the tree's path harms no backup", .limited)
    func pathAndSecret() throws {
        let folder = TemporaryFolder()
        try folder.write("home/openclaw/a.txt", "one")
        _ = try Shell.run("mkdir repo", folder: folder.path)
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            secrets: [T_TOKEN]
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs: { backup: { type: backup, with: { repository: main, path: \(folder["home/openclaw"]) } } }
            """, in: folder, environment: ["T_TOKEN": "openclaw"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        for text in ["one", "two", "three"] {
            try folder.write("home/openclaw/a.txt", text)
            let run = try program.ask("start backup --wait")
            #expect(run.status == 0, "\(run)")
        }
        #expect(program.stop() == 0)
        #expect(try Shell.run("grep -ca '<secret>' state/state.db", folder: folder.path).output.hasPrefix("0"))
    }

    @Test("the state file is for its owner only, and a path too long for a socket is no hindrance", .limited)
    func places() throws {
        let folder = TemporaryFolder()
        let long = folder[String(repeating: "x", count: 130)]
        let program = try RunningProgram("version: 1\nstate: \(long)\njobs: { a: { type: command, on: boot, with: { command: [\"true\"] } } }\n", in: folder)
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(long)' | grep -qE '^a +ok'"), "\(program.log)")
        #expect(try Shell.run("'\(SourceTree.program)' status --config '\(folder["shipkeeper.yaml"])'").status == 0)
        #expect(try Shell.run("stat -c %a '\(long)/state.db'").output == "600\n")
        #expect(program.stop() == 0)
        #expect(try Shell.run("'\(SourceTree.program)' status --state '\(long)'").status == 4)
    }
}

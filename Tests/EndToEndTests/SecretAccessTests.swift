import Foundation
import TestSupport
import Testing

/// What other processes can learn of the secrets, and what this one makes of a strange environment.
@Suite("secrets and the environment", .waiting, .serialized)
struct SecretAccessTests {
    private static let token = "token-\(UInt64.random(in: 0 ... .max))"

    /// Looks where a process of the same user may look.
    private static let thief = """
        import os, sys
        wanted, found = sys.argv[1][::-1].encode(), []
        def look(path):
            try: return open(path, "rb").read()
            except OSError: return b""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("environ", "cmdline"):
                if wanted in look(f"/proc/{pid}/{name}"): found.append(f"{pid} {name}")
        above = os.getppid()
        while above > 1 and os.getuid() != 0:
            for name in ("mem", "maps"):
                try:
                    open(f"/proc/{above}/{name}", "rb").read(1)
                    if b"shipkeeper" in look(f"/proc/{above}/comm"): found.append(f"{above} {name} can be opened")
                except OSError: pass
            above = int(look(f"/proc/{above}/stat").rsplit(b")", 1)[1].split()[1])
        print("found:", found or "nothing", "own:", "T_TOKEN" in os.environ)
        """

    @Test(
        "a job without a grant finds no secret in the program that started it, and one with a grant gets it", .limited,
        arguments: [Int32?.none, 1000], [[], ["--no-init"]])
    func access(user: Int32?, flags: [String]) throws {
        if user != nil, getuid() != 0 { return }
        let folder = TemporaryFolder()
        try folder.write("thief.py", SecretAccessTests.thief)
        let copy = "cp '\(SourceTree.program)' '\(SourceTree.program)-init' ."
        _ = try Shell.run("mkdir state && \(copy) && chmod 755 . shipkeeper* && chmod 644 thief.py", folder: folder.path)
        var prefix: [String] = []
        if let user {
            _ = try Shell.run("chown \(user) state", folder: folder.path)
            let command =
                "chmod 644 '\(folder["shipkeeper.yaml"])'; exec setpriv --reuid=\(user) --regid=\(user) --clear-groups env -u HOME '\(folder["shipkeeper"])' \"$@\""
            prefix = ["bash", "-c", command]
        }
        let backwards = String(SecretAccessTests.token.reversed())
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            secrets: [T_TOKEN]
            jobs:
              thief: { type: command, on: boot, with: { command: [python3, \(folder["thief.py"]), "\(backwards)"] } }
              owner: { type: command, on: { after: thief }, secrets: [T_TOKEN], with: { shell: "test \\"$T_TOKEN\\" = '\(SecretAccessTests.token)' && echo granted" } }
            """, in: folder, prefix: prefix, flags: flags, environment: ["T_TOKEN": SecretAccessTests.token])
        #expect(try RunningProgram.until("grep -q granted '\(folder["log.txt"])'"), "\(program.log)")
        #expect(program.log.contains("thief | found: nothing own: False"), "\(program.log)")
        #expect(program.stop() == 0)
    }

    /// Looks at the environment of every process, again and again.
    private static let watcher = """
        import os, sys
        wanted = sys.argv[1][::-1].encode()
        open(sys.argv[2], "w").write("up")
        seen = set()
        while True:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    data = open(f"/proc/{pid}/environ", "rb").read()
                    if b"SHIPKEEPER_INIT_SOCKET" in data and pid not in seen:
                        seen.add(pid)
                        open(sys.argv[2] + ".seen", "a").write(pid + "\\n")
                    if wanted in data: open(sys.argv[2] + ".found", "a").write(pid + "\\n")
                except OSError: pass
        """

    @Test("a service that survives the program sees no secret when the next one begins", .limited, arguments: Account.allCases)
    func watched(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        try folder.write("watch.py", SecretAccessTests.watcher)
        try folder.write("data/x", "")
        let backwards = String(SecretAccessTests.token.reversed())
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            secrets: [T_TOKEN]
            jobs: { watch: { type: service, with: { command: [python3, \(folder["watch.py"]), "\(backwards)", \(folder["data/up"])] } } }
            """, in: folder, environment: ["T_TOKEN": SecretAccessTests.token])
        for round in 0..<6 {
            let query = ".data.restarts == \(round) and .data.jobs[0].state == \"ready\""
            let line = "'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq '\(query)' | grep -qx true && test -e '\(folder["data/up"])'"
            #expect(try program.until(line), "\(program.log)")
            _ = try Shell.run("kill -9 $(pgrep -P \(program.id) -f no-init)")
        }
        #expect(try program.until("pgrep -P \(program.id) -f no-init"))
        // It does look in time: what begins can be seen.
        #expect(folder.read("data/up.seen") != nil)
        #expect(folder.read("data/up.found") == nil)
        #expect(program.stop() == 0)
    }

    @Test("a secret from a file of variables is kept as one from the environment is", .limited, arguments: [[], ["--no-init"]])
    func fromFile(flags: [String]) throws {
        let folder = TemporaryFolder()
        try folder.write("thief.py", SecretAccessTests.thief)
        try folder.write("app.env", "# secrets\nT_TOKEN=\(SecretAccessTests.token)\nPLAIN=a b\nFROM_OUTSIDE\n")
        let backwards = String(SecretAccessTests.token.reversed())
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            secrets: [T_TOKEN]
            jobs:
              thief: { type: command, on: boot, with: { command: [python3, \(folder["thief.py"]), "\(backwards)"] } }
              owner:
                type: command
                on: { after: thief }
                secrets: [T_TOKEN]
                with:
                  shell: |
                    echo value $T_TOKEN
                    test "$PLAIN$FROM_OUTSIDE" = "a bx" && echo "$PLAIN granted"
            """, in: folder, flags: ["--env-file", folder["app.env"]] + flags, environment: ["FROM_OUTSIDE": "x", "PLAIN": "other"])
        try #require(try program.says("a b granted"), "\(program.log)")
        #expect(program.log.contains("thief | found: nothing own: False"), "\(program.log)")
        #expect(!program.log.contains(SecretAccessTests.token) && program.log.contains("owner | value "), "\(program.log)")
        #expect(program.stop() == 0)
        let missing = try Shell.run("'\(SourceTree.program)' run --env-file nothing.env --config '\(folder["shipkeeper.yaml"])'", folder: folder.path)
        #expect(missing.status == 2 && missing.errors.contains("nothing.env can't be read"), "\(missing)")
    }

    @Test("values that are no UTF-8 reach a job as they are, and others can be set over them", .limited)
    func bytes() throws {
        let folder = TemporaryFolder()
        let line = "export ODD=$'caf\\xe9' OTHER=$'\\xff' GRANTED=$'s\\xe9cret\\xff'; exec \"$0\" \"$@\""
        let show = "printf %s \\\"$ODD|$OTHER|$GRANTED\\\" | od -An -tx1 > \(folder["seen"])"
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            secrets: [GRANTED]
            jobs:
              show: { type: command, on: boot, secrets: [GRANTED], env: { OTHER: set }, with: { shell: "\(show)" } }
            """, in: folder, prefix: ["bash", "-c", line])
        #expect(try RunningProgram.until("test -s '\(folder["seen"])'"), "\(program.log)")
        let bytes = Array("caf".utf8) + [0xe9] + Array("|set|s".utf8) + [0xe9] + Array("cret".utf8) + [0xff]
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(folder.read("seen")?.filter { !$0.isWhitespace } == digits)
        #expect(program.stop() == 0)
    }

    @Test("a library that changes the environment while it loads takes no arguments away", .enabled(if: (try? Shell.run("command -v gcc").status) == 0))
    func preloaded() throws {
        let folder = TemporaryFolder()
        try folder.write("inject.c", "#include <stdlib.h>\n__attribute__((constructor)) static void f(void) { setenv(\"ADDED\", \"by a library\", 1); }\n")
        try #require(try Shell.run("gcc -shared -fPIC -o inject.so inject.c", folder: folder.path).status == 0)
        let version = try Shell.run("'\(SourceTree.program)' version")
        let injected = try Shell.run("LD_PRELOAD='\(folder["inject.so"])' '\(SourceTree.program)' version")
        #expect(injected.status == 0 && injected.output == version.output, "\(injected)")
        try folder.write(
            "c.yaml",
            "version: 1\nstate: \(folder["state"])\njobs: { a: { type: command, on: boot, with: { shell: \"echo $ADDED > '\(folder["seen"])'\" } } }\n")
        let program = try RunningProgram(
            try #require(folder.read("c.yaml")), in: folder, environment: ["LD_PRELOAD": folder["inject.so"]])
        #expect(try RunningProgram.until("grep -q 'by a library' '\(folder["seen"])'"), "\(program.log)")
        #expect(program.stop() == 0)
    }
}

import Foundation
import TestSupport
import Testing

@Suite("what belongs to a run", .waiting, .serialized)
struct LeftoversTests {
    /// A length of sleep that no other test uses: what is left behind is found by it.
    private let number = Int.random(in: 1_000_000...9_000_000)

    private func isRunning(_ number: Int) throws -> Bool { try Shell.run("pgrep -f '^sleep \(number)$'").status == 0 }
    private func count(_ number: Int) throws -> Int {
        Int(try Shell.run("pgrep -fc '^sleep \(number)$'").output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    private func start(_ jobs: String, _ folder: TemporaryFolder) throws -> RunningProgram {
        let program = try RunningProgram("version: 1\nstate: \(folder["state"])\njobs:\n\(jobs)", in: folder)
        try #require(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])'"))
        return program
    }

    @Test(
        "a run's end, its timeout and a service's restart end what has a session and an environment of its own", .limited,
        arguments: [
            "env -i setsid", "env -i setsid -f", "setsid sh -c '\"$0\" \"$@\" & exit' env -i",
            "env -i python3 -c 'import os,sys; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); os.execvp(sys.argv[1], sys.argv[1:])'",
        ])
    func ownSessions(way: String) throws {
        let folder = TemporaryFolder()
        try folder.write("way.sh", "\(way) sleep \"$1\" > /dev/null 2>&1 < /dev/null & wait\n")
        let program = try start(
            """
              left: { type: command, with: { command: [sh, \(folder["way.sh"]), "\(number)"] }, timeout: 20s }
              slow: { type: command, with: { shell: "sh \(folder["way.sh"]) \(number + 1) & sleep 600", stop: { grace: 1s } }, timeout: 1s }
              svc: { type: service, with: { shell: "sh \(folder["way.sh"]) \(number + 2) & exec sleep 600", stop: { grace: 1s }, restart: { backoff: 100ms..1s } } }

            """, folder)
        defer { _ = program.stop() }
        // A way that forks ends at once and leaves its process behind; the others are ended by the timeout.
        try program.ask("start left --wait")
        #expect(try RunningProgram.until("! pgrep -f '^sleep \(number)$'"), "\(program.log)")
        try program.ask("start slow --wait")
        #expect(try RunningProgram.until("! pgrep -f '^sleep \(number + 1)$'"), "\(program.log)")
        for _ in 0..<2 {
            #expect(try RunningProgram.until("pgrep -f '^sleep \(number + 2)$'"))
            let old = try Shell.run("pgrep -f '^sleep \(number + 2)$'").output.split(separator: "\n").joined(separator: " ")
            try program.ask("restart svc --wait")
            #expect(try RunningProgram.until("! kill -0 \(old) 2> /dev/null"), "\(old)\n\(program.log)")
        }
        // The next one comes after the last one is gone, and alone.
        #expect(try RunningProgram.until("pgrep -f '^sleep \(number + 2)$'"))
        #expect(try count(number + 2) == 1, "\(program.log)")
    }

    @Test("runs below su are ended with all that they started", .limited, .enabled(if: getuid() == 0, "su asks for no password only as root"))
    func su() throws {
        let folder = TemporaryFolder()
        let program = try start(
            """
              slow: { type: command, timeout: 1s, with: { shell: "su -s /bin/sh - nobody -c 'trap \\"\\" TERM; sleep \(number)'", stop: { grace: 500ms } } }
              left: { type: command, with: { shell: "su -s /bin/sh - nobody -c 'sleep \(number + 1) >/dev/null 2>&1 &'" } }

            """, folder)
        defer { _ = program.stop() }
        try program.ask("start slow --wait")
        #expect(try RunningProgram.until("! pgrep -f '^sleep \(number)$'"), "\(program.log)")
        try program.ask("start left --wait")
        #expect(try RunningProgram.until("! pgrep -f '^sleep \(number + 1)$'"), "\(program.log)")
        #expect(program.log.contains("ended 1 process it left behind"), "\(program.log)")
    }

    @Test("an app whose wrapper is killed is ended before the next start", .limited)
    func wrapper() throws {
        let folder = TemporaryFolder()
        // The wrapper waits for its child, which has a session and an environment of its own.
        try folder.write("wrap.sh", "env -i setsid sleep \(number) > /dev/null 2>&1 & wait\n")
        let program = try start(
            "  app: { type: service, with: { command: [sh, \(folder["wrap.sh"])], restart: { backoff: 100ms..1s } } }\n", folder)
        defer { _ = program.stop() }
        for _ in 0..<3 {
            #expect(try RunningProgram.until("pgrep -f '^sleep \(number)$'"))
            let before = try Shell.run("pgrep -f '^sleep \(number)$'").output
            try Shell.run("kill -9 $(pgrep -f '^sh \(folder["wrap.sh"])$')")
            #expect(
                try RunningProgram.until(
                    "[ \"$(pgrep -f '^sleep \(number)$')\" != '\(before.trimmingCharacters(in: .whitespacesAndNewlines))' ] && pgrep -f '^sleep \(number)$'"))
            #expect(try count(number) == 1, "\(program.log)")
        }
    }

    @Test("what one run leaves behind is not taken for another's", .limited)
    func apart() throws {
        let folder = TemporaryFolder()
        let program = try start(
            """
              svc: { type: service, with: { shell: "(env -i setsid sleep \(number) > /dev/null 2>&1 &); echo up > \(folder["up"]); exec sleep 600" } }
              other: { type: command, with: { shell: "(env -i setsid sleep \(number + 1) > /dev/null 2>&1 &); sleep 600" } }
              short: { type: command, with: { shell: "(env -i setsid sleep \(number + 2) > /dev/null 2>&1 &); exit 0" } }

            """, folder)
        defer { _ = program.stop() }
        #expect(try RunningProgram.until("test -e '\(folder["up"])' && pgrep -f '^sleep \(number)$'"))
        try program.ask("start other")
        #expect(try RunningProgram.until("pgrep -f '^sleep \(number + 1)$'"))
        for _ in 0..<3 {
            try program.ask("start short --wait")
            #expect(try RunningProgram.until("! pgrep -f '^sleep \(number + 2)$'"), "\(program.log)")
            #expect(try isRunning(number), "the service's helper was ended\n\(program.log)")
            #expect(try isRunning(number + 1), "the other run's helper was ended\n\(program.log)")
        }
        try program.ask("stop other")
        #expect(try RunningProgram.until("! pgrep -f '^sleep \(number + 1)$'"), "\(program.log)")
        #expect(try isRunning(number), "the service's helper was ended\n\(program.log)")
    }

    @Test("orphans that end leave no zombie, while a service runs", .limited)
    func zombies() throws {
        let folder = TemporaryFolder()
        let program = try start(
            "  svc: { type: service, with: { shell: \"for i in 1 2 3 4 5 6 7 8; do (sleep 0.1 & sleep 0.2 &); done; echo up > \(folder["up"]); exec sleep 600\" } }\n",
            folder)
        defer { _ = program.stop() }
        #expect(try RunningProgram.until("test -e '\(folder["up"])'"))
        let daemon = "$(pgrep -P \(program.id) | head -1)"
        let isClean = try RunningProgram.until("[ \"$(pgrep -c -P \(daemon))\" = 1 ]")
        let children = try Shell.run("ps -o pid,ppid,stat,args --ppid \(daemon)").output
        #expect(isClean, "\(children)")
    }

    @Test("the program's end leaves nothing, whatever it was started by", .limited, arguments: [[], ["--no-init"]])
    func end(flags: [String]) throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            jobs:
              svc: { type: service, with: { shell: "(env -i setsid sh -c 'trap \\"\\" TERM; exec sleep \(number)' > /dev/null 2>&1 &); exec sleep 600" } }

            """, in: folder, flags: flags)
        #expect(try RunningProgram.until("pgrep -f '^sleep \(number)$'"))
        #expect(program.stop() == 0, "\(program.log)")
        #expect(try !isRunning(number))
    }
}

import Foundation
import TestSupport
import Testing

/// Init, as the process that a container starts: what it passes on, what it ends, and when.
@Suite("init as a process", .waiting, .serialized)
struct InitProgramTests {
    /// Longer than any stop here may take, whatever else this machine does.
    private static let patience = 60

    private func program(_ jobs: String, budget: String = "3s", _ folder: TemporaryFolder = TemporaryFolder()) throws -> RunningProgram {
        let program = try RunningProgram("version: 1\nstate: \(folder["state"])\nstop_budget: \(budget)\njobs:\n\(jobs)\n", in: folder)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'", seconds: InitProgramTests.patience), "\(program.log)")
        return program
    }

    private func daemon(of program: RunningProgram) throws -> Int32 {
        try #require(Int32(try Shell.run("pgrep -P \(program.id) -f no-init").output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Whether the program ends by itself; it is killed else.
    private func hasEnded(_ program: RunningProgram) throws -> Bool {
        let ended = try RunningProgram.until("! kill -0 \(program.id) || grep -q '^State:.Z' /proc/\(program.id)/status", seconds: InitProgramTests.patience)
        if !ended { program.send(SIGKILL) }
        return ended
    }

    private func processes(of folder: TemporaryFolder) throws -> String {
        try Shell.run("pgrep -fa '\(folder.path)' | grep -v pgrep").output
    }

    @Test("the daemon's exit code is passed on", .limited)
    func codes() throws {
        let folder = TemporaryFolder()
        #expect(try RunningProgram("version: 1\njobs: 3\n", in: folder).wait() == 78)
        let program = try program("  a: { type: command, with: { command: [\"true\"] } }")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("a daemon that stands still is killed with all that is left when the stop budget is over", .limited, arguments: [SIGTERM, SIGINT])
    func frozen(signal: Int32) throws {
        let folder = TemporaryFolder()
        try folder.write("deaf.sh", "trap '' TERM INT HUP\necho up > '\(folder["up"])'\nwhile :; do sleep 1; done\n")
        let program = try program("  deaf: { type: service, with: { command: [sh, \(folder["deaf.sh"])] } }", folder)
        #expect(try RunningProgram.until("test -e '\(folder["up"])'", seconds: InitProgramTests.patience))
        kill(try daemon(of: program), SIGSTOP)
        program.send(signal)
        #expect(try hasEnded(program), "\(program.log)")
        #expect(program.wait() == 1)
        #expect(program.log.contains("the stop budget of 3000 ms is used up"), "\(program.log)")
        #expect(try processes(of: folder) == "")
    }

    @Test("a budget that a reload has changed is the one that counts", .limited)
    func reloaded() throws {
        let folder = TemporaryFolder()
        let program = try program("  a: { type: service, with: { command: [sleep, \"1000\"] } }", budget: "55m", folder)
        try folder.write("shipkeeper.yaml", try #require(folder.read("shipkeeper.yaml")).replacing("55m", with: "2s"))
        #expect(try program.ask("reload").status == 0)
        kill(try daemon(of: program), SIGSTOP)
        program.send(SIGTERM)
        #expect(try hasEnded(program), "\(program.log)")
        #expect(program.wait() == 1 && program.log.contains("the stop budget of 2000 ms is used up"))
    }

    @Test("a daemon that was killed is started again, and what it left behind is gone", .limited)
    func restarted() throws {
        let folder = TemporaryFolder()
        let program = try program("  app: { type: service, with: { command: [sleep, \"987\"] } }", folder)
        let first = try daemon(of: program)
        kill(first, SIGKILL)
        let isThere = "pgrep -P \(program.id) -f no-init | grep -vx \(first)"
        let isReady = "'\(SourceTree.program)' status --state '\(folder["state"])' | grep -q 'app *ready'"
        #expect(try RunningProgram.until("\(isThere) && \(isReady)", seconds: InitProgramTests.patience), "\(program.log)")
        #expect(program.log.contains("the program was ended by signal 9; starting it again"))
        #expect(program.stop() == 0)
        #expect(try processes(of: folder) == "")
    }

    @Test("a stop while it waits to start the daemon again ends it", .limited)
    func stoppedBetween() throws {
        let folder = TemporaryFolder()
        // One that is never well, so that Init waits longer each time, and that no SIGTERM ends.
        let script = """
            printf '#!/bin/sh\\ntrap "" TERM\\nkill -9 $$\\n' > program; chmod +x program
            '\(SourceTree.program)-init' "$PWD/program" 2> log & init=$!
            for n in $(seq 6000); do grep -q 'starting it again in 4000 ms' log && break; sleep 0.01; done
            kill -TERM $init; wait $init; echo $?
            """
        #expect(try folder.run(script).output == "\(128 + SIGKILL)\n", "\(folder.read("log") ?? "")")
    }

    @Test(
        "a daemon that was killed in a stop is started again: one that dies each time until the budget is nearly used, one that ends by itself once",
        .limited, arguments: [("kill -9 $$", 128 + SIGKILL, 2..<10), ("exit 7", 7, 2..<3)])
    func killedInStop(end: String, code: Int32, starts: Range<Int>) throws {
        let folder = TemporaryFolder()
        try folder.write("end", end)
        let script = """
            printf '#!/bin/sh\necho >> begun\n[ $(wc -l < begun) -gt 1 ] && . ./end\ntrap "kill -9 $$" TERM\necho > up\nwhile :; do sleep 0.05; done\n' > program
            chmod +x program
            '\(SourceTree.program)-init' "$PWD/program" 2> log & init=$!
            for n in $(seq 6000); do [ -e up ] && break; sleep 0.01; done
            kill -TERM $init; wait $init; echo $?
            """
        #expect(try folder.run(script).output == "\(code)\n", "\(folder.read("log") ?? "")")
        #expect(starts.contains(folder.read("begun")?.count ?? 0), "\(folder.read("log") ?? "")")
        #expect(folder.read("log")?.contains("starting it again to continue the stop") == true)
    }
}

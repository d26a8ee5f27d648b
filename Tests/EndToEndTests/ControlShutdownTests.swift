import Foundation
import TestSupport
import Testing

/// People who wait for answers while the program stops.
@Suite("clients while the program stops", .waiting, .serialized)
struct ControlShutdownTests {
    @Test("clients that wait, come and are killed take nothing down", .limited, arguments: 0..<6)
    func waiting(round: Int) throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 20s
            jobs:
              long: { type: command, with: { command: [sleep, "1000"] } }
              final: { type: command, on: stop, with: { shell: "sleep 0.5; echo done > \(folder["final"])" } }
            """, in: folder)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        let clients = """
            for i in 1 2 3 4 5 6; do '\(SourceTree.program)' start long --wait --state '\(folder["state"])' & pids="$pids $!"; done
            for i in 1 2; do '\(SourceTree.program)' logs -f long --state '\(folder["state"])' & pids="$pids $!"; done
            sock='\(folder["state/control/control.sock"])'
            for i in 1 2 3 4; do ( for n in $(seq 500); do [ -S "$sock" ] && curl -s -m 0.0\(round + 1) --unix-socket "$sock" http://x/-/status; done ) >/dev/null 2>&1 & done
            sleep 0.\(round + 2)
            kill -TERM \(program.id)
            for p in $pids; do sleep 0.0\(round); kill -9 $p; done
            """
        _ = try Shell.run(clients)
        #expect(program.wait() == 0, "\(program.log)")
        #expect(!program.log.contains("Fatal error") && program.log.hasSuffix("shipkeeper: stopped\n"), "\(program.log)")
        #expect(folder.read("final") == "done\n")
    }

    @Test(
        "each of twenty who wait for a run is told how it ended, or that the program has stopped, in the same sentence", .limited,
        arguments: 0..<3)
    func answered(round: Int) throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 20s
            jobs:
              long: { type: command, with: { command: [sleep, "1000"] } }

            """, in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start long").status == 0)
        let clients = """
            cd '\(folder.path)'
            for i in $(seq 20); do
              ( '\(SourceTree.program)' start long --wait --state '\(folder["state"])' > out.$i 2> err.$i & echo $! > pid.$i; wait $!; echo $? > rc.$i ) &
            done
            for i in $(seq 20); do for n in $(seq 600); do grep -q 'waiting for run 1' err.$i && break; sleep 0.1; done; done
            for i in 3 9 14; do kill -9 $(cat pid.$i); done
            kill -TERM \(program.id)
            for i in 5 11; do kill -9 $(cat pid.$i); done
            wait
            """
        _ = try Shell.run(clients)
        #expect(program.wait() == 0 && program.log.hasSuffix("shipkeeper: stopped\n") && !program.log.contains("Fatal error"), "\(program.log)")
        for client in 1...20 where ![3, 5, 9, 11, 14].contains(client) {
            let (code, errors) = (folder.read("rc.\(client)"), folder.read("err.\(client)") ?? "")
            let last = errors.split(separator: "\n").last { !$0.hasPrefix("→") }.map(String.init) ?? ""
            let end = last.wholeMatch(of: /long cancelled in [^:]+: shipkeeper was stopped \(run 1\)/) != nil
            let gone = last == "shipkeeper stopped before run 1 of long was over; see \"shipkeeper runs long\" when it runs again"
            #expect(code == "1\n" && end || code == "4\n" && gone, "\(client): \(code ?? "") \(errors)")
        }
    }
}

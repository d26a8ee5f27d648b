import Foundation
import JobKit
import Scheduler
import Testing

@Suite("service restarts")
struct ServiceMachineTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func definition(rules: [Int32: ServiceDefinition.ExitRule] = [:]) -> ServiceDefinition {
        ServiceDefinition(
            program: .command(["x"]), restart: .init(backoff: .seconds(5), backoffCap: .seconds(60), giveUpAfter: 7, giveUpWithin: .seconds(600)),
            exitRules: rules)
    }

    @Test("waits double up to the cap, then the service is given up")
    func backoff() {
        var machine = ServiceMachine(definition())
        var waits: [Duration] = []
        for _ in 0..<6 {
            guard case .launch(let wait, _) = machine.step(after: .exited(.exited(1), readyFor: .zero), at: t) else { break }
            waits.append(wait)
        }
        #expect(waits == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
        guard case .giveUp(let error) = machine.step(after: .exited(.exited(1), readyFor: .zero), at: t) else {
            Issue.record("not given up")
            return
        }
        #expect(error.summary.contains("given up after 7 ends"))
    }

    @Test("a minute of being ready earns a fresh start")
    func settled() {
        var machine = ServiceMachine(definition())
        _ = machine.step(after: .exited(.exited(1), readyFor: .zero), at: t)
        _ = machine.step(after: .exited(.exited(1), readyFor: .zero), at: t)
        #expect(machine.step(after: .exited(.signalled(9), readyFor: .seconds(61)), at: t) == .launch(after: .seconds(5), why: "it was ended by SIGKILL"))
    }

    @Test("exit rules: at once five times, repair once, stop, give up")
    func rules() {
        let repair = ProgramLine.command(["doctor"])
        var machine = ServiceMachine(definition(rules: [0: .restartNow, 78: .repair(repair, then: .giveUp), 3: .stop, 4: .giveUp]))
        for _ in 0..<5 { #expect(machine.step(after: .exited(.exited(0), readyFor: .zero), at: t) == .launch(after: .zero, why: "it exited with code 0")) }
        #expect(machine.step(after: .exited(.exited(0), readyFor: .zero), at: t) == .launch(after: .seconds(5), why: "it exited with code 0"))
        #expect(machine.step(after: .exited(.exited(78), readyFor: .zero), at: t) == .repair(repair, why: "it exited with code 78"))
        guard case .giveUp = machine.step(after: .exited(.exited(78), readyFor: .zero), at: t) else { Issue.record("78 twice"); return }
        guard case .finish = machine.step(after: .exited(.exited(3), readyFor: .zero), at: t) else { Issue.record("3"); return }
        guard case .giveUp = machine.step(after: .exited(.exited(4), readyFor: .zero), at: t) else { Issue.record("4"); return }
    }

    @Test("a missing program is told with what to do")
    func missing() {
        var machine = ServiceMachine(definition())
        let step = machine.step(after: .launchFailed(.notFound(program: "openclaw", searched: "/usr/bin")), at: t)
        guard case .launch(_, let why) = step else { Issue.record("\(step)"); return }
        #expect(why == "command not found: openclaw (looked in /usr/bin)")
    }
}

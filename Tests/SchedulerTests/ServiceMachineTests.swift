import Foundation
import JobKit
import Scheduler
import Settings
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
        #expect(error.summary.contains("gave up after 7 exits"))
    }

    @Test("by default one that was ready is started again at once, and waits when it dies again")
    func atOnce() {
        func waits(_ ready: [Duration]) -> [Duration] {
            var machine = ServiceMachine(ServiceDefinition(program: .command(["x"])))
            return ready.compactMap { readyFor in
                if case .launch(let wait, _) = machine.step(after: .exited(.signalled(9), readyFor: readyFor), at: t) { wait } else { nil }
            }
        }
        let (never, short, stable) = (Duration.zero, Duration.seconds(3), Duration.seconds(60))
        #expect(waits([short, short, short, short]) == [.zero, .seconds(1), .seconds(2), .seconds(4)])
        #expect(waits([never, never, never]) == [.seconds(1), .seconds(2), .seconds(4)])
        // What has never been ready is not started at once, and what was is, however often it failed before.
        #expect(waits([never, never, short, short]) == [.seconds(1), .seconds(2), .zero, .seconds(4)])
        #expect(waits([short, short, stable, short]) == [.zero, .seconds(1), .zero, .seconds(1)])
        #expect(waits(Array(repeating: never, count: 9)).last == .seconds(60))
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
        var machine = ServiceMachine(definition(rules: [0: .restartNow, 78: .repair(repair, after: 1, then: .giveUp), 3: .stop, 4: .giveUp]))
        for _ in 0..<5 { #expect(machine.step(after: .exited(.exited(0), readyFor: .zero), at: t) == .launch(after: .zero, why: "it exited with code 0")) }
        #expect(machine.step(after: .exited(.exited(0), readyFor: .zero), at: t) == .launch(after: .seconds(5), why: "it exited with code 0"))
        #expect(machine.step(after: .exited(.exited(78), readyFor: .zero), at: t) == .repair(repair, why: "it exited with code 78"))
        guard case .giveUp = machine.step(after: .exited(.exited(78), readyFor: .zero), at: t) else { Issue.record("78 twice"); return }
        guard case .finish = machine.step(after: .exited(.exited(3), readyFor: .zero), at: t) else { Issue.record("3"); return }
        guard case .giveUp = machine.step(after: .exited(.exited(4), readyFor: .zero), at: t) else { Issue.record("4"); return }
    }

    @Test("a repair waits for so many ends in a row; being ready for long begins the count anew; what was killed says what it used")
    func repairAfter() {
        let repair = ProgramLine.command(["doctor"])
        var machine = ServiceMachine(definition(rules: [1: .repair(repair, after: 3, then: .giveUp)]))
        func step(_ exit: ProcessExit, _ readyFor: Duration = .zero, peak: Int64 = 0) -> ServiceStep {
            machine.step(after: .exited(exit, readyFor: readyFor, peak: peak), at: t)
        }
        #expect(step(.exited(1)) == .launch(after: .seconds(5), why: "it exited with code 1"))
        #expect(step(.exited(1)) == .launch(after: .seconds(10), why: "it exited with code 1"))
        #expect(step(.signalled(9), peak: 512_000_000) == .launch(after: .seconds(20), why: "it was ended by SIGKILL; it was seen using 512.0 MB of memory"))
        _ = step(.exited(1))
        _ = step(.exited(1), .seconds(61))
        _ = step(.exited(1))
        #expect(step(.exited(1)) == .repair(repair, why: "it exited with code 1"))
        guard case .giveUp = step(.exited(1)) else { Issue.record("not given up after the repair"); return }
    }

    @Test("too much memory: at once, or at a quiet moment, or when there was none for too long")
    func memory() {
        let over = Int64(2_000), under = Int64(500)
        func verdicts(_ limit: ServiceDefinition.MemoryLimit, _ samples: [(bytes: Int64, busySeconds: Double)]) -> [MemoryLimitPolicy.Verdict] {
            var judge = MemoryLimitPolicy(limit)
            var processorTime = Duration.zero
            return samples.enumerated().map { index, sample in
                processorTime += .seconds(sample.busySeconds)
                return judge.verdict(
                    on: ProcessUsage(residentBytes: sample.bytes, processorTime: processorTime, containerBytes: 2_000), at: .seconds(5 * index))
            }
        }
        func kinds(_ verdicts: [MemoryLimitPolicy.Verdict]) -> [String] {
            verdicts.map { verdict in
                switch verdict {
                case .fine: "fine"
                case .waiting: "waiting"
                case .restart: "restart"
                }
            }
        }
        #expect(kinds(verdicts(.init(.bytes(1_000)), [(under, 5), (over, 5)])) == ["fine", "restart"])
        let patient = ServiceDefinition.MemoryLimit(.share(0.5), quiet: .seconds(10), within: .seconds(30))
        #expect(kinds(verdicts(patient, [(under, 5), (over, 5), (over, 5), (over, 0.1), (over, 0.1)])) == ["fine", "waiting", "fine", "fine", "restart"])
        #expect(kinds(verdicts(patient, [(under, 0), (under, 0), (under, 0), (over, 0)])) == ["fine", "fine", "fine", "restart"])
        #expect(kinds(verdicts(patient, (0..<8).map { _ in (over, 5) })) == ["waiting", "fine", "fine", "fine", "fine", "fine", "restart", "restart"])
        #expect(kinds(verdicts(patient, [(over, 5), (under, 5), (over, 5)])) == ["waiting", "fine", "waiting"])
    }

    @Test("a missing program is told with what to do")
    func missing() {
        var machine = ServiceMachine(definition())
        let step = machine.step(after: .launchFailed(.notFound(program: "openclaw", searched: "/usr/bin")), at: t)
        guard case .launch(_, let why) = step else { Issue.record("\(step)"); return }
        #expect(why == "openclaw is not on PATH")
    }
}

import Foundation
import Scheduler
import TestSupport
import Testing

@Suite("simulation", .serialized, .waiting)
struct SimulationTests {
    /// By hand it may go on for longer: `SHIPKEEPER_SIMULATION_STEPS=100000` for a million steps in all.
    private static let steps = ProcessInfo.processInfo.environment["SHIPKEEPER_SIMULATION_STEPS"].flatMap { Int($0) } ?? 10_000

    /// A failure prints its seed; that seed alone plays it again.
    @Test("a hundred thousand steps of schedules, crashes, clock jumps, reloads and persons", .tags(.slow), arguments: 1...10 as ClosedRange<UInt64>)
    func accounting(seed: UInt64) throws {
        var simulation = try Simulation(seed: seed)
        simulation.run(steps: SimulationTests.steps)
        #expect(simulation.problems.isEmpty, "seed \(seed), step \(simulation.steps): \(simulation.problems.prefix(3))")
        #expect(simulation.crashes > 100)
        #expect(simulation.resets > 0 && simulation.tooLate > 0 && !simulation.waitedForQuiet.isEmpty)
        for kind in [JobProblem.Kind.failed, .late, .failing] { #expect(simulation.begun[kind] ?? 0 > 0, "no problem \(kind)") }
    }
}

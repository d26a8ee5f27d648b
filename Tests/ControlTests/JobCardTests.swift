import Control
import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("a job in detail")
struct JobCardTests {
    private let hourly = Trigger.schedule(.every(.seconds(3600)), atStart: false)
    private let daily = Trigger.schedule(.every(.seconds(86_400)), atStart: false)

    @Test("its state, what it needs, the next time of each schedule, the newest runs and the end of the log", .limited)
    func card() async throws {
        let bench = SchedulerBench([
            .good(JobDefinition(name: "first", triggers: [.boot])),
            .good(JobDefinition(name: "job", triggers: [daily, hourly], needs: ["first"])),
        ])
        let operations = bench.operations()
        try await bench.run {
            await bench.logs.wait(for: "first: succeeded")
            let before = try await operations.card(of: "job", lines: 10, runs: 5)
            #expect(before.job.state == .idle && before.runs.isEmpty && before.logRun == nil && before.log.isEmpty && before.needs == ["first"])
            #expect(before.next.map(\.schedule) == ["every 1h", "every 1d"] && before.next.map(\.at) == before.next.map(\.at).sorted())
            for round in 1...7 {
                _ = try await operations.start("job", via: "test", evenIfRunning: false)
                await bench.logs.wait(for: "job: succeeded", times: round)
            }
            let card = try await operations.card(of: "job", lines: 10, runs: 5)
            #expect(card.job.state == .ok && card.runs.count == 5 && card.runs.map(\.id) == card.runs.map(\.id).sorted(by: >))
            #expect(card.logRun == card.runs.first?.id && card.log.map(\.text) == ["line of \(card.runs[0].id)"])
            #expect(card.attention.isEmpty && card.checks.isEmpty)
            let none = try await operations.card(of: "job", lines: 0, runs: 1)
            #expect(none.log.isEmpty && none.runs.count == 1)
            let error = await #expect(throws: OperationError.self) { try await operations.card(of: "jib", lines: 1, runs: 1) }
            #expect(error?.message == "no job is named \"jib\"; did you mean \"job\"?")
        }
    }
}

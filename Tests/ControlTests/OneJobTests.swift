import Control
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("the view of one job")
struct OneJobTests {
    @Test("one job is seen as it is among all", .limited)
    func one() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "b"), begun: begun), .good(JobDefinition(name: "a")), .good(JobDefinition(name: "c"))])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("b", via: "test", evenIfRunning: false)
            await begun.wait()
            let all = try #require(await bench.scheduler.snapshot())
            #expect(all.jobs.map(\.definition.name) == ["a", "b", "c"])
            let view = try #require(await bench.scheduler.view(of: "b"))
            #expect(view.current?.id == 1 && view.definition == all.jobs[1].definition)
            #expect(await bench.scheduler.view(of: "d") == nil)
            #expect(try await operations.run(1).state == .running)
            await bench.scheduler.reload([.good(JobDefinition(name: "z")), .good(JobDefinition(name: "c"))])
            #expect(await bench.scheduler.jobNames == ["c", "z"])
            #expect(await bench.scheduler.view(of: "b") == nil)
            await #expect(throws: OperationError.self) { try await operations.why("b") }
        }
    }
}

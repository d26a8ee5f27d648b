import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("deadlines of jobs")
struct EngineDeadlineTests {
    private func backup(_ rule: DeadlineRule = DeadlineRule(startWithin: .seconds(26 * 3600))) -> JobDefinition {
        JobDefinition(name: "backup", deadline: rule)
    }
    private let all: [Trigger.AfterOutcome] = [.problem, .recovered]
    private let hour = 3600.0

    private func told(_ world: EngineWorld) -> [String] { world.messages() }

    @Test("late: no start within the time, said once, over restarts and sleep, and ended by a success")
    func late() async throws {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.run("backup", good)
        world.sleep(25.9 * hour)
        #expect(told(world).isEmpty)
        world.sleep(0.2 * hour)
        #expect(told(world) == ["backup late"])
        try await world.kill(after: 50 * hour)
        world.sleep(50 * hour)
        #expect(told(world) == ["backup late"])
        world.run("backup", good)
        #expect(told(world) == ["backup late", "backup recovered"])
        // The time in which no program ran counts too.
        try await world.kill(after: 27 * hour)
        #expect(told(world) == ["backup late", "backup recovered", "backup late"])
    }

    @Test("it is woken for that instant, and not before")
    func wake() {
        var world = EngineWorld([backup()])
        #expect(world.engine.nextWake(after: world.now) == EngineWorld.start + 26 * hour)
        world.run("backup", good)
        #expect(world.engine.nextWake(after: world.now) == EngineWorld.start + 1 + 26 * hour)
    }

    @Test("silent: it starts, and does not succeed for that long; a late one is not silent besides")
    func silent() async throws {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.run("backup", good)
        for _ in 0..<3 {
            world.sleep(12 * hour)
            world.run("backup", bad)
            try await world.kill()
        }
        #expect(told(world) == ["backup failed", "backup silent"])
        world.run("backup", good)
        #expect(told(world) == ["backup failed", "backup silent", "backup recovered"])
        world.sleep(30 * hour)
        #expect(told(world).suffix(1) == ["backup late"])
    }

    @Test("a run that hangs is silent, not late")
    func hanging() {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.handle(.startRequested(job: "backup", via: "test", evenIfRunning: false))
        world.sleep(60 * hour)
        #expect(told(world) == ["backup silent"])
    }

    @Test("slow: longer than the factor times the median of good runs, while it runs, and only once enough are known")
    func slow() async throws {
        var world = EngineWorld([backup(DeadlineRule(slowerThan: 3)), message("message", "backup", all)])
        for _ in 0..<DeadlineRule.leastRuns - 1 { world.run("backup", good, took: 100) }
        world.run("backup", good, took: 5000)
        #expect(told(world).isEmpty)
        // A restart keeps what is known: the median of four times 100 s and once 5000 s.
        try await world.kill()
        world.handle(.startRequested(job: "backup", via: "test", evenIfRunning: false))
        world.sleep(299)
        #expect(told(world).isEmpty)
        world.sleep(2)
        #expect(told(world) == ["backup slow"])
        world.end("backup", good)
        #expect(told(world) == ["backup slow", "backup recovered"])
    }

    @Test("a run of seconds is not slow within a minute")
    func short() {
        var world = EngineWorld([backup(DeadlineRule(slowerThan: 2)), message("message", "backup", all)])
        for _ in 0..<6 { world.run("backup", good, took: 1) }
        world.handle(.startRequested(job: "backup", via: "test", evenIfRunning: false))
        world.sleep(59)
        #expect(told(world).isEmpty)
        world.sleep(2)
        #expect(told(world) == ["backup slow"])
    }

    @Test("in a pause nothing is late, and after it the time begins anew", arguments: [nil, "backup"])
    func paused(job: String?) {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.handle(.pauseRequested(job: job, until: world.now + 100 * hour, via: "test"))
        world.sleep(99 * hour)
        #expect(told(world).isEmpty)
        world.sleep(26 * hour)
        #expect(told(world).isEmpty)
        world.sleep(2 * hour)
        #expect(told(world) == ["backup late"])
    }

    @Test("a clock that is set makes nothing late")
    func jump() {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.run("backup", good)
        world.handle(.clockJumped(.seconds(100 * hour)), after: 100 * hour)
        #expect(told(world).isEmpty)
        world.sleep(26.1 * hour)
        #expect(told(world) == ["backup late"])
    }

    @Test("a deadline that is removed or disabled takes what it said with it, and begins anew when it is back")
    func removed() async throws {
        var world = EngineWorld([backup(), message("message", "backup", all)])
        world.sleep(27 * hour)
        #expect(world.engine.jobs["backup"]?.problems[.late] != nil)
        world.handle(.reloaded([JobDefinition(name: "backup"), message("message", "backup", all)]))
        #expect(world.engine.jobs["backup"]?.problems.isEmpty == true)
        let stored = try await world.store.load()
        #expect(stored.problems["backup"]?.isEmpty ?? true)
        world.handle(.reloaded(world.jobs), after: 100 * hour)
        world.sleep(25 * hour)
        #expect(told(world) == ["backup late"])
        world.sleep(2 * hour)
        #expect(told(world) == ["backup late", "backup late"])
    }
}

import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

/// Each rule about when a run starts, with what tries to break it.
@Suite("policies")
struct EnginePolicyTests {
    private let t = EngineWorld.start

    private func every(_ seconds: Int) -> [Trigger] { [.schedule(.every(.seconds(seconds)), atStart: false)] }
    private func cron(_ text: String) throws -> [Trigger] { [.schedule(.cron(try CronExpression(text), .utc), atStart: false)] }

    private func runs(_ world: EngineWorld, _ job: String) -> [Run] { world.store.allRuns.filter { $0.job == job } }
    private func active(_ world: EngineWorld) -> [String] { world.engine.runs.active.map(\.job) }

    // MARK: Priorities and slots

    @Test("of those that wait, more priority comes first, then what was due first; a reload changes the order")
    func priorities() {
        func jobs(_ last: Int) -> [JobDefinition] {
            [("low", -1), ("usual", 0), ("other", 0), ("high", last)].map { JobDefinition(name: $0, group: "one", priority: $1) }
        }
        var world = EngineWorld(jobs(7))
        for name in ["low", "other", "usual", "high"] { world.handle(.startRequested(job: name, via: "test", evenIfRunning: false)) }
        #expect(active(world) == ["low"])
        world.end("low", good)
        #expect(active(world) == ["high"])
        world.handle(.startRequested(job: "high", via: "test", evenIfRunning: true))
        world.handle(.startRequested(job: "low", via: "test", evenIfRunning: false))
        world.handle(.reloaded(jobs(-7)))
        var order: [String] = []
        while let job = active(world).first {
            order.append(job)
            world.end(job, good)
        }
        #expect(order == ["high", "other", "usual", "low", "high"])
    }

    @Test("no more run at once than there are slots, and a service needs none")
    func slots() {
        var world = EngineWorld((0..<4).map { JobDefinition(name: "job\($0)") } + [JobDefinition(name: "app", isService: true)])
        world.handle(.limitChanged(2))
        for name in ["job0", "job1", "job2", "job3", "app"] { world.handle(.startRequested(job: name, via: "test", evenIfRunning: false)) }
        #expect(active(world) == ["job0", "job1", "app"])
        world.end("job0", good)
        #expect(Set(active(world)) == ["job1", "job2", "app"])
    }

    // MARK: Start deadlines

    @Test("a run that waits for longer than its start deadline is given up, at that instant and with the reason")
    func startDeadline() throws {
        var world = EngineWorld([
            JobDefinition(name: "long", group: "disk"),
            JobDefinition(name: "daily", triggers: every(3600), fireRule: FireRule(startDeadline: .seconds(600)), group: "disk"),
        ])
        world.handle(.startRequested(job: "long", via: "test", evenIfRunning: false), after: 3590)
        world.sleep(20)
        #expect(runs(world, "daily").map(\.state) == [.queued])
        #expect(world.engine.nextWake(after: world.now) == t + 3600 + 600.001)
        world.sleep(700)
        let run = try #require(runs(world, "daily").first)
        #expect(run.state.outcome == .skipped && run.summary == "it could not start within 10m: long of the same group is running", "\(run)")
        world.end("long", good)
        #expect(active(world).isEmpty)
    }

    @Test("with overlap: queue the deadline counts from the newest time that the waiting run stands for")
    func startDeadlineOfQueue() {
        var world = EngineWorld([
            JobDefinition(name: "a", triggers: every(300), overlap: .queue, fireRule: FireRule(startDeadline: .seconds(400)))
        ])
        world.sleep(301)
        world.sleep(1500)
        world.end("a", good)
        #expect(active(world) == ["a"])
        #expect(runs(world, "a").map(\.missed) == [0, 4])
    }

    @Test("jitter does not make a time older: it is not dropped for it")
    func startDeadlineAfterJitter() throws {
        let rule = FireRule(startDeadline: .seconds(60), jitter: .seconds(3000))
        var world = EngineWorld([JobDefinition(name: "a", triggers: try cron("0 * * * *"), fireRule: rule)])
        for _ in 0..<(48 * 60) {
            world.sleep(60)
            world.end("a", good)
        }
        #expect(runs(world, "a").allSatisfy { $0.state.outcome == .succeeded })
        #expect(runs(world, "a").count >= 47)
    }

    @Test("jitter that is longer than the distance lets each time have its own run", arguments: CatchUp.allCases)
    func longJitter(catchUp: CatchUp) throws {
        var world = EngineWorld([
            JobDefinition(name: "a", triggers: try cron("*/5 * * * *"), fireRule: FireRule(catchUp: catchUp, jitter: .seconds(3600)))
        ])
        let count = 288
        while runs(world, "a").count < count, world.now < t + 2 * 86_400, let wake = world.engine.nextWake(after: world.now) {
            world.handle(.tick, after: wake.timeIntervalSince(world.now))
            world.end("a", good, took: 0.01)
        }
        let found = runs(world, "a")
        #expect(found.allSatisfy { $0.missed == 0 && $0.state.outcome == .succeeded })
        #expect(zip(found, found.dropFirst()).allSatisfy { $1.scheduledAt.timeIntervalSince($0.scheduledAt) == 300 })
        #expect(Set(found.map { $0.createdAt.timeIntervalSince($0.scheduledAt) }).count > 100)
    }

    // MARK: Overlap

    @Test("a run that waits stands for the times right after its own, and for none beyond times that were given up")
    func adjoining() throws {
        var world = EngineWorld([JobDefinition(name: "a", triggers: every(600), overlap: .queue, fireRule: FireRule(catchUp: .skip))])
        world.sleep(601)
        world.sleep(1200)
        #expect(runs(world, "a").map(\.missed) == [0, 1])
        // The host sleeps for two hours while the first run goes on.
        world.handle(.tick, after: 7300)
        world.sleep(600)
        let found = runs(world, "a")
        #expect(found.map(\.state.outcome) == [nil, nil, .skipped, .skipped])
        #expect(found[1].scheduledAt == t + 1800 && found[1].missed == 1)
        #expect(found[2].summary?.hasPrefix("missed while") == true && found[3].summary == "run 2 is waiting already and serves it too")
        #expect(found.reduce(0) { $0 + 1 + $1.missed } == 16)
    }

    // MARK: Retries

    @Test("named exit codes are tried again, others are not", arguments: [(75, 2), (1, 1)] as [(Int32, Int)])
    func exitCodes(code: Int32, attempts: Int) {
        let retry = RetryPolicy(attempts: 2, backoff: .seconds(1), backoffCap: .seconds(1), on: [.timeout], exitCodes: [75])
        var world = EngineWorld([JobDefinition(name: "a", retry: retry)])
        world.run("a", .failed(JobError("exited", retry: .pointless, exitCode: code)))
        world.sleep(2)
        world.end("a", .failed(JobError("exited", retry: .worthwhile, exitCode: 1)))
        #expect(runs(world, "a").map(\.state.outcome) == [.failed])
        #expect(runs(world, "a").first?.exitCode == 1 && (world.engine.jobs["a"]?.last?.finishedAt ?? t) > t)
        let starts = world.store.attemptCount(of: 1)
        #expect(starts == attempts)
    }

    // MARK: Requests with a key

    @Test("the same key is the same run: while it goes on, after its end, over a crash, and even if another one is wanted")
    func keys() async throws {
        var world = EngineWorld([JobDefinition(name: "a"), JobDefinition(name: "b"), JobDefinition(name: "off", disabled: .switchedOff)])
        func ask(_ job: String, _ key: String?) -> Reply? {
            let decision = world.engine.handle(.startRequested(job: job, via: "test", evenIfRunning: true, key: key), at: world.now)
            world.store.apply(decision.changes)
            return decision.reply
        }
        #expect(ask("a", "first") == .started(run: 1))
        #expect(ask("a", "first") == .joined(run: 1))
        #expect(ask("a", "second") == .started(run: 2))
        #expect(ask("a", nil) == .started(run: 3))
        #expect(ask("b", "first") == .started(run: 4))
        world.end("a", good)
        #expect(ask("a", "first") == .joined(run: 1))
        try await world.kill()
        #expect(ask("a", "first") == .joined(run: 1) && ask("b", "first") == .joined(run: 4))
        // What was refused is not remembered.
        #expect(ask("off", "x") == ask("off", "x") && world.store.requestCount == 3)
    }

    // MARK: Jobs in the background

    private func batch(_ wait: Int = 600) -> JobDefinition {
        JobDefinition(name: "batch", triggers: every(1000) + [.boot], background: Background(pressure: 50, wait: .seconds(wait)))
    }

    @Test("a job in the background begins when the machine is quiet")
    func quiet() {
        var world = EngineWorld([batch()])
        #expect(active(world) == ["batch"], "what belongs to the boot does not wait")
        world.end("batch", good)
        world.handle(.pressure(80))
        world.sleep(1000)
        #expect(active(world).isEmpty && world.engine.awaitsQuiet)
        let waiting = world.engine.runs.waiting.first
        #expect(waiting.flatMap { world.engine.obstacle(to: $0) } == "waits until the machine is quiet: processes wait 80 % of the time, and its limit is 50 %")
        world.handle(.pressure(50))
        #expect(active(world).isEmpty)
        world.handle(.pressure(49))
        #expect(active(world) == ["batch"] && !world.engine.awaitsQuiet)
    }

    @Test("it does not wait for ever, and not for a person")
    func patience() {
        var world = EngineWorld([batch()])
        world.end("batch", good)
        world.handle(.pressure(100))
        world.sleep(1000)
        #expect(active(world).isEmpty)
        world.sleep(590)
        #expect(active(world).isEmpty)
        world.sleep(20)
        #expect(active(world) == ["batch"])
        world.end("batch", good)
        world.handle(.startRequested(job: "batch", via: "test", evenIfRunning: false))
        #expect(active(world) == ["batch"])
    }
}

import Foundation
import JobKit
import Scheduler
import Synchronization
import TestSupport
import Testing

/// The actor around the engine: it records before it acts, and waits on the clock alone.
@Suite("job scheduler")
struct JobSchedulerTests {
    private let minutely = Trigger.schedule(.every(.seconds(60)), atStart: false)

    @Test("what is due at boot runs in the order of its needs, and all of it is recorded", .limited)
    func boot() async throws {
        let order = Mutex<[String]>([])
        func job(_ name: String, needs: [String] = []) -> ScheduledJob {
            .scripted(JobDefinition(name: name, triggers: [.boot], needs: needs)) { context in
                order.withLock { $0.append("\(context.job) of \(context.environment["OWN"] ?? "") run \(context.environment["SHIPKEEPER_RUN"] ?? "")") }
                context.log("a line of \(context.job)")
                return RunReport(summary: "did \(context.job)")
            }
        }
        let bench = SchedulerBench([job("second", needs: ["first"]), job("first")])
        try await bench.run { await bench.logs.wait(for: "second: succeeded: did second") }
        let runs = bench.store.allRuns
        #expect(runs.map(\.state.outcome) == [.succeeded, .succeeded] && Set(runs.map(\.job)) == ["first", "second"])
        let (first, second) = (try #require(runs.first { $0.job == "first" }), try #require(runs.first { $0.job == "second" }))
        #expect(order.withLock { $0 } == ["first of first run \(first.id)", "second of second run \(second.id)"])
        #expect(bench.logs.lines(of: first.id) == ["a line of first"])
        #expect(try await bench.store.attempts(of: first.id).map(\.number) == [1])
    }

    @Test("a schedule is followed as the clock moves, and a jump of it is recorded", .limited)
    func schedule() async throws {
        let bench = SchedulerBench([.good(JobDefinition(name: "a", triggers: [minutely]))])
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            #expect(bench.store.allRuns.isEmpty)
            for round in 1...3 {
                // The timer is set again by every decision, and looks after half a minute at the latest.
                while bench.outcomes(of: "a").count < round {
                    await bench.clock.waitForSleepers(1)
                    bench.clock.advance(by: .seconds(10))
                }
                await bench.logs.wait(for: "a: succeeded", times: round)
            }
            let spread = zip(bench.store.allRuns, bench.store.allRuns.dropFirst()).map { $1.scheduledAt.since($0.scheduledAt) }
            #expect(spread.allSatisfy { $0 == .seconds(60) }, "\(spread)")
            await bench.clock.waitForSleepers(1)
            bench.clock.jump(by: .seconds(3600))
            await bench.logs.wait(for: "clock")
        }
        #expect(try await bench.store.events(limit: 10).contains { $0.message.contains("clock") })
    }

    @Test("a failed attempt is tried again when its time has come, and its words are clean", .limited)
    func retry() async throws {
        let attempts = Gate()
        let policy = RetryPolicy(attempts: 2, backoff: .seconds(100), backoffCap: .seconds(100))
        let bench = SchedulerBench(
            [
                .scripted(JobDefinition(name: "a", triggers: [.boot], retry: policy)) { context throws(JobError) in
                    attempts.open()
                    if context.attempt == 1 { throw JobError("the key s3cret is not accepted", hint: "not s3cret", retry: .worthwhile) }
                    return RunReport(summary: "with s3cret")
                }
            ], secret: "s3cret")
        try await bench.run {
            await bench.logs.wait(for: "a: the key <secret> is not accepted; not <secret>; retrying in")
            #expect(attempts.count == 1)
            while attempts.count < 2 {
                await bench.clock.waitForSleepers(1)
                bench.clock.advance(by: .seconds(10))
            }
            await bench.logs.wait(for: "a: succeeded: with <secret>")
        }
        let run = try #require(bench.store.allRuns.first)
        #expect(run.summary == "with <secret>" && !bench.logs.notes.contains { $0.contains("s3cret") })
        #expect(try await bench.store.attempts(of: run.id).map(\.number) == [1, 2])
    }

    @Test("a person's request is answered once it is recorded; a second one joins, and a stop ends it", .limited)
    func requests() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "a"), begun: begun)])
        try await bench.run {
            let first = await bench.scheduler.ask(.startRequested(job: "a", via: "test", evenIfRunning: false))
            guard case .started(let run) = first else { throw Unexpected(first) }
            #expect(bench.store.allRuns.map(\.id) == [run], "it was answered before it was recorded")
            await begun.wait()
            #expect(await bench.scheduler.ask(.startRequested(job: "a", via: "test", evenIfRunning: false)) == .joined(run: run))
            #expect(await bench.scheduler.ask(.startRequested(job: "b", via: "test", evenIfRunning: false)) == .noSuchJob)
            #expect(await bench.scheduler.snapshot()?.jobs.first?.current?.id == run)
            #expect(await bench.scheduler.ask(.stopRequested(job: "a")) == .stopping(run: run))
            await bench.logs.wait(for: "a: cancelled")
            #expect(await bench.scheduler.ask(.stopRequested(job: "a")) == .notRunning)
        }
        #expect(bench.outcomes(of: "a") == [.cancelled])
    }

    @Test("a stop ends what goes on, gives what belongs to it as long as it may take, and refuses whoever asks afterwards", .limited)
    func stopping() async throws {
        let begun = Gate()
        func sleeper(_ name: String, _ trigger: Trigger, left: Duration) -> ScheduledJob {
            .scripted(JobDefinition(name: name, triggers: [trigger])) { context throws(JobError) in
                begun.open()
                do { try await context.clock.sleep(until: .distantFuture) } catch {
                    #expect(context.stopBudgetLeft() == left)
                    throw JobError("was ended")
                }
                return RunReport(summary: "")
            }
        }
        let bench = SchedulerBench([
            // Runs are gone in time for the services to stop after them.
            sleeper("other", .boot, left: .milliseconds(6250)), sleeper("slow", .stop, left: .milliseconds(1250)),
            .good(JobDefinition(name: "last", triggers: [.stop])),
        ])
        async let ended: Void = bench.scheduler.run()
        await begun.wait()
        bench.scheduler.shutDown(budget: .seconds(10), runs: .seconds(5))
        await bench.logs.wait(for: "other: cancelled")
        await bench.logs.wait(for: "last: succeeded")
        await begun.wait(2)
        // The one that is slow, and the timer.
        await bench.clock.waitForSleepers(2)
        #expect(bench.outcomes(of: "slow") == [nil])
        bench.clock.advance(by: .seconds(5))
        try await ended
        #expect(bench.outcomes(of: "other") == [.cancelled] && bench.outcomes(of: "slow") == [.cancelled] && bench.outcomes(of: "last") == [.succeeded])
        #expect(await bench.scheduler.ask(.startRequested(job: "last", via: "test", evenIfRunning: false)) == .refused("the program is stopping"))
    }

    @Test("an attempt that takes no notice of being told to end is named after its own patience, not that of the one before", .limited)
    func stuck() async throws {
        let (begun, told, release) = (Gate(), Gate(), Gate())
        let retry = RetryPolicy(attempts: 2, backoff: .seconds(1), backoffCap: .seconds(1), factor: 1, on: [.timeout])
        let job = ScheduledJob.scripted(JobDefinition(name: "a", triggers: [.boot], timeout: .seconds(10), retry: retry)) { context throws(JobError) in
            begun.open()
            try? await context.clock.sleep(until: .distantFuture)
            told.open()
            if context.attempt == 2 { await release.wait() }
            throw JobError("was ended")
        }
        let bench = SchedulerBench([job])
        try await bench.run {
            await begun.wait()
            await bench.clock.waitForSleeper(for: .seconds(10))
            bench.clock.advance(by: .seconds(10))
            await bench.logs.wait(for: "retrying in")
            // The look at the first attempt, and the timer: the second one begins within a second.
            await bench.clock.waitForSleeper(for: .seconds(15))
            await bench.clock.waitForSleepers(2)
            bench.clock.advance(by: .seconds(1))
            await begun.wait(2)
            await bench.clock.waitForSleeper(for: .seconds(10))
            bench.clock.advance(by: .seconds(10))
            await told.wait(2)
            await bench.clock.waitForSleeper(for: .seconds(15))
            // The first attempt's patience is over, and that of the second is not.
            bench.clock.advance(by: .seconds(4))
            for _ in 0..<100 { _ = await bench.scheduler.snapshot() }
            #expect(!bench.logs.notes.contains { $0.contains("was asked to end") })
            bench.clock.advance(by: .seconds(11))
            await bench.logs.wait(for: "was asked to end 15s ago")
            #expect(bench.logs.notes.count { $0.contains("was asked to end") } == 1)
            release.open()
        }
    }

    @Test("a reload brings new jobs, other work for old ones, and ends what is no longer there", .limited)
    func reload() async throws {
        let bench = SchedulerBench([
            .good(JobDefinition(name: "changed")),
            .scripted(JobDefinition(name: "gone", triggers: [.boot])) { context throws(JobError) in
                do { try await context.clock.sleep(until: .distantFuture) } catch { throw JobError("was ended") }
                return RunReport(summary: "")
            },
        ])
        try await bench.run {
            await bench.clock.waitForSleepers(2)
            await bench.scheduler.reload([
                .scripted(JobDefinition(name: "changed")) { _ in RunReport(summary: "other work") }, .good(JobDefinition(name: "new")),
            ])
            await bench.logs.wait(for: "gone: cancelled")
            for job in ["changed", "new"] { _ = await bench.scheduler.ask(.startRequested(job: job, via: "test", evenIfRunning: false)) }
            await bench.logs.wait(for: "changed: succeeded: other work")
            await bench.logs.wait(for: "new: succeeded")
            #expect(await bench.scheduler.ask(.startRequested(job: "gone", via: "test", evenIfRunning: false)) == .noSuchJob)
        }
    }

    @Test("nothing is begun while it can't be recorded, and it goes on by itself", .limited)
    func unwritable() async throws {
        let memory = InMemoryStore()
        let store = BrokenStore(memory)
        let begun = Gate()
        let bench = SchedulerBench(
            [
                .scripted(JobDefinition(name: "a")) { _ in
                    begun.open()
                    return RunReport(summary: "done")
                }
            ], memory: memory, store: store)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            store.fails.withLock { $0 = true }
            async let reply = bench.scheduler.ask(.startRequested(job: "a", via: "test", evenIfRunning: false))
            await bench.logs.wait(for: "the state file can't be written: the disk is full")
            for _ in 0..<5 {
                await bench.clock.waitForSleepers(2)
                bench.clock.advance(by: .seconds(1))
            }
            #expect(begun.count == 0 && memory.allRuns.isEmpty)
            #expect(bench.logs.notes.count { $0.contains("can't be written") } == 1, "once is enough")
            await bench.clock.waitForSleepers(2)
            store.fails.withLock { $0 = false }
            bench.clock.advance(by: .seconds(1))
            await bench.logs.wait(for: "the state file can be written again")
            guard case .started = await reply else { throw Unexpected(await reply) }
            await bench.logs.wait(for: "a: succeeded: done")
        }
    }

    @Test("a stop comes to its end though nothing can be recorded, and a state that can't be read is an error", .limited)
    func stopWithoutStore() async throws {
        let memory = InMemoryStore()
        let store = BrokenStore(memory)
        let bench = SchedulerBench([.good(JobDefinition(name: "a", triggers: [.stop]))], memory: memory, store: store)
        async let ended: Void = bench.scheduler.run()
        await bench.clock.waitForSleepers(1)
        store.fails.withLock { $0 = true }
        bench.scheduler.shutDown(budget: .seconds(10), runs: .seconds(5))
        try await ended
        await #expect(throws: StoreError.self) { try await SchedulerBench([], store: store).scheduler.run() }
    }
}

private struct Unexpected: Error {
    var reply: Reply?
    init(_ reply: Reply?) { self.reply = reply }
}

/// A store whose disk is full while the test says so.
private final class BrokenStore: RunStore {
    let fails = Mutex(false)
    private let inner: InMemoryStore

    init(_ inner: InMemoryStore) { self.inner = inner }

    private func check() throws(StoreError) { if fails.withLock({ $0 }) { throw StoreError("the disk is full") } }

    func load() async throws(StoreError) -> StoredState {
        try check()
        return try await inner.load()
    }

    func commit(_ changes: [StoreChange]) async throws(StoreError) {
        try check()
        try await inner.commit(changes)
    }

    func runs(_ query: RunQuery) async throws(StoreError) -> [Run] { try await inner.runs(query) }
    func run(_ id: Int64) async throws(StoreError) -> Run? { try await inner.run(id) }
    func attempts(of run: Int64) async throws(StoreError) -> [Attempt] { try await inner.attempts(of: run) }
    func events(limit: Int) async throws(StoreError) -> [Event] { try await inner.events(limit: limit) }
    func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        try await inner.prune(keeping: mostRuns, since: oldest)
    }
}

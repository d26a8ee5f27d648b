import Foundation
import JobKit
import TestSupport
import Testing

@testable import Scheduler

/// What a program sees and writes that runs one job alone: everything else waits for the one that runs the whole configuration.
@Suite("the record of one job")
struct OneJobStoreTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func run(_ id: Int64, _ job: String, _ state: RunState) -> Run { Run(id: id, job: job, cause: .boot, scheduledAt: t, createdAt: t, state: state) }

    private func whole() -> InMemoryStore {
        let store = InMemoryStore()
        store.apply([
            .save(run(1, "a", .running(attempt: 1, since: t))), .save(run(2, "a", .queued)), .save(run(3, "a", .waitingToRetry(nextAttempt: 2, at: t))),
            .save(run(4, "b", .running(attempt: 1, since: t))), .save(run(5, "b", .finished(.failed, at: t))), .save(run(6, "a", .finished(.failed, at: t))),
            .cursor(job: "a", schedule: "hourly", t), .cursor(job: "b", schedule: "daily", t), .pause(Pause(job: nil, since: t, until: nil, via: "test")),
            .serviceStopped(job: "s", at: t), .problem(job: "a", JobProblem(.failed, since: t, message: "a")),
            .problem(job: "b", JobProblem(.failed, since: t, message: "b")),
        ])
        return store
    }

    @Test("of what was left unfinished it sees the job's own attempts that were cut off, and its history")
    func load() async throws {
        let seen = try await OneJobStore(whole(), job: "a").load()
        #expect(seen.unfinished.map(\.id) == [1])
        #expect(seen.last.keys.sorted() == ["a"] && seen.problems.keys.sorted() == ["a"] && seen.highestRunID == 6)
        #expect(seen.cursors.isEmpty && seen.pauses.isEmpty && seen.stoppedServices.isEmpty && seen.deadlines.isEmpty)
    }

    @Test("all that an engine decides with one job changes nothing but that job's runs and problems")
    func boot() async throws {
        let whole = whole()
        let before = try await whole.load()
        let store = OneJobStore(whole, job: "a")
        let definition = JobDefinition(
            name: "a", triggers: [.schedule(.every(.seconds(60)), atStart: true), .boot], needs: ["b"],
            retry: RetryPolicy(attempts: 3, on: [.error, .interrupted])
        ).runOnce
        var (engine, decision) = Engine.boot([definition], stored: try await store.load(), mostParallel: 1, at: t + 60)
        try await store.commit(decision.changes)
        #expect(!decision.effects.contains { if case .start = $0 { true } else { false } }, "nothing starts by itself: \(decision.effects)")
        decision = engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: true), at: t + 61)
        try await store.commit(decision.changes)
        #expect(decision.reply == .started(run: 7), "\(String(describing: decision.reply))")
        decision = engine.handle(.attemptEnded(run: 7, .succeeded(RunReport(summary: "done"))), at: t + 62)
        try await store.commit(decision.changes)
        let after = try await whole.load()
        #expect(after.cursors == before.cursors && after.pauses == before.pauses && after.stoppedServices == before.stoppedServices)
        #expect(after.problems["b"] == before.problems["b"])
        #expect(after.unfinished.map(\.id) == [2, 3, 4], "what waits still waits, and what was cut off is accounted for")
        #expect(whole.allRuns.first { $0.id == 1 }?.state.outcome == .interrupted && whole.allRuns.last?.state.outcome == .succeeded)
        #expect(try await whole.events(limit: 10).isEmpty)
    }
}

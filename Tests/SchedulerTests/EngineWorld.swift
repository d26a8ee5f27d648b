import Foundation
import JobKit
import Scheduler
import TestSupport

/// An engine whose record survives it, moved by hand.
struct EngineWorld {
    static let start = Date(timeIntervalSince1970: 1_790_000_000)

    let jobs: [JobDefinition]
    let store = InMemoryStore()
    var engine: Engine
    var now: Date
    var changes: [StoreChange] = []

    init(_ jobs: [JobDefinition], stored: StoredState = StoredState(), at start: Date = EngineWorld.start) {
        self.jobs = jobs
        now = start
        let (engine, decision) = Engine.boot(jobs, stored: stored, mostParallel: 8, at: now)
        self.engine = engine
        store.apply(decision.changes)
    }

    mutating func handle(_ event: EngineEvent, after seconds: Double = 1) {
        now += seconds
        let decision = engine.handle(event, at: now)
        changes = decision.changes
        store.apply(changes)
    }

    /// Starts a job and ends its attempt.
    mutating func run(_ job: String, _ result: AttemptResult, took seconds: Double = 1) {
        handle(.startRequested(job: job, via: "test", evenIfRunning: false))
        end(job, result, took: seconds)
    }

    mutating func end(_ job: String, _ result: AttemptResult, took seconds: Double = 1) {
        guard let run = engine.runs.values.first(where: { $0.job == job && $0.state.activeAttempt != nil }) else { return }
        handle(.attemptEnded(run: run.id, result), after: seconds)
    }

    /// The program is killed, and started again.
    mutating func kill(after seconds: Double = 1, _ jobs: [JobDefinition]? = nil) async throws {
        now += seconds
        let (engine, decision) = Engine.boot(jobs ?? self.jobs, stored: try await store.load(), mostParallel: 8, at: now)
        self.engine = engine
        store.apply(decision.changes)
    }

    /// What a job was started for: `backup failed`.
    func messages(_ name: String = "message") -> [String] {
        store.allRuns.filter { $0.job == name }.compactMap { run in
            guard case .after(let job, _, let outcome) = run.cause else { return nil }
            return "\(job) \(outcome ?? "")"
        }
    }

    /// Ticks whenever the engine wants to be woken, until an instant.
    mutating func sleep(_ seconds: Double) {
        let end = now + seconds
        while let wake = engine.nextWake(after: now), wake <= end { handle(.tick, after: wake.timeIntervalSince(now)) }
        handle(.tick, after: end.timeIntervalSince(now))
    }
}

func message(_ name: String = "message", _ job: String = Followers.anyJob, _ outcomes: [Trigger.AfterOutcome] = [.problem, .recovered]) -> JobDefinition {
    JobDefinition(name: name, triggers: outcomes.map { .after(job: job, $0) }, retry: .ofMessages, overlap: .all, isMessage: true)
}

let good = AttemptResult.succeeded(RunReport(summary: "stored"))
let bad = AttemptResult.failed(JobError("did not work", retry: .worthwhile))

package import Foundation
import JobKit

/// The record as a program sees it that runs one job, once: what belongs to that job is read and written, and all else is left as it is for the program that runs
/// the whole configuration: other jobs, schedules, pauses, and runs that wait.
package struct OneJobStore: RunStore {
    private let store: any RunStore
    private let job: String

    package init(_ store: any RunStore, job: String) { (self.store, self.job) = (store, job) }

    /// What a killed program has left running is accounted for; what waits is left to wait.
    package func load() async throws(StoreError) -> StoredState {
        let all = try await store.load()
        func own<Value>(_ values: [String: Value]) -> [String: Value] { values.filter { $0.key == job } }
        return StoredState(
            unfinished: all.unfinished.filter { $0.job == job && $0.isUnderWay }, last: own(all.last), lastReports: own(all.lastReports),
            verdicts: own(all.verdicts), lastStored: own(all.lastStored), durations: own(all.durations), problems: own(all.problems),
            highestRunID: all.highestRunID)
    }

    package func commit(_ changes: [StoreChange]) async throws(StoreError) {
        let own = changes.filter { $0.isRecorded(of: job) }
        if !own.isEmpty { try await store.commit(own) }
    }

    package func runs(_ query: RunQuery) async throws(StoreError) -> [Run] { try await store.runs(query) }
    package func run(_ id: Int64) async throws(StoreError) -> Run? { try await store.run(id) }
    package func attempts(of run: Int64) async throws(StoreError) -> [Attempt] { try await store.attempts(of: run) }
    package func events(limit: Int) async throws(StoreError) -> [Event] { try await store.events(limit: limit) }
    package func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        try await store.prune(keeping: mostRuns, since: oldest)
    }
    package func complaint() async -> String? { await store.complaint() }
}

extension Run {
    fileprivate var isUnderWay: Bool {
        switch state {
        case .running, .ending: true
        case .queued, .waitingToRetry, .deferred, .finished: false
        }
    }
}

extension StoreChange {
    /// Whether it says something of the job that is true whatever else the configuration holds.
    fileprivate func isRecorded(of job: String) -> Bool {
        switch self {
        case .save(let run): run.job == job
        // There are none but those of its runs.
        case .saveAttempt: true
        case .event(let event): event.job == job
        case .problem(let name, _), .problemOver(let name, _): name == job
        case .cursor, .forgetCursor, .service, .serviceStopped, .serviceWanted, .pause, .resume, .deadline, .request: false
        }
    }
}

extension JobDefinition {
    /// The same work without anything that would start it by itself, or make it wait for another job: for a program that runs it once.
    package var runOnce: JobDefinition {
        var once = self
        (once.triggers, once.needs, once.deadline) = ([], [], nil)
        // A run that an earlier program has left is not continued: it was asked for by somebody else.
        once.retry.on.remove(.interrupted)
        return once
    }
}

package import Foundation
package import JobKit
package import Scheduler
import Synchronization

/// A store that forgets with the test.
package final class InMemoryStore: RunStore, KeyValues {
    private struct State {
        var runs: [Int64: Run] = [:]
        var attempts: [Int64: [Int: Attempt]] = [:]
        var cursors: [StoredState.CursorKey: Date] = [:]
        var events: [Event] = []
        var values: [String: String] = [:]
        var pauses: [String?: Pause] = [:]
        var stoppedServices: [String: Date] = [:]
        var problems: [String: [JobProblem.Kind: JobProblem]] = [:]
        var deadlines: [String: DeadlineState] = [:]
        var requests: [RequestKey: Int64] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func load() async throws(StoreError) -> StoredState {
        state.withLock { state in
            var stored = StoredState(
                unfinished: state.runs.values.filter { $0.state.outcome == nil }.sorted { $0.id < $1.id },
                problems: state.problems.mapValues { Array($0.values) }, deadlines: state.deadlines, cursors: state.cursors,
                highestRunID: state.runs.keys.max() ?? 0, pauses: Array(state.pauses.values),
                stoppedServices: state.stoppedServices, requests: state.requests)
            for run in state.runs.values.sorted(by: { $0.id < $1.id }) {
                guard let outcome = run.state.outcome, outcome != .skipped, !run.cause.isDryRun else { continue }
                stored.last[run.job] = run
                if outcome.didWork { stored.lastReports[run.job] = run }
                if outcome.isVerdict { stored.verdicts[run.job] = run }
                if run.hasStoredBackup { stored.lastStored[run.job] = run }
                guard outcome == .succeeded, let start = run.startedAt, let end = run.finishedAt else { continue }
                stored.durations[run.job, default: []].insert(end.since(start), at: 0)
            }
            stored.durations = stored.durations.filter { state.deadlines[$0.key] != nil }.mapValues { Array($0.prefix(DeadlineRule.mostRuns)) }
            return stored
        }
    }

    package func commit(_ changes: [StoreChange]) async throws(StoreError) { apply(changes) }

    /// The same without waiting, for simulations.
    package func apply(_ changes: [StoreChange]) {
        state.withLock { state in
            for change in changes {
                switch change {
                case .save(let run): state.runs[run.id] = run
                case .saveAttempt(let attempt): state.attempts[attempt.run, default: [:]][attempt.number] = attempt
                case .cursor(let job, let schedule, let date): state.cursors[.init(job: job, schedule: schedule)] = date
                case .forgetCursor(let job, let schedule): state.cursors[.init(job: job, schedule: schedule)] = nil
                case .event(let event): state.events.append(event)
                case .pause(let pause): state.pauses[pause.job] = pause
                case .resume(let job): state.pauses[job] = nil
                case .serviceStopped(let job, let at): state.stoppedServices[job] = at
                case .serviceWanted(let job): state.stoppedServices[job] = nil
                case .problem(let job, let problem): state.problems[job, default: [:]][problem.kind] = problem
                case .problemOver(let job, let kind): state.problems[job]?[kind] = nil
                case .deadline(let job, let deadline): state.deadlines[job] = deadline
                case .request(let request, let run): state.requests[request] = run
                case .service: break
                }
            }
        }
    }

    /// How many attempts of a run there were.
    package func attemptCount(of run: Int64) -> Int { state.withLock { $0.attempts[run]?.count ?? 0 } }
    /// How many requests are remembered by their keys.
    package var requestCount: Int { state.withLock { $0.requests.count } }

    package var allRuns: [Run] { state.withLock { $0.runs.values.sorted { $0.id < $1.id } } }

    package func runs(_ query: RunQuery) async throws(StoreError) -> [Run] { query.select(from: allRuns) }

    package func run(_ id: Int64) async throws(StoreError) -> Run? { state.withLock { $0.runs[id] } }

    package func attempts(of run: Int64) async throws(StoreError) -> [Attempt] {
        state.withLock { $0.attempts[run, default: [:]].values.sorted { $0.number < $1.number } }
    }

    package func events(limit: Int) async throws(StoreError) -> [Event] { state.withLock { Array($0.events.suffix(limit).reversed()) } }

    package func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        state.withLock { state in
            var gone: [Int64] = []
            for (_, runs) in Dictionary(grouping: state.runs.values, by: \.job) {
                let ended = runs.filter { $0.state.outcome != nil && $0.state.outcome != .skipped && !$0.cause.isDryRun }
                let kept = Set([
                    ended.map(\.id).max(), ended.filter { $0.state.outcome?.didWork == true }.map(\.id).max(),
                    ended.filter { $0.state.outcome?.isVerdict == true }.map(\.id).max(), ended.filter(\.hasStoredBackup).map(\.id).max(),
                ])
                for (place, run) in runs.sorted(by: { $0.id > $1.id }).enumerated() {
                    guard let at = run.finishedAt, !kept.contains(run.id), place >= mostRuns || at < oldest else { continue }
                    gone.append(run.id)
                }
            }
            for id in gone { state.runs[id] = nil }
            state.requests = state.requests.filter { !gone.contains($0.value) }
            return gone
        }
    }

    package func value(_ key: String, of owner: String) async throws(JobError) -> String? {
        state.withLock { $0.values["\(owner)\0\(key)"] }
    }

    package func values(of owner: String) async throws(JobError) -> [String: String] {
        let prefix = "\(owner)\0"
        return state.withLock { state in
            Dictionary(uniqueKeysWithValues: state.values.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
    }

    package func set(_ values: [String: String?], of owner: String) async throws(JobError) {
        state.withLock { state in for (key, value) in values { state.values["\(owner)\0\(key)"] = value } }
    }
}

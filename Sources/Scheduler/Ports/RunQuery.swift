package import Foundation

/// Which recorded runs are asked for.
package struct RunQuery: Hashable, Sendable {
    package enum Selection: Hashable, Sendable {
        case all
        /// Those that have begun: not what waits still, or was skipped.
        case started
        /// The newest of each job that has begun.
        case newestStartedOfEachJob
    }

    /// Nil for those of all jobs.
    package var job: String?
    package var selection: Selection
    /// With one of these; nil for all, unfinished ones included.
    package var outcomes: Set<RunOutcome>?
    /// Unfinished, or ended at this instant or later.
    package var since: Date?
    package var limit: Int

    package init(job: String? = nil, _ selection: Selection = .all, outcomes: Set<RunOutcome>? = nil, since: Date? = nil, limit: Int) {
        self.job = job
        self.selection = selection
        self.outcomes = outcomes
        self.since = since
        self.limit = limit
    }

    /// The runs that are asked for, newest first.
    package func select(from runs: some Sequence<Run>) -> [Run] {
        var found = runs.filter(matches).sorted { $0.id > $1.id }
        if selection == .newestStartedOfEachJob {
            var known: Set<String> = []
            found = found.filter { known.insert($0.job).inserted }
        }
        return Array(found.prefix(limit))
    }

    private func matches(_ run: Run) -> Bool {
        if let job, run.job != job { return false }
        if selection != .all, run.startedAt == nil { return false }
        // The newest of a job is chosen before anything else is looked at.
        guard selection != .newestStartedOfEachJob else { return true }
        if let outcomes {
            guard let outcome = run.state.outcome, outcomes.contains(outcome) else { return false }
        }
        if let since, let end = run.finishedAt, end < since { return false }
        return true
    }
}

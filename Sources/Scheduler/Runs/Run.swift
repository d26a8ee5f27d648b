package import Foundation
package import JobKit

/// One execution of a job, from due to finished, as it is recorded. Instants are UTC, by the wall clock.
package struct Run: Hashable, Sendable, Identifiable {
    /// Unique in one state file, in the order in which runs were recorded.
    package var id: Int64
    /// The job's name, which may no longer be in the configuration.
    package var job: String
    /// Why it exists.
    package var cause: RunCause
    /// The reason that was given with a manual start; nil for none.
    package var reason: String?
    /// The scheduled time, or the instant of the request.
    package var scheduledAt: Date
    /// How many further scheduled times the run accounts for.
    package var missed: Int
    /// When it was recorded as queued.
    package var createdAt: Date
    /// Where it is; `RunState.after` is the only way on.
    package var state: RunState
    /// When its first attempt began; nil while it waits.
    package var startedAt: Date?
    /// The result in one line, or why it was skipped; nil before the end.
    package var summary: String?
    /// What went wrong, in one line; nil for nothing.
    package var error: String?
    /// What to do about the error.
    package var hint: String?
    /// Of the last attempt's process; nil where there was none.
    package var exitCode: Int32?
    /// The facts that the job reported, for programs; nil while it has not.
    package var result: RunResult?
    /// What the job reported as needing manual action.
    package var attention: [Attention]

    package init(
        id: Int64, job: String, cause: RunCause, reason: String? = nil, scheduledAt: Date, missed: Int = 0, createdAt: Date,
        state: RunState = .queued, startedAt: Date? = nil, summary: String? = nil, error: String? = nil,
        hint: String? = nil, exitCode: Int32? = nil, result: RunResult? = nil, attention: [Attention] = []
    ) {
        self.id = id
        self.job = job
        self.cause = cause
        self.reason = reason
        self.scheduledAt = scheduledAt
        self.missed = missed
        self.createdAt = createdAt
        self.state = state
        self.startedAt = startedAt
        self.summary = summary
        self.error = error
        self.hint = hint
        self.exitCode = exitCode
        self.result = result
        self.attention = attention
    }

    /// Whether a server asked to wait before the next attempt.
    package var isDeferred: Bool { if case .deferred = state { true } else { false } }

    /// Whether it has stored a complete backup as a new version.
    package var hasStoredBackup: Bool {
        guard state.outcome == .succeeded, case .backup(let backup) = result else { return false }
        return backup.outcome == .stored
    }

    /// When it ended; nil before.
    package var finishedAt: Date? {
        if case .finished(_, let at) = state { at } else { nil }
    }
}

/// One try within a run, as it is recorded.
package struct Attempt: Hashable, Sendable {
    /// The run's id.
    package var run: Int64
    /// Counted from 1.
    package var number: Int
    package var startedAt: Date
    /// Nil while it is under way, and where the program ended first.
    package var endedAt: Date?
    /// `succeeded`, or what went wrong.
    package var result: String?
    /// Of its process; nil where there was none.
    package var exitCode: Int32?

    package init(
        run: Int64, number: Int, startedAt: Date, endedAt: Date? = nil, result: String? = nil, exitCode: Int32? = nil
    ) {
        self.run = run
        self.number = number
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.result = result
        self.exitCode = exitCode
    }
}

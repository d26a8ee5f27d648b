package import Foundation
package import JobKit

/// One execution of a job, from due to finished.
package struct Run: Hashable, Sendable, Identifiable {
    package var id: Int64
    package var job: String
    package var cause: RunCause
    /// Why someone asked for it, in their words; nil where nobody said.
    package var reason: String?
    /// The scheduled time, or the instant someone asked.
    package var scheduledAt: Date
    /// How many further scheduled times the run accounts for.
    package var missed: Int
    package var createdAt: Date
    package var state: RunState
    package var startedAt: Date?
    /// What came of it, or why it was skipped.
    package var summary: String?
    package var error: String?
    package var hint: String?
    package var exitCode: Int32?
    /// The facts that the job reported; nil while it has not.
    package var result: RunResult?
    /// What the job said that a person must look at.
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

    /// Whether it has made a backup that lacks nothing, and that is a new version.
    package var hasStoredBackup: Bool {
        guard state.outcome == .succeeded, case .backup(let backup) = result else { return false }
        return backup.outcome == .stored
    }

    package var finishedAt: Date? {
        if case .finished(_, let at) = state { at } else { nil }
    }
}

/// One try within a run.
package struct Attempt: Hashable, Sendable {
    package var run: Int64
    package var number: Int
    package var startedAt: Date
    package var endedAt: Date?
    /// `succeeded`, or what went wrong.
    package var result: String?
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

package import Foundation
package import JobKit

/// How a run ended. The raw values are stored, and part of outputs.
package enum RunOutcome: String, CaseIterable, Hashable, Sendable, Codable {
    case succeeded
    /// The work was done, and what it stored lacks something.
    case incomplete
    case failed
    case timedOut = "timed out"
    /// Ended on request or by a shutdown; never started, because of a rule of the job.
    case cancelled, skipped
    /// Found running at the next boot.
    case interrupted

    /// Whether the work was done: jobs that need it may start.
    package var didWork: Bool { self == .succeeded || self == .incomplete }

    /// Whether the run came to this end by itself, which says how the job is: one that was cancelled or skipped says nothing.
    package var isVerdict: Bool {
        switch self {
        case .succeeded, .incomplete, .failed, .timedOut, .interrupted: true
        case .cancelled, .skipped: false
        }
    }
}

/// Why a running attempt was asked to end.
package enum EndReason: String, Hashable, Sendable, Codable {
    /// The attempt's time was up.
    case timeout
    /// It was stopped manually.
    case person
    /// Data are being replaced; it is started again afterwards.
    case restore
    /// A newer run of the same job takes its place.
    case replaced
    /// The job is no longer in the configuration, or changed its work.
    case reloaded
    case shutdown

    /// As it is written: "cancelled …".
    package var displayText: String {
        switch self {
        case .timeout: "its time was up"
        case .person: "stopped manually"
        case .restore: "stopped for a restore"
        case .replaced: "a newer run took its place"
        case .reloaded: "the configuration changed"
        case .shutdown: "shipkeeper was stopped"
        }
    }
}

/// Where a run is. A finished run never changes; see `after` for the transitions.
package enum RunState: Hashable, Sendable {
    /// Due, and waiting for a slot, a job it needs, or an exclusive resource.
    case queued
    case running(attempt: Int, since: Date)
    /// Asked to end, and not yet gone.
    case ending(attempt: Int, since: Date, because: EndReason)
    /// An attempt has failed, and another one follows at this time.
    case waitingToRetry(nextAttempt: Int, at: Date)
    /// A server asked to wait until then. Nothing has failed, and the same attempt continues: it does not count against the retry policy.
    case deferred(nextAttempt: Int, until: Date)
    case finished(RunOutcome, at: Date)
}

/// What happens to a run: the input of `RunState.after`.
package enum RunEvent: Hashable, Sendable {
    /// Its next attempt begins.
    case slotGranted
    case succeeded
    /// The attempt did its work, and what it stored lacks something.
    case incomplete
    /// The attempt has ended with an error; the error and the retry policy decide whether another one follows.
    case failed(JobError)
    /// The run is to end. One that is under way is asked to, and may still succeed.
    case endRequested(EndReason)
    /// The program has started, and the run was recorded by an earlier process.
    case foundInterrupted
    /// A rule of the job decides that it does not run.
    case skipped
}

/// An event that is invalid in the state it met: a programming error of the scheduler.
package struct IllegalRunEvent: Error, Hashable, Sendable {
    package var state: RunState
    package var event: RunEvent
}

extension RunState {
    /// The state after `event`. Pure.
    /// - Parameters:
    ///   - retry: The job's policy, for failures.
    ///   - salt: Makes the wait before a retry differ between runs; the run's id.
    /// - Throws: Where the event is invalid in this state.
    package func after(
        _ event: RunEvent, at now: Date, retry: RetryPolicy, salt: Int64 = 0
    ) throws(IllegalRunEvent) -> RunState {
        switch (self, event) {
        case (.queued, .slotGranted): .running(attempt: 1, since: now)
        case (.waitingToRetry(let attempt, _), .slotGranted), (.deferred(let attempt, _), .slotGranted): .running(attempt: attempt, since: now)
        case (.running, .succeeded), (.ending, .succeeded): .finished(.succeeded, at: now)
        case (.running, .incomplete), (.ending, .incomplete): .finished(.incomplete, at: now)
        case (.running(let attempt, _), .failed(let error)):
            error.deferral(of: attempt, at: now)
                ?? retry.next(after: attempt, kind: .error, error, at: now, salt: salt) ?? .finished(.failed, at: now)
        case (.ending(let attempt, _, .timeout), .failed(let error)):
            retry.next(after: attempt, kind: .timeout, error, at: now, salt: salt) ?? .finished(.timedOut, at: now)
        case (.ending(let attempt, _, .shutdown), .failed(let error)):
            retry.next(after: attempt, kind: .interrupted, error, at: now, salt: salt) ?? .finished(.cancelled, at: now)
        case (.ending, .failed): .finished(.cancelled, at: now)
        case (.running(let attempt, let since), .endRequested(let reason)):
            .ending(attempt: attempt, since: since, because: reason)
        case (.ending, .endRequested): self
        case (.queued, .endRequested), (.waitingToRetry, .endRequested), (.deferred, .endRequested): .finished(.cancelled, at: now)
        case (.queued, .skipped), (.waitingToRetry, .skipped), (.deferred, .skipped): .finished(.skipped, at: now)
        case (.running(let attempt, _), .foundInterrupted), (.ending(let attempt, _, .shutdown), .foundInterrupted):
            retry.next(after: attempt, kind: .interrupted, JobError("interrupted"), at: now, salt: salt) ?? .finished(.interrupted, at: now)
        case (.ending, .foundInterrupted): .finished(.interrupted, at: now)
        case (.queued, .foundInterrupted), (.waitingToRetry, .foundInterrupted), (.deferred, .foundInterrupted): self
        case (.finished, _), (.queued, .succeeded), (.queued, .incomplete), (.queued, .failed), (.waitingToRetry, .succeeded),
            (.waitingToRetry, .incomplete), (.waitingToRetry, .failed), (.deferred, .succeeded), (.deferred, .incomplete),
            (.deferred, .failed), (.running, .slotGranted), (.running, .skipped), (.ending, .slotGranted),
            (.ending, .skipped):
            throw IllegalRunEvent(state: self, event: event)
        }
    }

    /// When the next attempt is due, while the run waits for one.
    package var nextAttemptAt: Date? {
        switch self {
        case .waitingToRetry(_, let at), .deferred(_, let at): at
        case .queued, .running, .ending, .finished: nil
        }
    }

    /// How it ended; nil before.
    package var outcome: RunOutcome? {
        if case .finished(let outcome, _) = self { outcome } else { nil }
    }

    /// The attempt under way, if one is.
    package var activeAttempt: Int? {
        switch self {
        case .running(let attempt, _), .ending(let attempt, _, _): attempt
        case .queued, .waitingToRetry, .deferred, .finished: nil
        }
    }

    /// Since when the attempt has been under way.
    package var activeSince: Date? {
        switch self {
        case .running(_, let since), .ending(_, let since, _): since
        case .queued, .waitingToRetry, .deferred, .finished: nil
        }
    }

    /// The same state with its instants moved, after the wall clock jumped.
    func shifted(by jump: Duration) -> RunState {
        switch self {
        case .running(let attempt, let since): .running(attempt: attempt, since: since.adding(jump))
        case .ending(let attempt, let since, let reason):
            .ending(attempt: attempt, since: since.adding(jump), because: reason)
        case .waitingToRetry(let attempt, let at): .waitingToRetry(nextAttempt: attempt, at: at.adding(jump))
        case .deferred(let attempt, let until): .deferred(nextAttempt: attempt, until: until.adding(jump))
        case .queued, .finished: self
        }
    }
}

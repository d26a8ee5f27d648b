import Foundation
import JobKit
import Settings

/// Whether and when a run is tried again.
package struct RetryPolicy: Hashable, Sendable {
    /// Which kind of failure is tried again. The raw values are those of the configuration.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case error, timeout
        /// The program ended, or was ended, while an attempt was under way.
        case interrupted
    }

    /// Attempts in all, the first one included; at least 1.
    package var attempts: Int
    /// The wait before the second attempt, before jitter: each wait is shortened to between half and all of it.
    package var backoff: Duration
    /// The longest wait.
    package var backoffCap: Duration
    /// What each further wait is multiplied by; 1 for equal waits.
    package var factor: Double
    /// The failures that are tried again; others end the run.
    package var on: Set<Kind>
    /// Exit codes of errors that are tried again where `on` has no `error`, also where the job type sees no sense in it.
    package var exitCodes: Set<Int32>

    package init(
        attempts: Int = 1, backoff: Duration = .seconds(10), backoffCap: Duration = .seconds(600), factor: Double = 2,
        on: Set<Kind> = [.error, .timeout], exitCodes: Set<Int32> = []
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.backoffCap = backoffCap
        self.factor = factor
        self.on = on
        self.exitCodes = exitCodes
    }

    /// One attempt only.
    package static let never = RetryPolicy()

    /// For what must arrive, whatever is down: for at least four hours, and over restarts.
    package static let ofMessages = RetryPolicy(
        attempts: 20, backoff: .seconds(10), backoffCap: .seconds(3600), on: [.error, .timeout, .interrupted])

    /// The state of waiting for the attempt after `attempt`, or nil when there is none.
    func next(after attempt: Int, kind: Kind, _ error: JobError, at now: Date, salt: Int64) -> RunState? {
        let isNamed = kind == .error && error.exitCode.map(exitCodes.contains) == true
        guard attempt < attempts, isNamed || on.contains(kind) else { return nil }
        let wait: Duration
        switch error.retry {
        case .pointless where kind == .error && !isNamed: return nil
        case .after(let length): wait = length
        case .worthwhile, .pointless: wait = self.wait(after: attempt, salt: salt)
        }
        return .waitingToRetry(nextAttempt: attempt + 1, at: now.adding(wait))
    }

    /// min(cap, base · factor^(n−1)), of which a share between a half and the whole that is fixed for (run, attempt).
    func wait(after attempt: Int, salt: Int64) -> Duration {
        var seconds = backoff.seconds
        for _ in 1..<max(1, min(attempt, 64)) { seconds = min(backoffCap.seconds, seconds * factor) }
        var mix = UInt64(bitPattern: salt &* 31 &+ Int64(attempt)) &+ 0x9e37_79b9_7f4a_7c15
        mix = (mix ^ (mix >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mix = (mix ^ (mix >> 27)) &* 0x94d0_49bb_1331_11eb
        let share = 0.5 + 0.5 * Double((mix ^ (mix >> 31)) >> 11) / Double(1 << 53)
        return .milliseconds(Int64(min(backoffCap.seconds, seconds) * share * 1000))
    }
}

extension JobError {
    /// The shortest deferral: a server that says "at once" again and again must not be asked in a loop.
    private static let leastDeferral = Duration.seconds(5)

    /// The state of a run that a server asked to wait; nil for any other error. The attempt continues then: it is not used up.
    func deferral(of attempt: Int, at now: Date) -> RunState? {
        guard case .after(let wait) = retry else { return nil }
        return .deferred(nextAttempt: attempt, until: now.adding(max(wait, JobError.leastDeferral)))
    }
}

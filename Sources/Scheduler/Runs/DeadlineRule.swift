package import Foundation
import JobKit
import Settings

/// What a job is measured by: when it must have started, and how long it may take.
package struct DeadlineRule: Hashable, Sendable {
    /// The longest time from one start to the next, and from one success to the next; nil for no limit.
    package var startWithin: Duration?
    /// A run that takes longer than this times the usual is slow; nil for no limit.
    package var slowerThan: Double?

    package init(startWithin: Duration? = nil, slowerThan: Double? = nil) {
        self.startWithin = startWithin
        self.slowerThan = slowerThan
    }

    /// Good runs that are looked at for what is usual, the newest ones, and how many there must be.
    package static let mostRuns = 30
    package static let leastRuns = 5
    /// A run that takes less is not slow, whatever is usual: for a job of one second three are normal.
    package static let leastSlow = Duration.seconds(60)

    /// What is wrong when, unless something happens before.
    package struct Alarm: Hashable, Sendable {
        package var kind: JobProblem.Kind
        package var at: Date
    }

    /// What is known of a job.
    package struct Facts: Sendable {
        var state: DeadlineState
        /// Since when the attempt under way has been so; nil while there is none.
        var activeSince: Date?
        /// How long good runs took, the newest ones.
        var durations: [Duration]
        /// The problems that have been reported already.
        var problems: Set<JobProblem.Kind>
        /// Whether its schedules are paused: nothing is expected then.
        var isPaused: Bool

        package init(state: DeadlineState, activeSince: Date? = nil, durations: [Duration] = [], problems: Set<JobProblem.Kind> = [], isPaused: Bool = false) {
            self.state = state
            self.activeSince = activeSince
            self.durations = durations
            self.problems = problems
            self.isPaused = isPaused
        }
    }

    /// The next one; nil for none. Pure.
    package func next(_ facts: Facts) -> Alarm? {
        var alarms: [Alarm] = []
        if let startWithin, !facts.isPaused {
            // While a run is under way it is not late, and what is late has not succeeded either: that is one problem.
            if facts.activeSince == nil, !facts.problems.contains(.late) { alarms.append(Alarm(kind: .late, at: facts.state.lastStart.adding(startWithin))) }
            if facts.problems.isDisjoint(with: [.late, .silent]) { alarms.append(Alarm(kind: .silent, at: facts.state.lastSuccess.adding(startWithin))) }
        }
        if let since = facts.activeSince, let limit = slow(facts.durations), !facts.problems.contains(.slow) {
            alarms.append(Alarm(kind: .slow, at: since.adding(limit)))
        }
        return alarms.min { ($0.at, $0.kind == .late ? 0 : 1) < ($1.at, $1.kind == .late ? 0 : 1) }
    }

    /// The longest that a run may take; nil where too few are known.
    func slow(_ durations: [Duration]) -> Duration? {
        guard let slowerThan, let usual = DeadlineRule.usual(durations) else { return nil }
        return max(DeadlineRule.leastSlow, .milliseconds(Int64(usual.seconds * slowerThan * 1000)))
    }

    /// The median; nil where too few are known.
    static func usual(_ durations: [Duration]) -> Duration? {
        guard durations.count >= leastRuns else { return nil }
        let sorted = durations.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// What is wrong, in one line.
    func words(for kind: JobProblem.Kind, _ facts: Facts, at now: Date) -> String {
        switch kind {
        case .slow:
            let usual = DeadlineRule.usual(facts.durations).map { ", and usually takes \(DurationText.readable($0))" } ?? ""
            return "it has been running for \(DurationText.readable(now.since(facts.activeSince ?? now)))\(usual)"
        case .silent: return "no run has succeeded for \(DurationText.readable(now.since(facts.state.lastSuccess)))"
        case .late: return "no run has started for \(DurationText.readable(now.since(facts.state.lastStart)))"
        case .failed, .incomplete, .restarting, .failing: return ""
        }
    }
}

/// From when on a job's deadline counts, as it is recorded.
package struct DeadlineState: Hashable, Sendable {
    /// When a run last started; before the first one, and after a pause, when it began to count.
    package var lastStart: Date
    /// When a run last did its work; likewise.
    package var lastSuccess: Date

    package init(lastStart: Date, lastSuccess: Date) {
        self.lastStart = lastStart
        self.lastSuccess = lastSuccess
    }
}

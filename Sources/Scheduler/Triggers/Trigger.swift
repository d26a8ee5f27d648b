import Foundation

/// What makes a job due.
package enum Trigger: Hashable, Sendable {
    case boot
    case stop
    case schedule(Schedule, atStart: Bool)
    case after(job: String, AfterOutcome)
    /// When something below one of the folders has changed and then rested for `debounce`.
    case watch(paths: [String], debounce: Duration)

    /// Which end of the other job counts.
    package enum AfterOutcome: String, CaseIterable, Hashable, Sendable {
        case succeeded, incomplete, failed, finished
        /// The first attempt of a run has failed, whether or not another one follows.
        case failing

        func admits(_ outcome: RunOutcome) -> Bool {
            switch self {
            case .succeeded: outcome == .succeeded
            case .incomplete: outcome == .incomplete
            case .failed: [.failed, .timedOut, .interrupted].contains(outcome)
            case .finished: outcome != .skipped
            case .failing: false
            }
        }
    }

    package var schedule: Schedule? {
        if case .schedule(let schedule, _) = self { schedule } else { nil }
    }

    /// Whether a pause keeps it from making the job due.
    var isPaused: Bool {
        switch self {
        case .schedule, .watch: true
        case .boot, .stop, .after: false
        }
    }

    /// As people read it.
    package var readable: String {
        switch self {
        case .boot: "at boot"
        case .stop: "at stop"
        case .schedule(let schedule, _): schedule.readable
        case .watch(let paths, _): "when \(paths.joined(separator: " or ")) changes"
        case .after(let job, .succeeded): "after \(job)"
        case .after(let job, let outcome): "after \(job) \(outcome.rawValue)"
        }
    }
}

import Foundation
package import TimeZones

/// What makes a job due.
package enum Trigger: Hashable, Sendable {
    /// When the program starts, and when a reload adds the job or changes a service.
    case boot
    /// When the program stops, before the services that the job needs are stopped.
    case stop
    /// By the clock; with `atStart` also at once when the schedule is new, which means that the state file has no cursor of it.
    case schedule(Schedule, atStart: Bool)
    /// When something has happened to another job, or to any (`Followers.anyJob`).
    case after(job: String, AfterOutcome)
    /// When something below one of the folders has changed and then rested for `debounce`.
    case watch(paths: [String], debounce: Duration)

    // MARK: What the parts of the program ask

    // Each is a switch over all cases, so that the compiler names what a new one must answer.

    /// Whether the job is due when its life in a boot begins: when the program starts, and when a reload brings it.
    package var isAtBoot: Bool {
        switch self {
        case .boot: true
        case .stop, .schedule, .after, .watch: false
        }
    }

    /// Whether the job is due when the program stops.
    package var isAtStop: Bool {
        switch self {
        case .stop: true
        case .boot, .schedule, .after, .watch: false
        }
    }

    /// The schedule of a trigger that follows the clock; nil for others.
    package var schedule: Schedule? {
        switch self {
        case .schedule(let schedule, _): schedule
        case .boot, .stop, .after, .watch: nil
        }
    }

    /// The job that it follows, and what of it counts; nil for others.
    package var predecessor: (job: String, outcome: AfterOutcome)? {
        switch self {
        case .after(let job, let outcome): (job, outcome)
        case .boot, .stop, .schedule, .watch: nil
        }
    }

    /// The folders that are watched for it, and how long they must rest after a change; nil for others.
    package var watched: (paths: [String], debounce: Duration)? {
        switch self {
        case .watch(let paths, let debounce): (paths, debounce)
        case .boot, .stop, .schedule, .after: nil
        }
    }

    /// The same with another zone in the place of its own.
    package func replacingZone(_ replacement: (Zone) -> Zone) -> Trigger {
        switch self {
        case .schedule(let schedule, let atStart): .schedule(schedule.replacingZone(replacement), atStart: atStart)
        case .boot, .stop, .after, .watch: self
        }
    }

    /// Whether a pause keeps it from making the job due.
    var isPaused: Bool {
        switch self {
        case .schedule, .watch: true
        case .boot, .stop, .after: false
        }
    }

    /// For messages: `after build`, `every 16m`.
    package var readable: String {
        switch self {
        case .boot: "at boot"
        case .stop: "at stop"
        case .schedule(let schedule, _): schedule.readable
        case .watch(let paths, _): "when \(paths.joined(separator: " or ")) changes"
        case .after(let job, let outcome):
            "after \(job == Followers.anyJob ? "any job" : job)\(outcome == .succeeded ? "" : " \(outcome.rawValue)")"
        }
    }
}

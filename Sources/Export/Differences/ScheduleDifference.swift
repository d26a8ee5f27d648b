import Scheduler
import Settings

/// What of a job with a schedule has no counterpart, or another one. Names are those of jobs.
package enum ScheduleDifference: Hashable, Sendable {
    case catchUpAll(String)
    /// Missed times are made up for only that long.
    case catchUpWindow(String, Duration)
    case startDeadline(String)
    /// The raw value of the job's rule.
    case overlap(String, rule: String)
    case jitter(String)
    case deadline(String)
    /// An interval that became times of the clock.
    case aligned(String, Duration, cron: String)
    case notAtStart(String)
    case changedClocks
    /// The file names no zone.
    case containerZone
    case history
    /// A plug-in's own memory.
    case forgets(String)

    var words: DifferenceWords {
        switch self {
        case .catchUpAll(let job): .init("catch_up: all has no counterpart: one run of \(job) makes up for all scheduled times that were missed")
        case .catchUpWindow(let job, let length):
            .init("a missed scheduled time of \(job) is made up for within \(DurationText.format(length)) and not later: Kubernetes counts up to 100 of them")
        case .startDeadline(let job): .init("start_deadline has no counterpart: \(job) makes up for a scheduled time however old it is")
        case .overlap(let job, let rule):
            .init("overlap: \(rule) has no counterpart: a run of \(job) that is due while the previous one is still running is skipped")
        case .jitter(let job): .init("jitter has no counterpart: \(job) starts at its scheduled times")
        case .deadline(let job): .init("deadline has no counterpart: nothing reports when \(job) is late, silent or slow")
        case .aligned(let job, let every, let cron):
            .init("every: \(DurationText.format(every)) becomes \"\(cron)\": \(job) starts at those times of the clock, and is not counted from its last start")
        case .notAtStart(let job): .init("at_start has no counterpart: \(job) starts at its first scheduled time")
        case .changedClocks: .init("a time that the clocks skip is left out; shipkeeper runs the job just after the gap")
        case .containerZone:
            .init(
                "no time zone is named, and schedules are in UTC, which a container without TZ and /etc/localtime has",
                hint: "write timezone: at the top of the file")
        case .history: .init("the history of these runs is the engine's own: \"shipkeeper runs\", \"why\" and the page do not have it")
        case .forgets(let job): .init("what the plug-in of \(job) wants remembered ends with each run")
        }
    }
}

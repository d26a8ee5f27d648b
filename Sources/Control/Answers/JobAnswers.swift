package import Foundation
package import JobKit
package import Scheduler
import TimeZones

package struct JobAnswer: Codable, Sendable {
    package var name: String
    package var type: String
    package var isService: Bool
    package var state: StateName
    /// Since when it has this state: the attempt's start, or the end of the run that says it.
    package var since: Date?
    package var run: RunAnswer?
    package var process: Int32?
    package var launches: Int?
    /// Of a service: starts of its run after the first one.
    package var restarts: Int?
    /// Of a service: resident bytes of its processes together.
    package var memoryBytes: Int64?
    package var note: String?
    /// The newest run that was not skipped.
    package var last: RunAnswer?
    /// The newest run that came to an end by itself; of a service the newest one. What needs attention is judged by it.
    package var verdict: RunAnswer?
    /// Nil while the job is paused.
    package var next: Date?
    /// Its own pause, or that of all jobs.
    package var pause: PauseAnswer.Pause?
    package var triggers: [String]
    /// What is wrong with it and has not ended; nil for nothing.
    package var problems: [Problem]?

    package struct Problem: Codable, Hashable, Sendable {
        /// As `after` finds it: `failed`, `late`.
        package var outcome: String
        package var since: Date
        package var message: String
    }
}

/// One job with all that is known of it.
package struct JobCardAnswer: ValueAnswer {
    /// A probe of a service, and what it found.
    package struct Check: Codable, Sendable {
        package enum Result: String, Codable, Sendable, CaseIterable {
            case healthy, unhealthy
            /// It could not run, which says nothing about the service.
            case unknown
        }

        package var kind: CheckReport.Kind
        package var target: String
        package var at: Date
        package var result: Result
        /// What was wrong.
        package var message: String?

        init(_ report: CheckReport) {
            kind = report.kind
            target = report.target
            at = report.at
            (result, message) =
                switch report.result {
                case .healthy: (.healthy, nil)
                case .unhealthy(let reason): (.unhealthy, reason)
                case .unknown(let reason): (.unknown, reason)
                }
        }
    }

    package var job: JobAnswer
    package var at: Date
    /// Of a service that is running: the newest of each kind since its process was started.
    package var checks: [Check]
    package var needs: [String]
    /// Whether it can show what a run would do; nil in answers of earlier versions.
    package var canDryRun: Bool?
    /// The next time of each schedule, soonest first.
    package var next: [NextAnswer.Fire]
    /// The newest runs, newest first.
    package var runs: [RunAnswer]
    /// The run whose log is shown; nil where none has started.
    package var logRun: Int64?
    /// The last lines of that log; those of the program's own begin with `#`.
    package var log: [LogAnswer.Line]
    package var attention: [StatusAnswer.Attention]
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64
}

package struct NextAnswer: ValueAnswer {
    package struct Fire: Codable, Sendable {
        package var job: String
        package var at: Date
        package var schedule: String
        /// The schedule in words; nil in answers of earlier versions.
        package var reading: ReadingAnswer?
        /// The zone whose wall the schedule follows.
        package var timeZone: String?

        init(_ job: String, _ at: Date, _ schedule: Schedule) {
            self.job = job
            self.at = at
            self.schedule = schedule.readable
            reading = ReadingAnswer(schedule.reading)
            timeZone = schedule.zone?.name
        }
    }

    package var fires: [Fire]
    /// Jobs that are paused: they have no next time.
    package var paused: [String]
}

/// What a schedule says, in words.
package struct ReadingAnswer: Codable, Hashable, Sendable {
    /// In English: `at 03:00 on the last Friday of the month`.
    package var en: String
    /// In Chinese.
    package var zh: String

    package init(_ reading: ScheduleReading) { (en, zh) = (reading.english, reading.chinese) }
}

package struct WhyAnswer: ValueAnswer {
    package struct Line: Codable, Hashable, Sendable {
        package enum About: String, Codable, Hashable, Sendable, CaseIterable {
            /// How it stands, or what became of a scheduled time.
            case verdict
            case cause
            /// Earlier attempts of the run, or earlier lives of the service in it.
            case history
            /// What happened afterwards without changing how it stands.
            case later
            /// A deadline that was missed, or a service that is restarted often.
            case problem
            /// When it will be late, silent or slow.
            case deadline
            case next
        }

        package var about: About
        package var text: String

        init(_ about: About, _ text: String) {
            self.about = about
            self.text = text
        }
    }

    package var job: String
    /// All of it as text, a line each.
    package var answer: String
    /// The verdict first.
    package var lines: [Line]
}

package struct PauseAnswer: ValueAnswer {
    package struct Pause: Codable, Sendable {
        /// Nil for that of all jobs.
        package var job: String?
        package var since: Date
        /// Nil where it lasts until somebody resumes the job.
        package var until: Date?
        package var via: String

        init(_ pause: Scheduler.Pause) {
            job = pause.job
            since = pause.since
            until = pause.until
            via = pause.via
        }
    }

    package var isDone: Bool
    /// What is done, or why it is not.
    package var message: String?
    /// The pause in force afterwards, if one is.
    package var pause: Pause?
}

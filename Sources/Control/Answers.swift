package import Foundation
import InPlaceRestore
package import JobKit
package import Scheduler
import TimeZones

/// How a run, a job or a service stands, in the words of the API.
package enum StateName: String, Codable, Sendable {
    case waiting, running, stopping, deferred, finished
    case waitingToRetry = "waiting to try again"
    /// Of jobs: `idle` where none of its runs has come to an end by itself.
    case idle, disabled
    /// Of jobs that are not running: how the newest run ended that came to an end by itself.
    case ok, incomplete, failed, interrupted
    case timedOut = "timed out"
    /// Of services.
    case stopped, starting, ready, unready
    case backingOff = "backing off"
    case givenUp = "given up"

    init(_ state: RunState) {
        self =
            switch state {
            case .queued: .waiting
            case .running: .running
            case .ending: .stopping
            case .waitingToRetry: .waitingToRetry
            case .deferred: .deferred
            case .finished: .finished
            }
    }

    /// Of a job that is not running.
    /// - Parameter verdict: Of its newest run that came to an end by itself.
    init(verdict: RunOutcome?) {
        self =
            switch verdict {
            case .succeeded: .ok
            case .incomplete: .incomplete
            case .failed: .failed
            case .timedOut: .timedOut
            case .interrupted: .interrupted
            case .cancelled, .skipped, nil: .idle
            }
    }

    /// Of a service that is not running.
    init(serviceVerdict verdict: RunOutcome?) {
        self =
            switch verdict {
            case .succeeded: .ok
            case .failed, .timedOut: .givenUp
            case .cancelled, .skipped, .incomplete, .interrupted: .stopped
            case nil: .idle
            }
    }

    init(_ state: ServiceStatus.State) {
        self =
            switch state {
            case .stopped: .stopped
            case .starting: .starting
            case .ready: .ready
            case .unready: .unready
            case .backingOff: .backingOff
            case .givenUp: .givenUp
            case .stopping: .stopping
            }
    }
}

/// What the operations answer. The names of their fields are the API: added to, never changed.
package struct RunAnswer: Codable, Sendable {
    package struct AttemptAnswer: Codable, Sendable {
        package var number: Int
        package var startedAt: Date
        package var endedAt: Date?
        package var result: String?
        package var exitCode: Int32?
    }

    package var id: Int64
    package var job: String
    package var cause: String
    /// Why somebody asked for it, in their words.
    package var reason: String?
    package var scheduledAt: Date
    package var missed: Int
    package var startedAt: Date?
    package var finishedAt: Date?
    package var state: StateName
    package var outcome: RunOutcome?
    package var summary: String?
    package var error: String?
    package var hint: String?
    package var exitCode: Int32?
    package var outputs: [String: OutputValue]
    /// What the job said that a person must look at.
    package var attention: [StatusAnswer.Attention]?
    /// When the next attempt is due, while the run waits for one.
    package var nextAttemptAt: Date?
    package var attempts: [AttemptAnswer]?
    package var progress: ProgressAnswer?
    /// Of a service whose run goes on.
    package var service: StateName?
    /// Why a waiting run can't start yet, as a clause: `waits for restore`.
    package var obstacle: String?
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64?

    init(_ run: Run) {
        id = run.id
        job = run.job
        cause = run.cause.displayText
        reason = run.reason
        scheduledAt = run.scheduledAt
        missed = run.missed
        startedAt = run.startedAt
        finishedAt = run.finishedAt
        state = StateName(run.state)
        outcome = run.state.outcome
        summary = run.summary
        error = run.error
        hint = run.hint
        exitCode = run.exitCode
        nextAttemptAt = run.state.nextAttemptAt
        outputs = run.result?.outputs ?? [:]
        attention = run.attention.isEmpty ? nil : run.attention.map { StatusAnswer.Attention(job: run.job, message: $0.message, hint: $0.hint) }
    }

    package var isFinished: Bool { outcome != nil }
    /// What came of it, in one line.
    package var displayText: String { error ?? summary ?? "" }
    /// The same for a list: what came of it, or why it runs, and why somebody asked for it.
    package var listText: String {
        let text = displayText.isEmpty ? cause : displayText
        return reason.map { "reason: \($0); \(text)" } ?? text
    }
}

package struct ProgressAnswer: Codable, Sendable {
    package var step: String
    package var done: Int64
    package var total: Int64?
    package var unit: String
    package var bytes: Int64?
    /// Bytes a second since the attempt began.
    package var bytesPerSecond: Int64?

    init(_ progress: RunProgress, since start: Date?, at now: Date) {
        step = progress.step
        done = progress.done
        total = progress.total
        unit = progress.unit
        bytes = progress.bytes
        let seconds = start.map { now.timeIntervalSince($0) } ?? 0
        if let bytes = progress.bytes, seconds > 0.05 { bytesPerSecond = Int64(Double(bytes) / seconds) }
    }
}

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
}

/// One job with all that is known of it.
package struct JobCardAnswer: Codable, Sendable {
    /// A probe of a service, and what it found.
    package struct Check: Codable, Sendable {
        package enum Result: String, Codable, Sendable {
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
    /// The next time of each schedule, soonest first.
    package var next: [NextAnswer.Fire]
    /// The newest runs, newest first.
    package var runs: [RunAnswer]
    /// The run whose log is shown; nil where none has started.
    package var logRun: Int64?
    /// The last lines of that log; those of the program's own begin with `#`.
    package var log: [String]
    package var attention: [StatusAnswer.Attention]
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64
}

package struct StatusAnswer: Codable, Sendable {
    package struct Attention: Codable, Sendable {
        package var job: String
        package var message: String
        package var hint: String?
        /// The run that it is about, whose log may say more.
        package var run: Int64?
    }

    /// The newest version that lacks nothing.
    package struct LastBackup: Codable, Sendable {
        package var job: String
        /// When it was stored; where this container has stored none, when the newest one was found to be what is there.
        package var at: Date
        package var ageSeconds: Int
        package var summary: String
        /// When a later run found nothing new; nil where none has.
        package var checkedAt: Date?
    }

    /// How much a repository holds, as of the last backup to it.
    package struct Space: Codable, Sendable {
        package var job: String
        package var usedBytes: Int64
        package var limitBytes: Int64?
        /// Whether anybody may read it.
        package var isPublic: Bool
    }

    package var version: String
    package var at: Date
    package var startedAt: Date
    /// How often the program was started again in this container after a fault.
    package var restarts: Int
    package var isStopping: Bool
    package var configuration: String
    package var jobs: [JobAnswer]
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64
    /// The pause of all jobs.
    package var pause: PauseAnswer.Pause?
    package var lastBackup: LastBackup?
    package var space: [Space]
    package var attention: [Attention]
}

package struct PauseAnswer: Codable, Sendable {
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

package struct StartAnswer: Codable, Sendable {
    package enum Result: String, Codable, Sendable {
        case started, joined, stopping
        case notRunning = "not_running"
        case refused
        case noSuchJob = "no_such_job"
    }

    package var result: Result
    package var run: Int64?
    package var message: String?
    /// The nearest known name, where there is no such job.
    package var suggestion: String?
}

package struct RunsAnswer: Codable, Sendable {
    package var runs: [RunAnswer]
}

package struct NextAnswer: Codable, Sendable {
    package struct Fire: Codable, Sendable {
        package var job: String
        package var at: Date
        package var schedule: String
        /// The zone whose wall the schedule follows.
        package var timeZone: String?

        init(_ job: String, _ at: Date, _ schedule: Schedule) {
            self.job = job
            self.at = at
            self.schedule = schedule.readable
            timeZone = schedule.zone?.name
        }
    }

    package var fires: [Fire]
    /// Jobs that are paused: they have no next time.
    package var paused: [String]
}

package struct WhyAnswer: Codable, Sendable {
    package struct Line: Codable, Hashable, Sendable {
        package enum About: String, Codable, Hashable, Sendable {
            /// How it stands, or what became of a scheduled time.
            case verdict
            case cause
            /// Earlier attempts of the run, or earlier lives of the service in it.
            case history
            /// What happened afterwards without changing how it stands.
            case later
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

package struct LogAnswer: Codable, Sendable {
    package var run: Int64
    package var text: String
    /// Where to go on reading.
    package var next: Int64
    package var isFinished: Bool
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64
}

/// One event of the feed. Which fields are there depends on `type`.
package struct EventAnswer: Codable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case run, service, progress, log, message, configured, missed
    }

    package var position: Int64
    package var type: Kind
    package var job: String?
    /// The run's number.
    package var runID: Int64?
    /// With `run`: as it is recorded now.
    package var run: RunAnswer?
    /// With `service`.
    package var state: StateName?
    package var note: String?
    package var progress: ProgressAnswer?
    /// With `message`.
    package var topic: String?
    package var text: String?

    init(_ event: SchedulerEvent) {
        position = event.position
        job = event.job
        runID = event.run
        switch event.content {
        case .run(let run):
            type = .run
            self.run = RunAnswer(run)
        case .service(_, let status):
            type = .service
            state = StateName(status.state)
            note = status.note
        case .progress(_, _, let progress):
            type = .progress
            self.progress = ProgressAnswer(progress, since: nil, at: .distantPast)
        case .log: type = .log
        case .message(let topic, let text):
            type = .message
            self.topic = topic
            self.text = text
        case .configured: type = .configured
        case .missed: type = .missed
        }
    }
}

package struct EventsAnswer: Codable, Sendable {
    /// Where to go on: the next request's `after`.
    package var position: Int64
    package var events: [EventAnswer]
}

package struct RestoreAnswer: Codable, Sendable {
    package enum State: String, Codable, Sendable {
        case idle, running, succeeded, failed, refused
    }

    package var state: State
    /// What has been done so far.
    package var lines: [String]
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64

    init(_ progress: InPlaceRestore.Progress) {
        state =
            switch progress.state {
            case .idle: .idle
            case .running: .running
            case .succeeded: .succeeded
            case .failed: .failed
            case .refused: .refused
            }
        lines = progress.lines
        position = progress.position
    }
}

/// What is known of a repository's backups besides what the repository says.
package struct BackupNotesAnswer: Codable, Sendable {
    /// Versions that a restore could not use, with the reason, by id.
    package var damaged: [String: String]
    /// The version that stays whatever the retention rule says, because a much smaller one followed it.
    package var pinned: String?
    /// The newest whole version, which stays while those after it are incomplete; nil where it is the newest, or not known.
    package var lastWhole: String?
    /// What those hold that this container has stored, by id.
    package var sizes: [String: RestorePreviewAnswer.Size]

    package init(damaged: [String: String], pinned: String?, lastWhole: String?, sizes: [String: RestorePreviewAnswer.Size] = [:]) {
        self.damaged = damaged
        self.pinned = pinned
        self.lastWhole = lastWhole
        self.sizes = sizes
    }
}

/// Whether a reload changes anything.
package enum ReloadMode: Sendable {
    case applied
    /// The file is read and compared, and nothing else.
    case rehearsed
}

package struct ReloadAnswer: Codable, Sendable {
    /// One thing that another configuration changes.
    package struct Change: Codable, Sendable {
        /// Nil for a key outside the jobs.
        package var job: String?
        /// `added`, `removed`, `restarted`, `started`, `stopped`, `rescheduled`, `disabled`, `enabled` or `changed`.
        package var effect: String
        /// In words: `app restarted (live.failures 3 → 4)`.
        package var message: String

        package init(job: String?, effect: String, message: String) {
            self.job = job
            self.effect = effect
            self.message = message
        }
    }

    /// Whether the file is valid and now in force; after a dry run always false.
    package var isReloaded: Bool
    package var isDryRun: Bool
    /// What changed, or in a dry run would.
    package var changes: [Change]
    package var problems: [ProblemAnswer]
    /// Keys whose new values wait for a restart.
    package var needsRestart: [String]

    package init(isReloaded: Bool, isDryRun: Bool = false, changes: [Change] = [], problems: [ProblemAnswer], needsRestart: [String] = []) {
        self.isReloaded = isReloaded
        self.isDryRun = isDryRun
        self.changes = changes
        self.problems = problems
        self.needsRestart = needsRestart
    }
}

/// Answers and requests as JSON.
package enum ControlJSON {
    /// UTC to the millisecond.
    private static var dateStyle: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }

    package enum Form: Sendable {
        /// Indented, over several lines.
        case block
        /// In one line.
        case line
    }

    package static func encode(_ value: some Encodable, as form: Form = .block) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            // The format cuts; half a millisecond more makes it round.
            try container.encode(date.addingTimeInterval(0.0005).formatted(ControlJSON.dateStyle))
        }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if form == .block { encoder.outputFormatting.insert(.prettyPrinted) }
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    package static func decode<Value: Decodable>(_ kind: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            try Date(decoder.singleValueContainer().decode(String.self), strategy: ControlJSON.dateStyle)
        }
        return try decoder.decode(kind, from: Data(bytes))
    }
}

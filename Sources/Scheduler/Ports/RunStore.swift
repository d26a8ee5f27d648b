package import Foundation
package import JobKit

/// One change to what is recorded. Changes that belong together are committed together.
package enum StoreChange: Hashable, Sendable {
    /// Adds the run, or replaces it by its id.
    case save(Run)
    /// Adds the attempt, or updates its end; the start that was recorded first stays.
    case saveAttempt(Attempt)
    /// The newest scheduled time that is accounted for, by the schedule's name.
    case cursor(job: String, schedule: String, Date)
    /// The schedule is no longer in force.
    case forgetCursor(job: String, schedule: String)
    /// The state of a service, and since when.
    case service(job: String, ServiceStatus, at: Date)
    case event(Event)
    /// A service was stopped manually.
    case serviceStopped(job: String, at: Date)
    /// A service that was stopped manually may start again.
    case serviceWanted(job: String)
    /// Begins a pause, or replaces the one of the same job.
    case pause(Pause)
    /// The pause of a job, or that of all jobs, has ended.
    case resume(job: String?)
    /// A problem of a job has begun.
    case problem(job: String, JobProblem)
    /// A problem of a job has ended.
    case problemOver(job: String, JobProblem.Kind)
    /// From when on the deadline of a job counts; nil where it has none any more.
    case deadline(job: String, DeadlineState?)
    /// A request with a key has led to this run.
    case request(RequestKey, run: Int64)
}

/// Something worth recording that is not a run: a boot, a clock jump, a reload.
package struct Event: Hashable, Sendable {
    /// What has happened.
    package enum Kind: Hashable, Sendable {
        /// The program was started.
        case boot
        /// The program was asked to stop.
        case stop
        /// Another program took over.
        case upgrade
        /// Another configuration was put in force.
        case reload
        /// The clock was set, or had been wrong.
        case clock
        /// Schedules were paused, or resumed: those of one job, or of all.
        case pause, resume
        /// A problem of a job has begun that is none of a run's end, or a job has recovered.
        case problem
        /// Something that can't be: a mistake of the program's own.
        case defect
        /// What another version of the program has recorded.
        case other(String)
    }

    package var at: Date
    package var kind: Kind
    /// Nil where it is not about one job.
    package var job: String?
    /// One line for people.
    package var message: String

    package init(at: Date, kind: Kind, job: String? = nil, message: String) {
        self.at = at
        self.kind = kind
        self.job = job
        self.message = message
    }
}

extension Event.Kind {
    /// The kinds as they are stored. A new one needs a word here: the compiler then names the two places below.
    private enum Word: String {
        case boot, stop, upgrade, reload, clock, pause, resume, problem, defect
    }

    /// One word, as it is stored and sent.
    package var stored: String {
        switch self {
        case .boot: Word.boot.rawValue
        case .stop: Word.stop.rawValue
        case .reload: Word.reload.rawValue
        case .upgrade: Word.upgrade.rawValue
        case .clock: Word.clock.rawValue
        case .pause: Word.pause.rawValue
        case .resume: Word.resume.rawValue
        case .problem: Word.problem.rawValue
        case .defect: Word.defect.rawValue
        case .other(let word): word
        }
    }

    /// Reads it back; a kind that this version does not know is kept as it is.
    package init(stored word: String) {
        self =
            switch Word(rawValue: word) {
            case .boot: .boot
            case .stop: .stop
            case .reload: .reload
            case .upgrade: .upgrade
            case .clock: .clock
            case .pause: .pause
            case .resume: .resume
            case .problem: .problem
            case .defect: .defect
            case nil: .other(word)
            }
    }
}

/// What the state file holds when the program starts: everything that the engine continues from.
package struct StoredState: Hashable, Sendable {
    /// A schedule of a job, by `Schedule.name`.
    package struct CursorKey: Hashable, Sendable {
        package var job: String
        package var schedule: String

        package init(job: String, schedule: String) {
            self.job = job
            self.schedule = schedule
        }
    }

    /// Runs without an outcome, from earlier boots.
    package var unfinished: [Run]
    /// The newest finished run of each job, skipped ones apart.
    package var last: [String: Run]
    /// The newest run of each job that did its work.
    package var lastReports: [String: Run]
    /// The newest run of each job that came to an end by itself.
    package var verdicts: [String: Run]
    /// The newest run of each job that stored a whole backup.
    package var lastStored: [String: Run]
    /// Of jobs with a deadline: how long the newest runs took that have succeeded, newest first, up to `DeadlineRule.mostRuns`.
    package var durations: [String: [Duration]]
    /// Problems of jobs that have not ended.
    package var problems: [String: [JobProblem]]
    package var deadlines: [String: DeadlineState]
    /// The newest scheduled time that is accounted for.
    package var cursors: [CursorKey: Date]
    /// 0 where there are no runs: the next run gets one more.
    package var highestRunID: Int64
    package var pauses: [Pause]
    /// Services that were stopped manually, and when.
    package var stoppedServices: [String: Date]
    /// The runs that requests with a key have led to.
    package var requests: [RequestKey: Int64]

    package init(
        unfinished: [Run] = [], last: [String: Run] = [:], lastReports: [String: Run] = [:], verdicts: [String: Run] = [:],
        lastStored: [String: Run] = [:], durations: [String: [Duration]] = [:], problems: [String: [JobProblem]] = [:],
        deadlines: [String: DeadlineState] = [:], cursors: [CursorKey: Date] = [:], highestRunID: Int64 = 0, pauses: [Pause] = [],
        stoppedServices: [String: Date] = [:], requests: [RequestKey: Int64] = [:]
    ) {
        self.unfinished = unfinished
        self.last = last
        self.lastReports = lastReports
        self.verdicts = verdicts
        self.lastStored = lastStored
        self.durations = durations
        self.problems = problems
        self.deadlines = deadlines
        self.cursors = cursors
        self.highestRunID = highestRunID
        self.pauses = pauses
        self.stoppedServices = stoppedServices
        self.requests = requests
    }
}

/// Why the state file could not be read or written.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What callers do differently.
    package enum Kind: Hashable, Sendable {
        /// The disk is full: it may work later.
        case noRoom
        case other
    }

    package var message: String
    package var kind: Kind

    package init(_ message: String, kind: Kind = .other) {
        self.message = message
        self.kind = kind
    }

    package var description: String { message }
}

/// Keeps what the engine decides. Calls suspend for the disk. Only one process uses a store at a time.
///
/// ```swift
/// try await store.commit([.save(run), .cursor(job: run.job, schedule: schedule.name, run.scheduledAt)])   // both or neither
/// ```
package protocol RunStore: Sendable {
    /// Everything that a boot continues from, read at once.
    func load() async throws(StoreError) -> StoredState
    /// Records all changes in one transaction, in their order. After an error none of them is recorded.
    func commit(_ changes: [StoreChange]) async throws(StoreError)
    /// Runs, newest first.
    func runs(_ query: RunQuery) async throws(StoreError) -> [Run]
    /// One run; nil where it is not recorded, or was removed.
    func run(_ id: Int64) async throws(StoreError) -> Run?
    /// The attempts of a run, in their order.
    func attempts(of run: Int64) async throws(StoreError) -> [Attempt]
    /// Newest first.
    func events(limit: Int) async throws(StoreError) -> [Event]
    /// Removes finished runs beyond `mostRuns` a job or before `oldest`, but never those of a job that `StoredState`
    /// is made of: its newest, and the newest that did its work, came to an end by itself, or stored a complete backup. Returns their ids.
    func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64]
    /// Why what is committed is not on the disk yet; nil where it is.
    func complaint() async -> String?
}

extension RunStore {
    /// Runs, newest first; of one job, or of all.
    package func runs(of job: String?, limit: Int) async throws(StoreError) -> [Run] { try await runs(RunQuery(job: job, limit: limit)) }

    package func complaint() async -> String? { nil }
}

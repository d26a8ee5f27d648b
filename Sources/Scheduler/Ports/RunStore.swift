package import Foundation
package import JobKit

/// One change to what is recorded. Changes that belong together are committed together.
package enum StoreChange: Hashable, Sendable {
    case save(Run)
    case saveAttempt(Attempt)
    /// The newest scheduled time acted on.
    case cursor(job: String, schedule: String, Date)
    /// The schedule is in force no more.
    case forgetCursor(job: String, schedule: String)
    case service(job: String, ServiceStatus, at: Date)
    case event(Event)
    /// A service was stopped manually.
    case serviceStopped(job: String, at: Date)
    /// It is to run again.
    case serviceWanted(job: String)
    case pause(Pause)
    /// The pause of a job, or that of all jobs, has ended.
    case resume(job: String?)
}

/// Something worth remembering that is not a run: a boot, a clock jump, a reload.
package struct Event: Hashable, Sendable {
    package var at: Date
    package var kind: String
    package var job: String?
    package var message: String

    /// The program was started.
    package static let boot = "boot"
    /// Schedules were paused, or resumed: those of one job, or of all.
    package static let pause = "pause"
    package static let resume = "resume"

    package init(at: Date, kind: String, job: String? = nil, message: String) {
        self.at = at
        self.kind = kind
        self.job = job
        self.message = message
    }
}

/// What the last boot left behind.
package struct StoredState: Hashable, Sendable {
    package struct CursorKey: Hashable, Sendable {
        package var job: String
        package var schedule: String

        package init(job: String, schedule: String) {
            self.job = job
            self.schedule = schedule
        }
    }

    package var unfinished: [Run]
    /// The newest finished run of each job, skipped ones apart.
    package var last: [String: Run]
    /// The newest run of each job that did its work.
    package var lastReports: [String: Run]
    /// The newest run of each job that came to an end by itself.
    package var verdicts: [String: Run]
    /// The newest run of each job that stored a whole backup.
    package var lastStored: [String: Run]
    package var cursors: [CursorKey: Date]
    package var highestRunID: Int64
    package var pauses: [Pause]
    /// Services that were stopped manually, and when.
    package var stoppedServices: [String: Date]

    package init(
        unfinished: [Run] = [], last: [String: Run] = [:], lastReports: [String: Run] = [:], verdicts: [String: Run] = [:],
        lastStored: [String: Run] = [:], cursors: [CursorKey: Date] = [:], highestRunID: Int64 = 0, pauses: [Pause] = [], stoppedServices: [String: Date] = [:]
    ) {
        self.unfinished = unfinished
        self.last = last
        self.lastReports = lastReports
        self.verdicts = verdicts
        self.lastStored = lastStored
        self.cursors = cursors
        self.highestRunID = highestRunID
        self.pauses = pauses
        self.stoppedServices = stoppedServices
    }
}

/// Why the record could not be kept.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
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

/// Keeps what the engine decides.
package protocol RunStore: Sendable {
    func load() async throws(StoreError) -> StoredState
    /// All changes, or none.
    func commit(_ changes: [StoreChange]) async throws(StoreError)
    /// Runs, newest first.
    func runs(_ query: RunQuery) async throws(StoreError) -> [Run]
    func run(_ id: Int64) async throws(StoreError) -> Run?
    func attempts(of run: Int64) async throws(StoreError) -> [Attempt]
    /// Newest first.
    func events(limit: Int) async throws(StoreError) -> [Event]
    /// Removes finished runs beyond `mostRuns` a job or before `oldest`, but never those of a job that `StoredState`
    /// is made of: its newest, and the newest that did its work, came to an end by itself, or stored a whole backup. Gives their ids.
    func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64]
    /// Why what is committed is not on the disk yet; nil where it is.
    func complaint() async -> String?
}

extension RunStore {
    /// Runs, newest first; of one job, or of all.
    package func runs(of job: String?, limit: Int) async throws(StoreError) -> [Run] { try await runs(RunQuery(job: job, limit: limit)) }

    package func complaint() async -> String? { nil }
}

package import Foundation
package import InPlaceRestore
package import JobKit
package import Scheduler
import Settings

/// What operations work with.
package struct Operations: Sendable {
    package var scheduler: JobScheduler
    package var history: RunHistory
    package var clock: any WallClock
    package var version: String
    package var configuration: String
    package var startedAt: Date
    package var restarts: Int
    package var reload: @Sendable (ReloadMode) async -> ReloadAnswer
    package var restoring: InPlaceRestore
    /// Lets another program take over, from a path or from the file of this one.
    package var upgrade: @Sendable (_ program: String?) async -> UpgradeAnswer
    /// What a restore in place would replace by what.
    package var previewRestore: @Sendable (_ selector: String, _ repository: String?) async -> Result<RestorePreviewAnswer, JobError>
    /// Nil where no repository has that name.
    package var backupNotes: @Sendable (_ repository: String) async -> BackupNotesAnswer?

    package init(
        scheduler: JobScheduler, history: RunHistory, clock: any WallClock, version: String,
        configuration: String, startedAt: Date, restarts: Int, restoring: InPlaceRestore,
        previewRestore: @escaping @Sendable (_ selector: String, _ repository: String?) async -> Result<RestorePreviewAnswer, JobError> = { _, _ in
            .failure(JobError("nothing can be restored here"))
        },
        backupNotes: @escaping @Sendable (_ repository: String) async -> BackupNotesAnswer? = { _ in nil },
        upgrade: @escaping @Sendable (_ program: String?) async -> UpgradeAnswer = { UpgradeAnswer(program: $0 ?? "", isAccepted: false) },
        reload: @escaping @Sendable (ReloadMode) async -> ReloadAnswer
    ) {
        self.scheduler = scheduler
        self.history = history
        self.clock = clock
        self.version = version
        self.configuration = configuration
        self.startedAt = startedAt
        self.restarts = restarts
        self.restoring = restoring
        self.previewRestore = previewRestore
        self.backupNotes = backupNotes
        self.upgrade = upgrade
        self.reload = reload
    }

    /// How a job is just now; an answer with the nearest name where there is none.
    func job(_ name: String) async throws(OperationError) -> SchedulerSnapshot.JobView {
        if let view = await scheduler.view(of: name) { return view }
        throw .noSuchJob(name, nearest: try await nearestJob(name))
    }

    /// The nearest known name.
    func nearestJob(_ name: String) async throws(OperationError) -> String? {
        guard await scheduler.hasBooted else { throw .starting }
        return NearestWord.find(name, in: await scheduler.jobNames)
    }
}

/// Why an operation has no answer.
package enum OperationError: Error, Sendable {
    /// The program has begun and has no state yet.
    case starting
    case noSuchJob(String, nearest: String?)
    case noSuchRun(Int64)
    /// The run is one of another job than the one that was named.
    case runOfOtherJob(Int64, job: String)
    case noRunYet(String)
    case noSuchRepository(String)
    /// With the sentence that says which and why.
    case invalidParameter(String)
    case store(StoreError)

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .starting, .store: 503
        case .invalidParameter: 400
        case .noSuchJob, .noSuchRun, .runOfOtherJob, .noRunYet, .noSuchRepository: 404
        }
    }

    package var message: String {
        switch self {
        case .starting: "the program is starting; try again in a moment"
        case .noSuchJob(let name, let nearest): "no job is named \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .noSuchRun(let id): "no run \(id) is recorded"
        case .runOfOtherJob(let id, let job): "run \(id) is one of \(job)"
        case .noRunYet(let job): "\(job) has not run yet"
        case .noSuchRepository(let name): "no repository is named \"\(name)\""
        case .invalidParameter(let message): message
        case .store(let error): "the state file can't be read: \(error.message)"
        }
    }
}

extension OperationError {
    /// What an error of the store or of an operation means; `other` where it is neither, which can't be.
    init(_ error: any Error, otherwise other: OperationError) {
        self =
            switch error {
            case let error as OperationError: error
            case let error as StoreError: .store(error)
            default: other
            }
    }
}

/// An operation's failure as it is sent.
package struct FailureAnswer: Codable, Sendable {
    package var problems: [ProblemAnswer]

    package init(_ error: OperationError) {
        let code: ProblemCode =
            switch error {
            case .noSuchJob: .noSuchJob
            case .noSuchRun, .runOfOtherJob, .noRunYet: .noSuchRun
            case .noSuchRepository: .noSuchRepository
            case .invalidParameter: .invalidParameter
            case .starting, .store: .unavailable
            }
        problems = [ProblemAnswer(error.message, code: code)]
    }
}

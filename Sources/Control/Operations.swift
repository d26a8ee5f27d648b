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
    /// What the configuration in force lets assistants do.
    package var assistantAccess: @Sendable () -> AssistantAccess
    package var actions: any ActionRunning
    package var backups: any BackupReading
    /// Nil where there is no file.
    package var configurationReading: (any ConfigurationReading)?

    package init(
        scheduler: JobScheduler, history: RunHistory, clock: any WallClock, version: String,
        configuration: String, startedAt: Date, restarts: Int, restoring: InPlaceRestore,
        previewRestore: @escaping @Sendable (_ selector: String, _ repository: String?) async -> Result<RestorePreviewAnswer, JobError> = { _, _ in
            .failure(JobError("nothing can be restored here"))
        },
        backupNotes: @escaping @Sendable (_ repository: String) async -> BackupNotesAnswer? = { _ in nil },
        assistantAccess: @escaping @Sendable () -> AssistantAccess = { .read }, actions: any ActionRunning = NoActions(),
        backups: any BackupReading = NoBackups(), configurationReading: (any ConfigurationReading)? = nil,
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
        self.assistantAccess = assistantAccess
        self.actions = actions
        self.backups = backups
        self.configurationReading = configurationReading
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

/// What assistants may do by the Model Context Protocol.
package enum AssistantAccess: Sendable {
    case read, write
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
    /// Nil where the configuration declares none.
    case noSuchRepository(String?)
    /// With the sentence that says which and where.
    case noSuchBackup(String)
    case noSuchAction(String, nearest: String?)
    /// With the sentence that says which and why.
    case invalidParameter(String)
    case noSuchPath(String)
    /// With those that the path takes.
    case methodNotAllowed(String, allowed: [String])
    /// A request has a body.
    case bodyNotTaken
    case bodyTooLarge
    /// The configuration lets assistants only read.
    case assistantMayOnlyRead
    /// No token is set, so all that visitors may do is look at the state.
    case tokenNeeded
    /// The request has a token, and it is not the right one, or it has none.
    case wrongToken
    /// Too many wrong tokens have come from this address.
    case tooManyWrongTokens(seconds: Int64)
    /// A request with a login's cookie lacks the login's mark, or comes from another site.
    case notFromOwnPage
    /// Not over the public port.
    case onlyOverTheSocket
    /// What was asked for is understood, and can't be done as things are.
    case refused(JobError)
    case store(StoreError)

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .starting, .store: 503
        case .invalidParameter: 400
        case .wrongToken: 401
        case .assistantMayOnlyRead, .tokenNeeded, .notFromOwnPage, .onlyOverTheSocket: 403
        case .tooManyWrongTokens: 429
        case .noSuchJob, .noSuchRun, .runOfOtherJob, .noRunYet, .noSuchRepository, .noSuchBackup, .noSuchAction, .noSuchPath: 404
        case .methodNotAllowed: 405
        case .refused: 409
        case .bodyTooLarge: 413
        case .bodyNotTaken: 415
        }
    }

    package var message: String {
        switch self {
        case .starting: "the program is starting; try again in a moment"
        case .noSuchJob(let name, let nearest): "no job is named \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .noSuchRun(let id): "no run \(id) is recorded"
        case .runOfOtherJob(let id, let job): "run \(id) is one of \(job)"
        case .noRunYet(let job): "\(job) has not run yet"
        case .noSuchRepository(let name?): "no repository is named \"\(name)\""
        case .noSuchRepository(nil): "the configuration declares no repository"
        case .noSuchBackup(let message): message
        case .noSuchAction(let name, let nearest): "no action is named \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .invalidParameter(let message): message
        case .noSuchPath(let path): "there is nothing at \(path)"
        case .methodNotAllowed(let method, let allowed): "\(method) is not possible here, only \(allowed.joined(separator: ", "))"
        case .bodyNotTaken, .bodyTooLarge: "the request has a body"
        case .assistantMayOnlyRead: "an assistant may read and change nothing"
        case .tokenNeeded: "without a token only the state can be read here"
        case .wrongToken: "the request has no token, or a wrong one"
        case .tooManyWrongTokens(let seconds): "too many wrong tokens have come from this address; try again in \(seconds) s"
        case .notFromOwnPage: "the request is from another site, or lacks the mark of its login"
        case .onlyOverTheSocket: "this is possible on the control socket only"
        case .refused(let error): error.summary
        case .store(let error): "the state file can't be read: \(error.message)"
        }
    }
}

extension OperationError {
    /// What to do about it.
    package var hint: String? {
        switch self {
        case .noSuchPath: "openapi.json lists all operations"
        case .tokenNeeded: "set a secret in the container, and write \"control: { token: ${NAME} }\" in the configuration"
        case .wrongToken: "send the value of control.token: Authorization: Bearer TOKEN"
        case .notFromOwnPage: "send the mark that the page's forms have as the header Shipkeeper-Mark"
        case .bodyNotTaken, .bodyTooLarge: "parameters are in the path and in the query"
        case .assistantMayOnlyRead: "\"control: { mcp: write }\" in the configuration allows more"
        case .refused(let error): error.hint
        case .starting, .noSuchJob, .noSuchRun, .runOfOtherJob, .noRunYet, .noSuchRepository, .noSuchBackup, .noSuchAction, .invalidParameter,
            .methodNotAllowed, .tooManyWrongTokens, .onlyOverTheSocket, .store:
            nil
        }
    }

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
package struct FailureAnswer: ValueAnswer {
    package var problems: [ProblemAnswer]

    package init(_ error: OperationError) {
        let code: ProblemCode =
            switch error {
            case .noSuchJob: .noSuchJob
            case .noSuchRun, .runOfOtherJob, .noRunYet: .noSuchRun
            case .noSuchRepository: .noSuchRepository
            case .noSuchBackup: .noSuchBackup
            case .noSuchAction: .noSuchAction
            case .invalidParameter: .invalidParameter
            case .noSuchPath: .noSuchPath
            case .methodNotAllowed, .bodyNotTaken, .bodyTooLarge: .invalidRequest
            case .wrongToken, .tooManyWrongTokens, .tokenNeeded, .notFromOwnPage: .unauthorized
            case .assistantMayOnlyRead, .onlyOverTheSocket, .refused: .refused
            case .starting, .store: .unavailable
            }
        problems = [ProblemAnswer(error.message, hint: error.hint, code: code)]
    }
}

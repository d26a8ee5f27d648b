import Config
import JobKit
import Scheduler

/// Which job runs where: what is tied to something else is kept together by one shipkeeper, and what is independent becomes an object of its own.
struct Layout: Sendable {
    /// A service that the engine runs without shipkeeper.
    struct PlainService: Sendable {
        var job: Configuration.Job
        var definition: ServiceDefinition
    }

    /// A job that the engine starts by its clock.
    struct ScheduledJob: Sendable {
        var job: Configuration.Job
        var schedule: Schedule
        var atStart: Bool
    }

    /// A job that is nowhere in the output.
    struct LeftJob: Sendable {
        enum Reason: Hashable, Sendable {
            /// It runs only when it is started manually, and no shipkeeper runs that could be asked.
            case manual
            /// `enabled: false`.
            case switchedOff
        }

        var job: Configuration.Job
        var reason: Reason
    }

    /// In the file's order, those of all lists.
    private(set) var kept: [Configuration.Job] = []
    private(set) var services: [PlainService] = []
    private(set) var scheduled: [ScheduledJob] = []
    private(set) var left: [LeftJob] = []
    /// Why a job is kept, where the engine lacks what it needs; by name.
    private(set) var reasons: [String: Tie] = [:]
    let folders: DataFolders

    init(_ configuration: Configuration, for kind: ExportKind) {
        folders = DataFolders(configuration)
        let active = configuration.jobs.filter { $0.definition.disabled != .switchedOff }
        let ties = Ties(active, folders, configuration.front, kind)
        for job in active {
            if let tie = ties.tie(of: job) {
                kept.append(job)
                if case .engine = tie { reasons[job.definition.name] = tie }
            } else if case .service(let definition) = job.work {
                services.append(PlainService(job: job, definition: definition))
            } else if case .schedule(let schedule, let atStart)? = job.definition.triggers.first {
                scheduled.append(ScheduledJob(job: job, schedule: schedule, atStart: atStart))
            } else {
                left.append(LeftJob(job: job, reason: .manual))
            }
        }
        let off = configuration.jobs.filter { $0.definition.disabled == .switchedOff }
        if isKeeping {
            // A person can ask the program that runs anyway, and what is switched off is so in its file.
            let names = Set((kept + left.map(\.job)).map(\.definition.name))
            kept = active.filter { names.contains($0.definition.name) }
            left = []
        } else {
            left += off.map { LeftJob(job: $0, reason: .switchedOff) }
        }
    }

    /// Whether a shipkeeper runs all the time.
    var isKeeping: Bool { !kept.isEmpty }

    /// Jobs that others run: the shipkeeper with the same file must not.
    var elsewhere: [String] { (services.map(\.job) + scheduled.map(\.job)).map(\.definition.name).sorted() }
}

package import Settings

/// A kind of job: settings that are read from the configuration, and the work of one attempt. Register it in `BuiltInJobs`.
///
/// ```swift
/// struct TouchJob: JobType {
///     struct Settings: Sendable { var file: String }
///     static let typeName = "touch"
///     static let about = "Creates an empty file"
///     let settings: Settings
///
///     static func settings(from reader: inout SettingsReader) -> Settings { Settings(file: reader.path("file", "The file") ?? "") }
///
///     func run(_ context: RunContext) async throws(JobError) -> RunReport {
///         let exit = try await context.finish(context.command(.command(["touch", settings.file])))
///         guard exit == .exited(0) else { throw JobError("touch \(exit)", retry: .worthwhile, exitCode: exit.code) }
///         return RunReport(summary: "created \(settings.file)")
///     }
/// }
/// ```
package protocol JobType: Sendable {
    /// The decoded keys under `with`.
    associatedtype Settings: Sendable
    /// The word at `type:`, unique in the catalog.
    static var typeName: String { get }
    /// One line for the schema and the documentation, without a period at its end.
    static var about: String { get }
    /// The longest one attempt may take where the configuration has no `timeout`; nil for no limit, which is the default.
    static var usualTimeout: Duration? { get }
    /// Whether it honours `RunContext.isDryRun`: such a run must change nothing. False by default, and then dry runs are refused.
    static var canDryRun: Bool { get }
    /// Whether its run at the stop is repeated once services are gone, to include what they wrote while they stopped. False by default.
    static var takesWhatServicesLeave: Bool { get }
    /// Paths that it writes to itself: changes there do not trigger it by `watch`. Blocks: it may read the disk. None by default.
    func findOutputs() -> [String]
    /// Programs that it starts, for `doctor`. None by default.
    var programs: [ProgramUse] { get }
    /// Addresses that it requests, for `doctor`. None by default.
    var addresses: [AddressUse] { get }
    /// Reads the keys under `with`. Pure. Problems go to the reader; what is returned then, and while the reader records shapes, is never run.
    static func settings(from reader: inout SettingsReader) -> Settings
    /// Tries what a run would need, without changing anything. May take seconds; no check by default.
    /// - Parameter environment: The environment of the job's processes.
    func diagnose(environment: [String: String]) async -> [JobCheck]
    /// The work of one attempt. Cancelling the task asks it to end; the engine, not the job, records why. It must not block the thread: use
    /// `DedicatedThread`.
    /// - Throws: Why the attempt failed. The engine logs it and decides about a retry.
    func run(_ context: RunContext) async throws(JobError) -> RunReport
}

extension JobType {
    package static var usualTimeout: Duration? { nil }
    package static var canDryRun: Bool { false }
    package static var takesWhatServicesLeave: Bool { false }
    package func findOutputs() -> [String] { [] }
    package var programs: [ProgramUse] { [] }
    package var addresses: [AddressUse] { [] }
    package func diagnose(environment: [String: String]) async -> [JobCheck] { [] }
}

/// A kind of service: settings that describe a process the engine keeps running.
package protocol ServiceType: Sendable {
    /// The decoded keys under `with`.
    associatedtype Settings: Sendable
    static var typeName: String { get }
    static var about: String { get }
    /// Reads the keys under `with`, as for `JobType`.
    static func settings(from reader: inout SettingsReader) -> Settings
    /// How the engine starts, checks, restarts and stops the process.
    var definition: ServiceDefinition { get }
}

/// What a configured job does when it is due.
package enum Work: Sendable {
    case job(any JobType)
    case service(ServiceDefinition)

    /// What comes first where a running process is replaced by a new one.
    package var restartOrder: RestartOrder {
        switch self {
        case .job: .stopFirst
        case .service(let definition): definition.restart.order
        }
    }

    /// Of a service: how long it must have been ready to count as stable.
    package var stableAfter: Duration? {
        switch self {
        case .job: nil
        case .service(let service): service.restart.stableAfter
        }
    }

    /// Paths that it writes to itself. Blocks: it may read the disk.
    package func findOutputs() -> [String] {
        switch self {
        case .job(let job): job.findOutputs()
        case .service: []
        }
    }
}

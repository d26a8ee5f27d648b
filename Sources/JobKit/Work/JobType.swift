package import Settings

/// A kind of job: settings that are read from the configuration, and one attempt's work.
package protocol JobType: Sendable {
    associatedtype Settings: Sendable
    /// The word that is at `type:`.
    static var typeName: String { get }
    /// One line for people, shown in the schema.
    static var about: String { get }
    /// The longest one attempt may take where the configuration says nothing; nil for as long as it lasts.
    static var usualTimeout: Duration? { get }
    /// Whether it heeds `RunContext.isDryRun`.
    static var canDryRun: Bool { get }
    /// Whether a run at the stop is made once more when services are gone.
    static var takesWhatServicesLeave: Bool { get }
    /// Paths that it writes to itself: a change there is none that it becomes due by.
    var outputs: [String] { get }
    /// Programs that it starts.
    var programs: [ProgramUse] { get }
    /// Addresses that it asks.
    var addresses: [AddressUse] { get }
    static func settings(from reader: inout SettingsReader) -> Settings
    /// Tries what a run would need, without changing anything.
    /// - Parameter environment: That of the job's processes.
    func diagnose(environment: [String: String]) async -> [JobCheck]
    /// The work of one attempt. Cancelling the task asks it to end; the engine, not the job, records why.
    func run(_ context: RunContext) async throws(JobError) -> RunReport
}

extension JobType {
    package static var usualTimeout: Duration? { nil }
    package static var canDryRun: Bool { false }
    package static var takesWhatServicesLeave: Bool { false }
    package var outputs: [String] { [] }
    package var programs: [ProgramUse] { [] }
    package var addresses: [AddressUse] { [] }
    package func diagnose(environment: [String: String]) async -> [JobCheck] { [] }
}

/// A kind of service: settings that describe a process the engine keeps running.
package protocol ServiceType: Sendable {
    associatedtype Settings: Sendable
    static var typeName: String { get }
    static var about: String { get }
    static func settings(from reader: inout SettingsReader) -> Settings
    var definition: ServiceDefinition { get }
}

/// What a configured job does when its time has come.
package enum Work: Sendable {
    case job(any JobType)
    case service(ServiceDefinition)

    /// Paths that it writes to itself.
    package var outputs: [String] {
        switch self {
        case .job(let job): job.outputs
        case .service: []
        }
    }
}

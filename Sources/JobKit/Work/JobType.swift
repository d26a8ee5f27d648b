/// A kind of job: settings that are read from the configuration, and one attempt's work.
package protocol JobType: Sendable {
    associatedtype Settings: Sendable
    /// The word that stands at `type:`.
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

/// Something that jobs refer to by name, such as a repository.
package struct NamedResource: Sendable {
    package var value: any Sendable
    /// Declared secrets it needs that have no value.
    package var missingSecrets: [String]

    package init(_ value: any Sendable, missingSecrets: [String] = []) {
        self.value = value
        self.missingSecrets = missingSecrets
    }
}

/// The job types and repository types this program knows, by name.
package struct JobCatalog: Sendable {
    package struct Entry: Sendable {
        package let typeName: String
        package let about: String
        package let isService: Bool
        package let usualTimeout: Duration?
        package let canDryRun: Bool
        package let takesWhatServicesLeave: Bool
        /// Why its jobs can't run; nil where they can.
        package let broken: String?
        package let shapes: @Sendable () -> [SettingShape]
        package let decode: @Sendable (inout SettingsReader) -> Work

        package init(
            typeName: String, about: String, isService: Bool, usualTimeout: Duration?, canDryRun: Bool, takesWhatServicesLeave: Bool = false,
            broken: String? = nil,
            shapes: @escaping @Sendable () -> [SettingShape], decode: @escaping @Sendable (inout SettingsReader) -> Work
        ) {
            self.typeName = typeName
            self.about = about
            self.isService = isService
            self.usualTimeout = usualTimeout
            self.canDryRun = canDryRun
            self.takesWhatServicesLeave = takesWhatServicesLeave
            self.broken = broken
            self.shapes = shapes
            self.decode = decode
        }
    }

    /// A kind of repository: its settings, and what jobs get of it.
    package struct RepositoryEntry: Sendable {
        package let about: String
        package let shapes: @Sendable () -> [SettingShape]
        package let decode: @Sendable (_ name: String, inout SettingsReader) -> (any Sendable)?
    }

    package private(set) var entries: [String: Entry] = [:]
    package private(set) var repositories: [String: RepositoryEntry] = [:]

    package init() {}

    package mutating func add<Kind: JobType>(_ kind: Kind.Type, make: @escaping @Sendable (Kind.Settings) -> Kind) {
        add(
            Entry(
                typeName: Kind.typeName, about: Kind.about, isService: false, usualTimeout: Kind.usualTimeout, canDryRun: Kind.canDryRun,
                takesWhatServicesLeave: Kind.takesWhatServicesLeave,
                shapes: { SettingsReader.shapes { _ = Kind.settings(from: &$0) } },
                decode: { .job(make(Kind.settings(from: &$0))) }))
    }

    package mutating func add<Kind: ServiceType>(
        service kind: Kind.Type, make: @escaping @Sendable (Kind.Settings) -> Kind
    ) {
        add(
            Entry(
                typeName: Kind.typeName, about: Kind.about, isService: true, usualTimeout: nil, canDryRun: false,
                shapes: { SettingsReader.shapes { _ = Kind.settings(from: &$0) } },
                decode: { .service(make(Kind.settings(from: &$0)).definition) }))
    }

    package mutating func add(
        repository typeName: String, about: String,
        decode: @escaping @Sendable (_ name: String, inout SettingsReader) -> (any Sendable)?
    ) {
        repositories[typeName] = RepositoryEntry(
            about: about, shapes: { SettingsReader.shapes { _ = decode("", &$0) } }, decode: decode)
    }

    package mutating func add(_ entry: Entry) {
        precondition(entries[entry.typeName] == nil, "two job types are named \(entry.typeName)")
        entries[entry.typeName] = entry
    }
}

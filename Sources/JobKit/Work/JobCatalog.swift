package import Settings

/// The job types and repository types that are known, by name. Filled at the start, by compiled-in types and then plug-ins.
package struct JobCatalog: Sendable {
    /// A job type: its name, its settings, and how a job of it is made.
    package struct Entry: Sendable {
        /// The word at `type:`.
        package let typeName: String
        /// One line for the schema and the documentation.
        package let about: String
        package let isService: Bool
        /// The longest one attempt may take where the configuration has no `timeout`; nil for no limit.
        package let usualTimeout: Duration?
        /// Whether it honours `RunContext.isDryRun`.
        package let canDryRun: Bool
        /// Whether its run at the stop is repeated once services are gone.
        package let takesWhatServicesLeave: Bool
        /// Whether it reports what happens to other jobs: such runs wait for each other, and are tried again over restarts.
        package let isMessage: Bool
        /// Why its jobs can't run; nil where they can.
        package let broken: String?
        /// The keys under `with`, for the schema.
        package let shapes: @Sendable () -> [SettingShape]
        /// Reads the keys under `with`. Problems are in the reader; the result is used only where there are no errors.
        package let decode: @Sendable (inout SettingsReader) -> Work

        package init(
            typeName: String, about: String, isService: Bool, usualTimeout: Duration?, canDryRun: Bool, takesWhatServicesLeave: Bool = false,
            isMessage: Bool = false, broken: String? = nil,
            shapes: @escaping @Sendable () -> [SettingShape], decode: @escaping @Sendable (inout SettingsReader) -> Work
        ) {
            self.typeName = typeName
            self.about = about
            self.isService = isService
            self.usualTimeout = usualTimeout
            self.canDryRun = canDryRun
            self.takesWhatServicesLeave = takesWhatServicesLeave
            self.isMessage = isMessage
            self.broken = broken
            self.shapes = shapes
            self.decode = decode
        }
    }

    /// A repository type: its settings, and the value that jobs get.
    package struct RepositoryEntry: Sendable {
        package let about: String
        /// Its keys, next to `type`.
        package let shapes: @Sendable () -> [SettingShape]
        /// Reads its keys; nil where they are invalid, which the reader has reported then.
        package let decode: @Sendable (_ name: String, inout SettingsReader) -> (any Sendable)?
    }

    /// Job types by name.
    package private(set) var entries: [String: Entry] = [:]
    /// Repository types by name.
    package private(set) var repositories: [String: RepositoryEntry] = [:]

    package init() {}

    /// Adds a compiled-in job type.
    /// - Parameter make: Makes a job of its settings, with whatever it needs from outside, such as a transport.
    package mutating func add<Kind: JobType>(_ kind: Kind.Type, make: @escaping @Sendable (Kind.Settings) -> Kind) {
        add(
            Entry(
                typeName: Kind.typeName, about: Kind.about, isService: false, usualTimeout: Kind.usualTimeout, canDryRun: Kind.canDryRun,
                takesWhatServicesLeave: Kind.takesWhatServicesLeave,
                shapes: { SettingsReader.shapes { _ = Kind.settings(from: &$0) } },
                decode: { .job(make(Kind.settings(from: &$0))) }))
    }

    /// Adds a compiled-in service type.
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

    /// Adds a job type. A second one of the same name is a programming error and traps.
    package mutating func add(_ entry: Entry) {
        precondition(entries[entry.typeName] == nil, "two job types are named \(entry.typeName)")
        entries[entry.typeName] = entry
    }
}

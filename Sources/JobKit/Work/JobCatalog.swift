package import Settings

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

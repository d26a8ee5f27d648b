package import Backups
package import JobKit
package import Settings

/// Stores the app's data in a repository, when it has changed.
package struct BackupJob: JobType {
    package struct Settings: Sendable {
        package var repository: Repository?
        package var source: BackupSource?
        /// Whether a small change of the tree changes the archive only nearby.
        var isRsyncable: Bool
    }

    package static let typeName = "backup"
    package static let about = "Stores a folder in a repository when it has changed"
    package static let canDryRun = true
    package static let takesWhatServicesLeave = true
    package static let usualTimeout: Duration? = .seconds(20 * 60)

    package let settings: Settings

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            repository: reader.resource("repository", "Name of the repository, as declared under \"repositories\"", as: Repository.self),
            source: reader.tree { reader in
                PathFilter(
                    exclude: reader.strings("exclude", "Patterns of what is left out, as lines of a .gitignore"),
                    include: reader.strings("include", "Patterns of what is stored though \"exclude\" matches or its name looks like a lock file's"))
            },
            isRsyncable: reader.boolean(
                "rsyncable", "Compress so that a small change of the files changes only a small part of the archive, for stores that deduplicate", default: true
            ))
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository, let source = settings.source else {
            throw JobError("the repository or the folder is not configured")
        }
        let attempt = BackupAttempt(
            repository: repository, source: source, isRsyncable: settings.isRsyncable, scratch: context.scratch,
            records: LineageStore(repository, context), context: context)
        return try await context.isDryRun ? attempt.foresee() : attempt.run()
    }
}

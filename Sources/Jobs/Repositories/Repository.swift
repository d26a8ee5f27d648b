import Backups
import Foundation
import JobKit
import Storage

/// A declared repository, as backup and restore jobs get it.
struct Repository: Sendable {
    var name: String
    var store: any ObjectStore
    var retention: Retention

    func archives() -> ArchiveRepository {
        ArchiveRepository(store: store, retention: retention, cores: ProcessInfo.processInfo.activeProcessorCount)
    }

    enum Format: String, CaseIterable {
        case archive
    }

    /// A repository in a folder.
    static func folder(named name: String, _ reader: inout SettingsReader) -> Repository? {
        let path = reader.path("path", "The folder, which must exist: a missing mount must not look like an empty repository")
        _ = reader.choice("format", "How snapshots are stored", default: Format.archive)
        let retention = reader.section("keep", "Which backups stay") { $0.retention() } ?? Retention()
        return path.map { Repository(name: name, store: LocalFolder(path: $0), retention: retention) }
    }
}

extension SettingsReader {
    mutating func retention() -> Retention {
        let standard = Retention()
        return Retention(
            last: integer("last", "The newest ones", default: standard.last, in: 1...100_000),
            hourly: integer("hourly", "The newest of each of so many hours", default: standard.hourly, in: 0...100_000),
            daily: integer("daily", "The newest of each of so many days", default: standard.daily, in: 0...100_000),
            weekly: integer("weekly", "The newest of each of so many weeks", default: standard.weekly, in: 0...100_000),
            monthly: integer("monthly", "The newest of each of so many months", default: standard.monthly, in: 0...100_000))
    }

    /// The tree that a backup or a restore is about: `path`, or `base` with `paths`.
    mutating func tree(filter: (inout SettingsReader) -> PathFilter = { _ in PathFilter() }) -> BackupSource? {
        let path = path("path", "The folder; the archive's members start with its own name", isRequired: false)
        let base = self.path("base", "The folder that \"paths\" are below", isRequired: false)
        let paths = strings("paths", "Files and folders below \"base\"")
        let filter = filter(&self)
        for path in paths where path.hasPrefix("/") || path.split(separator: "/").contains("..") || path.isEmpty {
            report("paths", "\"\(path)\" is not below \"base\"", hint: "write names without a / in front")
        }
        switch (path, base) {
        case (let path?, nil) where path != "/" && paths.isEmpty: return BackupSource(path: path, filter: filter)
        case (nil, let base?) where !paths.isEmpty: return BackupSource(base: base, paths: paths, filter: filter)
        default:
            if !isDescribing, problems.isEmpty, missingSecrets.isEmpty {
                report(
                    at: place, "it is not clear which folder is meant",
                    hint: "write path: /data/app, or base: /data with paths: [app, other]")
            }
            return nil
        }
    }
}

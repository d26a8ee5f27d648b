import Backups
import Config
import JobKit
import Jobs
import Scheduler
import Settings

/// The folders of the container that must outlive it.
struct DataFolders: Sendable {
    /// What jobs restore, back up, publish, change and watch; none below another.
    let trees: [String]
    /// Those that a job restores.
    let restored: [String]
    /// Repositories that are folders, by the name of the repository.
    let repositories: [(name: String, path: String)]

    init(_ configuration: Configuration) {
        let jobs = configuration.jobs.filter { $0.definition.disabled != .switchedOff }
        trees = DataFolders.outermost(jobs.flatMap { DataFolders.folders(of: $0) + $0.definition.triggers.flatMap { $0.watched?.paths ?? [] } })
        restored = DataFolders.outermost(jobs.filter { $0.definition.typeName == RestoreJob.typeName }.flatMap(DataFolders.folders))
        repositories = configuration.repositories.compactMap { name, resource in
            guard let repository = resource.value as? Repository else { return nil }
            let place = repository.location.hasPrefix("restic:") ? repository.location.dropFirst("restic:".count) : repository.location[...]
            return place.hasPrefix("folder:") ? (name, String(place.dropFirst("folder:".count))) : nil
        }.sorted { $0.name < $1.name }
    }

    /// The folders that a job works on by its type.
    static func folders(of job: Configuration.Job) -> [String] {
        guard case .job(let kind) = job.work else { return [] }
        switch kind {
        case let restore as RestoreJob: return restore.settings.source?.places ?? []
        case let backup as BackupJob: return backup.settings.source?.places ?? []
        case let publish as PublishJob: return [publish.settings.folder]
        case let hexo as HexoJob: return [hexo.settings.site]
        case let merge as JSONMergeJob: return ["/" + merge.settings.file.split(separator: "/").dropLast().joined(separator: "/")]
        default: return []
        }
    }

    /// Those that are below no other, in order.
    static func outermost(_ paths: [String]) -> [String] {
        let unique = Set(paths.map(clean)).sorted()
        return unique.filter { path in !unique.contains { $0 != path && isBelow(path, $0) } }
    }

    /// Whether a text names one of the trees, or something in one.
    func isMentioned(in text: String) -> Bool {
        trees.contains { tree in
            text.ranges(of: tree).contains { found in
                guard let next = text[found.upperBound...].first else { return true }
                return !(next.isLetter || next.isNumber || next == "-" || next == "_" || next == ".")
            }
        }
    }

    /// Whether a path is that of a folder, or of something in it.
    static func isBelow(_ path: String, _ folder: String) -> Bool { path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/") }

    private static func clean(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
}

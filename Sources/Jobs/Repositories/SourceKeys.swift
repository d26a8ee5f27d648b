import Backups
import JobKit
import Settings

extension SettingsReader {
    /// The tree that is backed up or restored: `path`, or `base` with `paths`.
    mutating func tree(filter: (inout SettingsReader) -> PathFilter = { _ in PathFilter() }) -> BackupSource? {
        let path = path("path", "The folder; names in the archive start with its last part. This, or \"base\" with \"paths\", is required", isRequired: false)
        let base = self.path("base", "The folder that contains \"paths\"; names in the archive start below it", isRequired: false)
        let paths = strings("paths", "Files and folders below \"base\"")
        let optional = strings("optional", "More of them, which may be missing")
        let filter = filter(&self)
        for path in paths + optional where path.hasPrefix("/") || path.split(separator: "/").contains("..") || path.isEmpty {
            report(paths.contains(path) ? "paths" : "optional", "\"\(path)\" is not below \"base\"", hint: "write names without a / in front")
        }
        switch (path, base) {
        case (let path?, nil) where path != "/" && paths.isEmpty && optional.isEmpty: return BackupSource(path: path, filter: filter)
        case (nil, let base?) where !paths.isEmpty: return BackupSource(base: base, paths: paths, optional: optional, filter: filter)
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

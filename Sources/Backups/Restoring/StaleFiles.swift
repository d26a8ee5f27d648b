import Files

/// Files that an earlier container left behind, such as locks of processes that are no more.
package enum StaleFiles {
    /// Removes files whose names match a pattern, but for lists of what a project depends on (`yarn.lock`); gives their paths below the folder.
    package static func remove(below path: String, matching patterns: [String]) async -> [String] {
        await OwnThread.run { flag in
            guard let folder = try? Folder.open(path) else { return [] }
            return remove(folder, [], PathFilter(exclude: patterns), flag)
        } ?? []
    }

    private static func remove(_ folder: Folder, _ path: [RawName], _ filter: PathFilter, _ flag: CancelFlag) -> [String] {
        guard !flag.isSet, let names = try? folder.names() else { return [] }
        var removed: [String] = []
        for name in names {
            let below = path + [name]
            guard let status = try? folder.status(name) else { continue }
            if status.kind == .folder {
                if let child = try? folder.folder(name) { removed += remove(child, below, filter, flag) }
            } else if filter.excludes(below, isFolder: false), !Volatile.isDependencyList(name), (try? folder.remove(name)) != nil {
                removed.append(below.map(\.description).joined(separator: "/"))
            }
        }
        return removed
    }
}

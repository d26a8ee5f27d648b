import Files

/// Files that an earlier container left behind, such as locks of processes that are no more.
package enum StaleFiles {
    /// Removes files whose names match a pattern and that hold no more than a lock does: nothing, or the id of a process. Files with content
    /// of their own stay, and so does what can't be read or removed. The disk work is done on a thread of its own.
    /// - Parameter patterns: As in a `.gitignore`; see `PathPattern`.
    /// - Returns: The paths of removed files, relative to the folder.
    package static func remove(below path: String, matching patterns: [String]) async -> [String] {
        await DedicatedThread.run { flag in
            guard let folder = try? Folder.open(path) else { return [] }
            return remove(below: folder, PathFilter(exclude: patterns), flag)
        } ?? []
    }

    private static func remove(below folder: Folder, _ filter: PathFilter, _ flag: CancelFlag) -> [String] {
        var removed: [String] = []
        var cursor = FolderCursor(at: folder)
        // What is still to be looked at in each folder, the innermost last.
        var rest = [(try? folder.names()) ?? []]
        while !flag.isSet, let last = rest.indices.last {
            guard let name = rest[last].popLast() else {
                rest.removeLast()
                guard (try? cursor.ascend()) != nil else { break }
                continue
            }
            guard let status = try? cursor.folder.status(name) else { continue }
            if status.kind == .folder {
                guard (try? cursor.descend(name)) != nil else { continue }
                rest.append((try? cursor.folder.names()) ?? [])
            } else if filter.excludes(cursor.names + [name], isFolder: false), TransientFiles.isLeftover(name, status, in: cursor.folder),
                (try? cursor.folder.remove(name)) != nil
            {
                removed.append((cursor.names + [name]).map(\.description).joined(separator: "/"))
            }
        }
        return removed
    }
}

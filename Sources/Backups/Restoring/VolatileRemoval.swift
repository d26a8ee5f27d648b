import Files

/// Removes from an unpacked tree what is meaningless without the processes that made it: their locks, and shared memory of databases.
struct VolatileRemoval {
    private var cursor: FolderCursor
    private(set) var removed: [String] = []

    /// Returns the paths of what was removed. What can't be read stays.
    static func run(in folder: Folder) throws(FileError) -> [String] {
        var removal = VolatileRemoval(cursor: FolderCursor(at: folder))
        var rest = [try folder.names()]
        var times: [FileTime] = []
        while let last = rest.indices.last {
            if let next = rest[last].popLast() {
                guard let status = try? removal.cursor.folder.status(next) else { continue }
                if status.kind == .file { try removal.judge(next, status) }
                guard status.kind == .folder, (try? removal.cursor.descend(next)) != nil else { continue }
                rest.append((try? removal.cursor.folder.names()) ?? [])
                times.append(status.modified)
            } else {
                rest.removeLast()
                // Removing changes the time of a folder.
                if let time = times.popLast(), try removal.cursor.folder.status().modified != time { try removal.cursor.folder.set(modified: time) }
                _ = try removal.cursor.ascend()
            }
        }
        return removal.removed
    }

    private mutating func judge(_ name: RawName, _ status: FileStatus) throws(FileError) {
        guard TransientFiles.isVolatile(name, status, in: cursor.folder) || isSharedMemory(name) else { return }
        try cursor.folder.remove(name)
        removed.append((cursor.names + [name]).map(\.description).joined(separator: "/"))
    }

    private func isSharedMemory(_ name: RawName) -> Bool {
        guard name.bytes.ends(with: "-shm".utf8), let database = SQLiteFile.Companion.database(of: name) else { return false }
        return SQLiteFile.isDatabase(database, in: cursor.folder)
    }
}

extension [UInt8] {
    fileprivate func ends(with tail: String.UTF8View) -> Bool { suffix(tail.count).elementsEqual(tail) }
}

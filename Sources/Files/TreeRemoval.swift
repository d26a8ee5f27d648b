extension Folder {
    /// Removes what has that name with all below it, but nothing on another file system. A missing name is not an error.
    ///
    /// As deep as the tree may be, with a few descriptors.
    package func removeTree(_ name: RawName) throws(FileError) {
        let kind: FileStatus.Kind
        do { kind = try status(name).kind } catch {
            if error.isMissing { return }
            throw error
        }
        guard kind == .folder else { return try remove(name) }
        var cursor = FolderCursor(at: self)
        let device = try status().device
        try Folder.enter(name, &cursor, device)
        // What is still to be removed in each folder, the innermost last.
        var rest = [try cursor.folder.names()]
        while let last = rest.indices.last {
            if let next = rest[last].popLast() {
                if try cursor.folder.isEmptied(of: next) { continue }
                try Folder.enter(next, &cursor, device)
                rest.append(try cursor.folder.names())
            } else {
                rest.removeLast()
                if let emptied = try cursor.ascend() { try cursor.folder.removeFolder(emptied) }
            }
        }
    }

    /// Removes anything but a folder; returns whether it was something else.
    private func isEmptied(of name: RawName) throws(FileError) -> Bool {
        do {
            guard try status(name).kind != .folder else { return false }
            try remove(name)
        } catch {
            if !error.isMissing { throw error }
        }
        return true
    }

    private static func enter(_ name: RawName, _ cursor: inout FolderCursor, _ device: UInt64) throws(FileError) {
        let status = try cursor.folder.status(name)
        // A mounted file system holds data of others, whatever is around it.
        guard status.device == device else {
            throw FileError("remove across file systems", cursor.folder.path(of: name), code: ErrorNumber.acrossFileSystems)
        }
        // A folder that may not be read and written can't be emptied.
        if status.mode & 0o700 != 0o700 { try? cursor.folder.set(mode: 0o700, of: name) }
        try cursor.descend(name)
    }
}

extension Folder {
    /// Removes a file or folder with all that is in it, as `removeTree` does, and gives this folder the modification time that it had, where this user may.
    package func removeTreeKeepingTime(_ name: RawName) throws(FileError) {
        let time = try status().modified
        try removeTree(name)
        try? set(modified: time)
    }
}

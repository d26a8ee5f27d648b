import Archive
import Files

/// Moves trees between folders: by a rename, or where that is not possible entry by entry and, last, by copies.
///
/// Each step may have been done already, by a program that was killed right after it: what is there from an earlier try is replaced. As deep
/// as a tree may be, with a few descriptors.
struct TreeMove {
    /// A folder whose entries are being moved one by one.
    private struct Level {
        var status: FileStatus
        var new: RawName
        var rest: [RawName]
    }

    private var from: FolderCursor
    private var to: FolderCursor
    private var levels: [Level] = []

    /// - Parameter new: Its name in the target; its own unless given.
    static func move(_ name: RawName, from source: Folder, to target: Folder, as new: RawName? = nil) throws(FileError) {
        var move = TreeMove(from: FolderCursor(at: source), to: FolderCursor(at: target))
        try move.take(name, as: new ?? name)
        while let last = move.levels.indices.last {
            if let next = move.levels[last].rest.popLast() { try move.take(next, as: next) } else { try move.leave() }
        }
    }

    private mutating func take(_ name: RawName, as new: RawName) throws(FileError) {
        let (source, target) = (from.folder, to.folder)
        let status = try source.status(name)
        if try TreeMove.isRenamed(name, status, source, target, new) { return }
        switch status.kind {
        case .folder:
            // Nothing is made for a folder that can't be looked into.
            try from.descend(name)
            levels.append(Level(status: status, new: new, rest: try from.folder.names()))
            if (try? target.status(new))?.kind != .folder { try target.makeFolder(new) }
            try to.descend(new)
        case .file:
            try TreeMove.copy(name, status, from: source, to: target, as: new)
            do { try source.remove(name) } catch {
                // It stays where it is, and there alone.
                try? target.remove(new)
                throw error
            }
        case .symbolicLink:
            let link = try source.target(ofLink: name)
            try? target.remove(new)
            try target.makeLink(new, to: link)
            try TreeMove.setOwner(status, of: new, in: target)
            try target.set(modified: status.modified, of: new)
            try source.remove(name)
        case .fifo, .socket, .device: try source.remove(name)
        }
    }

    /// Ends a folder whose entries are all moved.
    private mutating func leave() throws(FileError) {
        let level = levels.removeLast()
        do throws(FileError) {
            if let attributes = try? from.folder.attributes() { to.folder.takeAttributes(attributes) }
            try to.folder.set(mode: level.status.mode)
            try to.folder.set(modified: level.status.modified)
        } catch {
            // A folder of another user that was there before keeps what it has.
            if !error.isPermission { throw error }
        }
        _ = try to.ascend()
        try TreeMove.setOwner(level.status, of: level.new, in: to.folder)
        if let name = try from.ascend() { try from.folder.removeFolder(name) }
    }

    // MARK: One entry

    private static func isRenamed(
        _ name: RawName, _ status: FileStatus, _ source: Folder, _ target: Folder, _ new: RawName
    ) throws(FileError) -> Bool {
        do { try rename(name, status, from: source, to: target, as: new) } catch {
            guard error.needsMoving || error.isNotEmpty || error.isFolder || error.isNoFolder else { throw error }
            return false
        }
        return true
    }

    /// Renames in one step. A folder that may not be written can't be given another parent, not even by its owner: for that moment it may.
    static func rename(_ name: RawName, _ status: FileStatus, from source: Folder, to target: Folder, as new: RawName) throws(FileError) {
        do { try source.rename(name, to: target, as: new) } catch {
            guard error.isPermission, status.kind == .folder, status.mode & 0o200 == 0, (try? source.set(mode: status.mode | 0o700, of: name)) != nil
            else { throw error }
            guard (try? source.rename(name, to: target, as: new)) != nil else {
                try? source.set(mode: status.mode, of: name)
                throw error
            }
            try target.set(mode: status.mode, of: new)
        }
    }

    private static func copy(_ name: RawName, _ status: FileStatus, from source: Folder, to target: Folder, as new: RawName) throws(FileError) {
        try? target.remove(new)
        let from = try source.file(name)
        let copy = SparseFile(try target.create(new))
        while case let bytes = try from.read(1 << 20), !bytes.isEmpty { try copy.write(bytes) }
        try copy.finish()
        try setOwner(status, of: new, in: target)
        if let attributes = try? from.attributes() { copy.file.takeAttributes(attributes) }
        try copy.file.set(mode: status.mode)
        try copy.file.set(modified: status.modified)
    }

    private static func setOwner(_ status: FileStatus, of name: RawName, in folder: Folder) throws(FileError) {
        _ = try FileUser.give { () throws(FileError) in try folder.set(owner: status.owner, group: status.group, of: name) }
    }
}

extension FileError {
    /// A name can't be changed here in one step, and its entries may be moved: across file systems or image layers, a mount, an operation
    /// that the kernel or the file system does not know, a parent that may not be written.
    var needsMoving: Bool {
        isAcrossFileSystems || isPermission || isReadOnly || isNameTooLong
            || [ErrorNumber.busy, ErrorNumber.invalid, ErrorNumber.notImplemented, ErrorNumber.notSupported].contains(code)
    }
}

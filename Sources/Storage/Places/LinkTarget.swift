import Files
import Glibc

/// What a name in a folder is once links are followed.
enum FollowedName {
    /// A file, or something else that is not a folder, where it really is.
    case file(Folder, RawName, FileStatus)
    case folder(Folder)
    /// A link to a place where nothing is.
    case dangling(RawName)
}

extension Folder {
    private static let mostLinks = 40

    /// The status of a name, nil where there is none: a folder that may not be read is an error, not an absence.
    func statusIfThere(_ name: RawName) throws(FileError) -> FileStatus? {
        do { return try status(name) } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Follows links wherever they lead, as plain tools do; nil where the name is not there.
    ///
    /// For folders that the operator has configured as a repository, whose links are deliberate.
    func followed(_ name: RawName) throws(FileError) -> FollowedName? {
        guard var status = try statusIfThere(name) else { return nil }
        var (folder, name) = (self, name)
        var first: RawName?
        for _ in 0..<Folder.mostLinks {
            if status.kind == .folder { return .folder(try folder.folder(name)) }
            guard status.kind == .symbolicLink else { return .file(folder, name, status) }
            let target = try folder.target(ofLink: name)
            first = first ?? target
            let path = target.bytes.first == 0x2f ? target.description : folder.path + "/" + target.description
            do throws(FileError) {
                if let whole = try? Folder.open(path) { return .folder(whole) }
                let parts = path.split(separator: "/", omittingEmptySubsequences: true)
                folder = try Folder.open("/" + parts.dropLast().joined(separator: "/"))
                name = RawName(String(parts.last ?? ""))
                status = try folder.status(name)
            } catch {
                if error.isMissing, let first { return .dangling(first) }
                throw error
            }
        }
        throw FileError("follow the link", self.path(of: name), code: ELOOP)
    }

    /// Gives a file that is elsewhere a name here too: by a second name for it, else by a copy, which is on disk when this returns.
    func take(_ name: RawName, from file: FollowedName, _ flag: CancelFlag) throws(FileError) {
        guard case .file(let folder, let old, let status) = file, status.kind == .file else {
            throw FileError("read", path(of: name), code: EISDIR)
        }
        if (try? makeHardLink(name, to: old, in: folder)) != nil { return }
        try copy(ObjectContent(folder.file(old)), to: name, flag)
    }

    /// Copies a content to a new name. The copy is on disk when this returns.
    /// - Parameter onWritten: Called with the number of bytes after each piece.
    func copy(_ source: ObjectContent, to name: RawName, _ flag: CancelFlag, onWritten: (Int) -> Void = { _ in }) throws(FileError) {
        let target = try create(name, mode: 0o600)
        try source.forEachPiece(flag) { bytes throws(FileError) in
            try target.write(bytes)
            onWritten(bytes.count)
        }
        try target.sync()
    }

    /// The paths of files, links and other things below, as many as there are or may be looked at; a folder that could not be gone into any
    /// further is listed instead of what it holds. Goes level by level and keeps no folder open.
    /// - Parameter isWanted: Whether a name directly in this folder is looked at.
    func pathsBelow(most: Int, deepest: Int = 12, where isWanted: (RawName) -> Bool) throws(FileError) -> [String] {
        var (found, looked) = ([String](), 0)
        var level = [""]
        for depth in 0...deepest where !level.isEmpty {
            var next: [String] = []
            for prefix in level {
                let folder = prefix.isEmpty ? self : try Folder.open("\(path)/\(prefix)")
                for name in try folder.names() where depth > 0 || isWanted(name) {
                    looked += 1
                    let path = prefix + name.description
                    if try folder.status(name).kind != .folder {
                        found.append(path)
                    } else if depth < deepest, looked < most {
                        next.append(path + "/")
                    } else {
                        found.append(path)
                    }
                    if looked >= most { return found }
                }
            }
            level = next
        }
        return found
    }
}

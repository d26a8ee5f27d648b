import CFiles
import Glibc

/// An open folder. Names below it are never looked up through symbolic links, so nobody can lead us elsewhere.
package final class Folder: Sendable {
    let raw: CInt
    /// For messages only.
    package let path: String

    init(_ raw: CInt, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit { close(raw) }

    /// Opens a folder by its path; links on the way to it are followed. One that may be entered and not read is opened too: then names in it
    /// can be opened, and not listed.
    ///
    /// The path may be longer than the system takes in one call.
    package static func open(_ path: String) throws(FileError) -> Folder { try open(RawName(path)) }

    /// The same by the bytes of a path.
    package static func open(_ path: RawName) throws(FileError) -> Folder {
        if path.bytes.count >= longest { return try openLong(path) }
        var raw = unsafe path.withCString { unsafe cfiles_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY, 0) }
        if raw < 0, errno == EACCES { raw = unsafe path.withCString { unsafe cfiles_openat(AT_FDCWD, $0, cfiles_path_only | O_DIRECTORY, 0) } }
        guard raw >= 0 else { throw FileError("open", path.description) }
        return Folder(raw, path: path.description)
    }

    /// Makes a folder, and those above it where they are missing.
    package static func make(_ path: String, mode: UInt32 = 0o755) throws(FileError) -> Folder {
        if let folder = try? open(path) { return folder }
        let above = path.split(separator: "/").dropLast().joined(separator: "/")
        if !above.isEmpty { _ = try make((path.hasPrefix("/") ? "/" : "") + above) }
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError("make", path) }
        return try open(path)
    }

    package func path(of name: RawName) -> String { path.hasSuffix("/") ? "\(path)\(name)" : "\(path)/\(name)" }

    private func check(_ result: CInt, _ operation: String, _ name: RawName) throws(FileError) {
        guard result == 0 else { throw FileError(operation, path(of: name)) }
    }

    // MARK: Looking

    /// The names in the folder, sorted by their bytes.
    package func names() throws(FileError) -> [RawName] {
        // A descriptor of its own: reading moves where the descriptor stands.
        let copy = unsafe cfiles_openat(raw, ".", O_RDONLY | O_DIRECTORY, 0)
        guard copy >= 0, let stream = unsafe fdopendir(copy) else { throw FileError("read", path) }
        defer { unsafe closedir(stream) }
        var names: [RawName] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if bytes != [46], bytes != [46, 46] { names.append(RawName(bytes)) }
            errno = 0
        }
        guard errno == 0 else { throw FileError("read", path) }
        return names.sorted()
    }

    /// What a name stands for; a link is looked at, not followed.
    package func status(_ name: RawName) throws(FileError) -> FileStatus {
        var info = stat()
        try check(unsafe name.withCString { unsafe fstatat(raw, $0, &info, AT_SYMLINK_NOFOLLOW) }, "look at", name)
        return FileStatus(info)
    }

    package func status() throws(FileError) -> FileStatus {
        var info = stat()
        guard unsafe fstat(raw, &info) == 0 else { throw FileError("look at", path) }
        return FileStatus(info)
    }

    package func exists(_ name: RawName) -> Bool { (try? status(name)) != nil }

    package func target(ofLink name: RawName) throws(FileError) -> RawName {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe name.withCString { unsafe readlinkat(raw, $0, &buffer, 4096) }
        guard count >= 0 else { throw FileError("read", path(of: name)) }
        return RawName(buffer.prefix(count).map { UInt8(bitPattern: $0) })
    }

    /// Bytes and entries that are free for us on the file system.
    package func space() throws(FileError) -> (bytes: Int64, files: Int64) {
        var info = statvfs()
        guard unsafe fstatvfs(raw, &info) == 0 else { throw FileError("look at", path) }
        let files = info.f_files == 0 ? Int64.max : Int64(clamping: info.f_favail)
        return (Int64(clamping: UInt64(info.f_bavail) * UInt64(info.f_frsize)), files)
    }

    // MARK: Opening

    package func folder(_ name: RawName) throws(FileError) -> Folder {
        let opened = unsafe name.withCString { unsafe cfiles_openat(raw, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        guard opened >= 0 else { throw FileError("open", path(of: name)) }
        return Folder(opened, path: path(of: name))
    }

    /// Opens for reading; a fifo or a link is an error, not a wait or a detour.
    package func file(_ name: RawName) throws(FileError) -> OpenFile {
        try open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, mode: 0)
    }

    /// Creates a file that must not exist yet.
    package func create(_ name: RawName, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
    }

    /// Opens for writing, creating where needed.
    package func openOrCreate(_ name: RawName, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try open(name, O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
    }

    private func open(_ name: RawName, _ flags: CInt, mode: UInt32) throws(FileError) -> OpenFile {
        let opened = unsafe name.withCString { unsafe cfiles_openat(raw, $0, flags, mode) }
        guard opened >= 0 else { throw FileError(flags & O_CREAT == 0 ? "open" : "create", path(of: name)) }
        return OpenFile(opened, path: path(of: name))
    }

    // MARK: Changing

    package func makeFolder(_ name: RawName, mode: UInt32 = 0o700) throws(FileError) {
        try check(unsafe name.withCString { unsafe mkdirat(raw, $0, mode) }, "make", name)
    }

    package func makeLink(_ name: RawName, to target: RawName) throws(FileError) {
        try check(unsafe name.withCString { link in unsafe target.withCString { unsafe symlinkat($0, raw, link) } }, "make", name)
    }

    /// Gives a file below `folder` a second name here; a symbolic link is not followed.
    package func makeHardLink(_ name: RawName, to old: RawName, in folder: Folder) throws(FileError) {
        try check(
            unsafe name.withCString { new in unsafe old.withCString { unsafe linkat(folder.raw, $0, raw, new, 0) } }, "link", name)
    }

    package func rename(_ name: RawName, to other: Folder, as new: RawName) throws(FileError) {
        try check(
            unsafe name.withCString { old in unsafe new.withCString { unsafe renameat(raw, old, other.raw, $0) } }, "rename", name)
    }

    /// Makes two names change places in one step.
    package func exchange(_ name: RawName, with other: RawName, in folder: Folder) throws(FileError) {
        try check(
            unsafe name.withCString { a in unsafe other.withCString { unsafe cfiles_exchange(raw, a, folder.raw, $0) } },
            "exchange", name)
    }

    package func remove(_ name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe unlinkat(raw, $0, 0) }, "remove", name)
    }

    package func removeFolder(_ name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe unlinkat(raw, $0, AT_REMOVEDIR) }, "remove", name)
    }

    package func set(mode: UInt32) throws(FileError) {
        guard fchmod(raw, mode) == 0 else { throw FileError("set the mode of", path) }
    }

    /// Sets the mode of a file or folder that need not be opened for it. Not for links: they would be followed.
    package func set(mode: UInt32, of name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe fchmodat(raw, $0, mode, 0) }, "set the mode of", name)
    }

    package func set(owner: UInt32, group: UInt32, of name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe fchownat(raw, $0, owner, group, AT_SYMLINK_NOFOLLOW) }, "set the owner of", name)
    }

    /// Sets the time of a name itself, be it a link.
    package func set(modified: FileTime, of name: RawName) throws(FileError) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        try check(unsafe name.withCString { unsafe utimensat(raw, $0, [time, time], AT_SYMLINK_NOFOLLOW) }, "set the time of", name)
    }

    package func set(modified: FileTime) throws(FileError) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        guard unsafe futimens(raw, [time, time]) == 0 else { throw FileError("set the time of", path) }
    }

    /// Returns once names made, moved and removed here would survive a power cut; at once where the folder may not be read.
    package func sync() throws(FileError) {
        guard fsync(raw) == 0 || errno == EBADF else { throw FileError("write", path) }
    }

    /// Writes a small file in one step: it is there whole, or as it was.
    package func replace(_ name: RawName, with bytes: [UInt8], mode: UInt32 = 0o600) throws(FileError) {
        let temporary = RawName(Array(".\(name).".utf8) + Array("\(getpid())-\(UInt32.random(in: 0 ... .max))".utf8))
        do {
            let file = try create(temporary, mode: mode)
            try file.write(bytes)
            try file.sync()
            try rename(temporary, to: self, as: name)
            try sync()
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    /// The whole of a small file.
    package func contents(of name: RawName, most: Int = 1 << 20) throws(FileError) -> [UInt8] {
        try file(name).contents(most: most)
    }
}

/// Who owns what is brought back from an archive.
package enum FileOwner: String, CaseIterable, Sendable {
    /// The owner that the archive names, where this user may set that.
    case stored
    /// The user that this program runs as.
    case running
}

/// Who this process is to the file system.
package enum FileUser {
    package static var isRoot: Bool { geteuid() == 0 }
    /// The number of the user whose rights count.
    package static var id: UInt32 { geteuid() }

    /// Gives something to another owner, where this user is root and may. False for a root without that right.
    package static func give(_ set: () throws(FileError) -> Void) throws(FileError) -> Bool {
        guard isRoot else { return true }
        do throws(FileError) { try set() } catch {
            guard error.isForbidden else { throw error }
            return false
        }
        return true
    }
}

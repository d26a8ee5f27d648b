import CFiles
import Glibc

/// An open folder, closed when the last reference is gone. A name is one component without slashes, and is never resolved through a symbolic
/// link, so another process cannot redirect an operation by swapping a folder for a link.
///
/// All methods block for the disk, or for the network on a network file system, and throw the error of the call that failed. Safe from
/// any thread.
package final class Folder: Sendable {
    let raw: CInt
    /// The path it was opened by, for messages only: the folder may have been moved since.
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

    /// Opens a folder and creates it where it is missing, with the folders above it (those with mode 755); links on the way are followed.
    /// - Parameter mode: Of a new folder, less the process's umask. The mode of an existing one is left as it is.
    package static func make(_ path: String, mode: UInt32 = 0o755) throws(FileError) -> Folder {
        if let folder = try? open(path) { return folder }
        let above = path.split(separator: "/").dropLast().joined(separator: "/")
        if !above.isEmpty { _ = try make((path.hasPrefix("/") ? "/" : "") + above) }
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError("make", path) }
        return try open(path)
    }

    /// The path of a name in this folder, for messages only.
    package func path(of name: RawName) -> String { path.hasSuffix("/") ? "\(path)\(name)" : "\(path)/\(name)" }

    private func check(_ result: CInt, _ operation: String, _ name: RawName) throws(FileError) {
        guard result == 0 else { throw FileError(operation, path(of: name)) }
    }

    // MARK: Looking

    /// The names in the folder, without `.` and `..`, sorted by their bytes. Reads the whole folder into memory.
    package func names() throws(FileError) -> [RawName] {
        // A descriptor of its own: reading moves the position of the descriptor.
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

    /// The status of what has that name; of a symbolic link itself, not of its target.
    package func status(_ name: RawName) throws(FileError) -> FileStatus {
        var info = stat()
        try check(unsafe name.withCString { unsafe fstatat(raw, $0, &info, AT_SYMLINK_NOFOLLOW) }, "look at", name)
        return FileStatus(info)
    }

    /// The status of the folder itself, wherever it has been moved.
    package func status() throws(FileError) -> FileStatus {
        var info = stat()
        guard unsafe fstat(raw, &info) == 0 else { throw FileError("look at", path) }
        return FileStatus(info)
    }

    /// Whether the name exists, a dangling link included. False also where that can't be determined; use `status` where the reason matters.
    package func exists(_ name: RawName) -> Bool { (try? status(name)) != nil }

    /// The target of a symbolic link as stored, not resolved.
    /// - Throws: `EINVAL` where the name is not a symbolic link.
    package func target(ofLink name: RawName) throws(FileError) -> RawName {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe name.withCString { unsafe readlinkat(raw, $0, &buffer, 4096) }
        guard count >= 0 else { throw FileError("read", path(of: name)) }
        return RawName(buffer.prefix(count).map { UInt8(bitPattern: $0) })
    }

    /// Bytes and inodes that an ordinary user may still use on the file system (statvfs(3), f_bavail and f_favail). `files` is `Int64.max` where
    /// the file system has no fixed number of inodes. Quotas are not counted.
    package func space() throws(FileError) -> (bytes: Int64, files: Int64) {
        var info = statvfs()
        guard unsafe fstatvfs(raw, &info) == 0 else { throw FileError("look at", path) }
        let files = info.f_files == 0 ? Int64.max : Int64(clamping: info.f_favail)
        return (Int64(clamping: UInt64(info.f_bavail) * UInt64(info.f_frsize)), files)
    }

    // MARK: Opening

    /// Opens a folder that can be read; one that may only be entered is refused with `EACCES`. See `FileError.isNoFolder` for other kinds of files.
    package func folder(_ name: RawName) throws(FileError) -> Folder {
        let opened = unsafe name.withCString { unsafe cfiles_openat(raw, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        guard opened >= 0 else { throw FileError("open", path(of: name)) }
        return Folder(opened, path: path(of: name))
    }

    /// Opens for reading. A symbolic link is refused with `ELOOP`; a fifo is opened without waiting for a writer, so check the status's kind.
    package func file(_ name: RawName) throws(FileError) -> OpenFile {
        try open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, mode: 0)
    }

    /// Creates a file for reading and writing. Fails with `EEXIST` (`isThere`) where the name exists.
    /// - Parameter mode: Permission bits, less the process's umask.
    package func create(_ name: RawName, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
    }

    /// Opens for reading and writing, and creates an empty file where there is none. An existing file keeps its content and its mode.
    package func openOrCreate(_ name: RawName, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try open(name, O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
    }

    private func open(_ name: RawName, _ flags: CInt, mode: UInt32) throws(FileError) -> OpenFile {
        let opened = unsafe name.withCString { unsafe cfiles_openat(raw, $0, flags, mode) }
        guard opened >= 0 else { throw FileError(flags & O_CREAT == 0 ? "open" : "create", path(of: name)) }
        return OpenFile(opened, path: path(of: name))
    }

    // MARK: Changing

    /// Creates an empty folder. Fails with `EEXIST` where the name exists.
    /// - Parameter mode: Permission bits, less the process's umask.
    package func makeFolder(_ name: RawName, mode: UInt32 = 0o700) throws(FileError) {
        try check(unsafe name.withCString { unsafe mkdirat(raw, $0, mode) }, "make", name)
    }

    /// Creates a symbolic link. The target is stored as it is, and need not exist. Fails with `EEXIST` where the name exists.
    package func makeLink(_ name: RawName, to target: RawName) throws(FileError) {
        try check(unsafe name.withCString { link in unsafe target.withCString { unsafe symlinkat($0, raw, link) } }, "make", name)
    }

    /// Gives a file in `folder` a second name here; a symbolic link is linked itself, not its target. Fails with `EEXIST` where the name exists,
    /// and with `EXDEV` across file systems.
    package func makeHardLink(_ name: RawName, to old: RawName, in folder: Folder) throws(FileError) {
        try check(
            unsafe name.withCString { new in unsafe old.withCString { unsafe linkat(folder.raw, $0, raw, new, 0) } }, "link", name)
    }

    /// Renames in one step, within one file system (else `EXDEV`). A file replaces a file, a folder replaces an empty folder only; see rename(2).
    package func rename(_ name: RawName, to other: Folder, as new: RawName) throws(FileError) {
        try check(
            unsafe name.withCString { old in unsafe new.withCString { unsafe renameat(raw, old, other.raw, $0) } }, "rename", name)
    }

    /// Swaps two names in one step (renameat2(2) with `RENAME_EXCHANGE`). Both must exist. Fails with `EINVAL` on file systems that can't do it,
    /// and with `ENOSYS` on old kernels and in some sandboxes.
    package func exchange(_ name: RawName, with other: RawName, in folder: Folder) throws(FileError) {
        try check(
            unsafe name.withCString { a in unsafe other.withCString { unsafe cfiles_exchange(raw, a, folder.raw, $0) } },
            "exchange", name)
    }

    /// Removes a name that is not a folder; of a symbolic link the link itself. The content stays while the file is open or has other names.
    package func remove(_ name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe unlinkat(raw, $0, 0) }, "remove", name)
    }

    /// Removes an empty folder; see `FileError.isNotEmpty`.
    package func removeFolder(_ name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe unlinkat(raw, $0, AT_REMOVEDIR) }, "remove", name)
    }

    /// Sets the folder's own permission bits, regardless of the umask.
    package func set(mode: UInt32) throws(FileError) {
        guard fchmod(raw, mode) == 0 else { throw FileError("set the mode of", path) }
    }

    /// Sets the mode of a file or folder that need not be opened for it. Not for links: they would be followed.
    package func set(mode: UInt32, of name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe fchmodat(raw, $0, mode, 0) }, "set the mode of", name)
    }

    /// Sets the numeric owner and group of a name itself, be it a link. Only root may; for others it fails with `EPERM`.
    package func set(owner: UInt32, group: UInt32, of name: RawName) throws(FileError) {
        try check(unsafe name.withCString { unsafe fchownat(raw, $0, owner, group, AT_SYMLINK_NOFOLLOW) }, "set the owner of", name)
    }

    /// Sets the access and modification times of a name itself, be it a link.
    package func set(modified: FileTime, of name: RawName) throws(FileError) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        try check(unsafe name.withCString { unsafe utimensat(raw, $0, [time, time], AT_SYMLINK_NOFOLLOW) }, "set the time of", name)
    }

    /// Sets the folder's own access and modification times. Making names in it changes the modification time again.
    package func set(modified: FileTime) throws(FileError) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        guard unsafe futimens(raw, [time, time]) == 0 else { throw FileError("set the time of", path) }
    }

    /// Returns once names made, moved and removed here would survive a power cut; at once, without effect, where the folder was opened without
    /// the right to read it. Does not cover the content of files: sync those first.
    package func sync() throws(FileError) {
        guard fsync(raw) == 0 || errno == EBADF else { throw FileError("write", path) }
    }

    /// Replaces a small file atomically: writes and syncs a temporary file next to it, renames it and syncs the folder. After an error or a crash
    /// the name has either the old or the new content; a crash may leave the temporary file, `.name.PID-random`.
    /// - Parameter durably: Whether it returns only once the new content would survive a power cut. Without, the content may be lost with the machine.
    package func replace(_ name: RawName, with bytes: [UInt8], mode: UInt32 = 0o600, durably: Bool = true) throws(FileError) {
        let temporary = RawName(Array(".\(name).".utf8) + Array("\(getpid())-\(UInt32.random(in: 0 ... .max))".utf8))
        do {
            let file = try create(temporary, mode: mode)
            try file.write(bytes)
            if durably { try file.sync() }
            try rename(temporary, to: self, as: name)
            if durably { try sync() }
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    /// The content of a small file; only the first `most` bytes of a larger one.
    package func contents(of name: RawName, most: Int = 1 << 20) throws(FileError) -> [UInt8] {
        try file(name).contents(most: most)
    }
}

/// Who owns the files that are restored from an archive.
package enum FileOwner: String, CaseIterable, Sendable {
    /// The owner that the archive names, where this user may set that.
    case stored
    /// The user that this program runs as.
    case running
}

/// The user as which this process accesses files. Asks the kernel each time; no disk is read.
package enum FileUser {
    /// Whether the effective user id is 0. In a container root may still lack the capabilities to change owners.
    package static var isRoot: Bool { geteuid() == 0 }
    /// The effective user id, whose permissions apply to files.
    package static var id: UInt32 { geteuid() }

    /// Calls `set`, which changes the owner of a file, where this user is root. False where root lacks the capability (`EPERM`); true for other
    /// users, who own what they create and for whom `set` is not called. Other errors are thrown.
    package static func give(_ set: () throws(FileError) -> Void) throws(FileError) -> Bool {
        guard isRoot else { return true }
        do throws(FileError) { try set() } catch {
            guard error.isForbidden else { throw error }
            return false
        }
        return true
    }
}

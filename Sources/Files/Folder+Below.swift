import CFiles
import Glibc

extension Folder {
    /// Bytes of a path that are opened in one call; the system takes 4096.
    private static let stretch = 4000

    /// Opens a folder by the names that lead to it, however many; links are not followed.
    package func folder(below names: some Collection<RawName>) throws(FileError) -> Folder {
        var (folder, rest) = (self, Array(names)[...])
        while !rest.isEmpty {
            var (count, bytes) = (0, 0)
            for name in rest {
                bytes += name.bytes.count + 1
                if count > 0, bytes > Folder.stretch { break }
                count += 1
            }
            folder = try folder.open(stretch: rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return folder
    }

    /// Paths of so many bytes are not opened in one call.
    static let longest = stretch

    /// Opens a folder in stretches of its path; links on the way are followed.
    static func openLong(_ path: RawName) throws(FileError) -> Folder {
        var (folder, stretch) = (Folder?.none, Array((path.bytes.first == 47 ? "/" : ".").utf8))
        for name in path.bytes.split(separator: 47) {
            if stretch.count + name.count >= longest {
                folder = try below(folder, RawName(stretch), path: path)
                stretch = [46]
            }
            stretch += [47] + name
        }
        return try below(folder, RawName(stretch), path: path)
    }

    private static func below(_ folder: Folder?, _ stretch: RawName, path: RawName) throws(FileError) -> Folder {
        let opened = unsafe stretch.withCString { unsafe cfiles_openat(folder?.raw ?? AT_FDCWD, $0, O_RDONLY | O_DIRECTORY, 0) }
        guard opened >= 0 else { throw FileError("open", path.description) }
        return Folder(opened, path: path.description)
    }

    private func open(stretch names: ArraySlice<RawName>) throws(FileError) -> Folder {
        guard let first = names.first else { return self }
        if names.count == 1 { return try folder(first) }
        let joined = RawName(names.map(\.bytes).joined(separator: [47]))
        let opened = unsafe joined.withCString { unsafe cfiles_open_below(raw, $0, O_RDONLY | O_DIRECTORY) }
        if opened >= 0 { return Folder(opened, path: path(of: joined)) }
        // Old kernels and some sandboxes don't know the call: then name by name.
        guard [ENOSYS, EPERM, EINVAL, EAGAIN].contains(errno) else { throw FileError("open", path(of: joined)) }
        var folder = self
        for name in names { folder = try folder.folder(name) }
        return folder
    }

    /// The folder that holds this one.
    /// - Parameter path: What it is called in messages.
    func folderAbove(path: String) throws(FileError) -> Folder {
        let opened = unsafe cfiles_openat(raw, "..", O_RDONLY | O_DIRECTORY, 0)
        guard opened >= 0 else { throw FileError("open", path) }
        return Folder(opened, path: path)
    }

    /// Returns once all that was written to this folder's file system would survive a power cut. Blocks, for as long as the disk takes.
    package func syncFileSystem() throws(FileError) {
        guard cfiles_sync_file_system(raw) == 0 else { throw FileError("write", path) }
    }
}

extension Folder {
    /// A path that leads to this very folder wherever it is moved, for libraries that take paths only, as long as this value lives; nil
    /// where the system has no such paths.
    package var descriptorPath: String? { FileUser.hasDescriptorPaths ? "/proc/self/fd/\(raw)" : nil }
}

extension FileUser {
    fileprivate static let hasDescriptorPaths = unsafe access("/proc/self/fd", X_OK) == 0
}

import Glibc

/// An instant as file systems keep it.
package struct FileTime: Hashable, Comparable, Codable, Sendable {
    /// Seconds since 1970-01-01 UTC; earlier times are negative.
    package var seconds: Int64
    /// 0 to 999 999 999, counted forward from `seconds`.
    package var nanoseconds: Int64

    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// What stat(2) reports about a file, as a copy: it does not follow later changes.
package struct FileStatus: Hashable, Sendable {
    /// The type of a file. Character and block devices are both `device`.
    package enum Kind: Hashable, Sendable {
        case file, folder, symbolicLink, fifo, socket, device
    }

    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    /// Numeric user id, as seen in this process's user namespace.
    package var owner: UInt32
    /// Numeric group id.
    package var group: UInt32
    /// Bytes of content, holes included; for a symbolic link, bytes of its target.
    package var size: Int64
    /// Bytes on the disk: less than the size for a file with holes, or on a file system that compresses.
    package var allocated: Int64
    /// When the content last changed (mtime). Programs may set it to any value.
    package var modified: FileTime
    /// When anything about the file last changed (ctime), mode and owner included. Set by the kernel only.
    package var changed: FileTime
    /// The file system that holds the file (st_dev). With `inode` it identifies a file while it exists; inode numbers are reused afterwards.
    package var device: UInt64
    /// The file's number within `device`.
    package var inode: UInt64
    /// How many names the file has on its file system; for folders the meaning depends on the file system.
    package var links: UInt64

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            default: .device
            }
        mode = raw.st_mode & 0o7777
        owner = raw.st_uid
        group = raw.st_gid
        size = Int64(raw.st_size)
        allocated = Int64(raw.st_blocks) * 512
        modified = FileTime(seconds: Int64(raw.st_mtim.tv_sec), nanoseconds: Int64(raw.st_mtim.tv_nsec))
        changed = FileTime(seconds: Int64(raw.st_ctim.tv_sec), nanoseconds: Int64(raw.st_ctim.tv_nsec))
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        links = UInt64(raw.st_nlink)
    }

    /// The number of a device by its parts, as the C library composes it.
    static func device(major: UInt64, minor: UInt64) -> UInt64 {
        (major & 0xfffff000) << 32 | (major & 0xfff) << 8 | (minor & 0xffffff00) << 12 | minor & 0xff
    }
}

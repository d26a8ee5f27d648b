import Glibc

/// An instant as file systems keep it.
package struct FileTime: Hashable, Comparable, Sendable {
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

/// What the system knows of a file without opening it.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file, folder, symbolicLink, fifo, socket, device
    }

    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    package var owner: UInt32
    package var group: UInt32
    package var size: Int64
    /// Bytes on the disk: less than the size for a file with holes, or on a file system that compresses.
    package var allocated: Int64
    package var modified: FileTime
    /// When anything about the file last changed, mode and owner included.
    package var changed: FileTime
    package var device: UInt64
    package var inode: UInt64
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

/// Which files are locked by a process just now, by any means, as the system lists them in `/proc/locks`.
///
/// Looking takes no lock, so no other process is disturbed. In a container it lists what the container's own processes hold; without a list,
/// nothing counts as locked.
package struct LockTable: Sendable {
    private struct Key: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    private let locked: Set<Key>

    /// Reads `/proc/locks` as it is now (proc_locks(5)), from the kernel's memory; an unreadable list counts as an empty one.
    package init() {
        let text = (try? Folder.open("/proc").contents(of: "locks", most: 4 << 20)) ?? []
        locked = Set(text.split(separator: 10).compactMap(LockTable.key))
    }

    /// Whether any process, this one included, held a lock of any kind on the file when the list was read.
    package func isLocked(_ file: FileStatus) -> Bool { locked.contains(Key(device: file.device, inode: file.inode)) }

    /// `1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`; the numbers of the device in hexadecimal. A line with `->` is of one who waits.
    private static func key(_ line: ArraySlice<UInt8>) -> Key? {
        let fields = line.split(separator: 32)
        guard fields.count >= 8, fields[1] != Array("->".utf8)[...] else { return nil }
        let parts = fields[5].split(separator: 58).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3, let major = UInt64(parts[0], radix: 16), let minor = UInt64(parts[1], radix: 16), let inode = UInt64(parts[2]) else {
            return nil
        }
        return Key(device: FileStatus.device(major: major, minor: minor), inode: inode)
    }
}

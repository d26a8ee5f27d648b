import Foundation
import Glibc

/// The identity of a compiled zone file as it was when it was read: size, modification time, inode.
package struct ZoneFile: Hashable, Sendable {
    /// The largest there is has some 4 kB.
    private static let mostBytes = 1 << 20

    /// The path it was looked up by; links are followed.
    package let path: String
    private let size: Int
    private let modified: [Int]
    private let number: UInt64

    /// Nil where there is no such file, or it is not a regular file of a zone file's size. Blocks for the disk.
    init?(_ path: String) {
        // Not by Foundation, which answers with a dictionary of any values: the first service waits for this.
        var found = stat()
        guard unsafe stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG, found.st_size <= ZoneFile.mostBytes else { return nil }
        self.path = path
        size = found.st_size
        modified = [found.st_mtim.tv_sec, found.st_mtim.tv_nsec]
        number = UInt64(found.st_ino)
    }

    func read() -> [UInt8]? { FileManager.default.contents(atPath: path).map(Array.init) }

    /// Whether another file is at the path now, or it was written again. A missing one counts as unchanged: what was read stays valid. Blocks for
    /// the disk.
    package func hasChanged() -> Bool { ZoneFile(path).map { $0 != self } ?? false }
}

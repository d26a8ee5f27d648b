import Foundation

/// The identity of a compiled zone file as it was when it was read: size, modification time, inode.
package struct ZoneFile: Hashable, Sendable {
    /// The largest there is has some 4 kB.
    private static let mostBytes = 1 << 20

    /// The path it was looked up by; links are followed.
    package let path: String
    private let target: String
    private let size: Int
    private let modified: Date
    private let number: Int

    /// Nil where there is no such file, or it is not a regular file of a zone file's size. Blocks for the disk.
    init?(_ path: String) {
        target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let found = try? FileManager.default.attributesOfItem(atPath: target), found[.type] as? FileAttributeType == .typeRegular,
            let size = (found[.size] as? NSNumber)?.intValue, size <= ZoneFile.mostBytes, let modified = found[.modificationDate] as? Date
        else { return nil }
        self.path = path
        self.size = size
        self.modified = modified
        number = (found[.systemFileNumber] as? NSNumber)?.intValue ?? 0
    }

    func read() -> [UInt8]? { FileManager.default.contents(atPath: target).map(Array.init) }

    /// Whether another file is at the path now, or it was written again. A missing one counts as unchanged: what was read stays valid. Blocks for
    /// the disk.
    package func hasChanged() -> Bool { ZoneFile(path).map { $0 != self } ?? false }
}

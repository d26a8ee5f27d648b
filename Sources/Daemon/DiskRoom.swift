import Files
package import JobKit
import Settings

/// How much room there is on the disk of a folder.
package struct DiskRoom: Sendable {
    /// Below this a backup may not find room for its archive, in bytes.
    private static let low: Int64 = 1_000_000_000
    /// What is written as a try, in bytes: a small file may find room in what is left of a block.
    private static let tried = 64 << 10

    /// Free for this user, in bytes; nil where the system can't tell.
    package let bytes: Int64?
    package let isFull: Bool
    private let hasNoEntries: Bool

    /// Blocks.
    /// - Parameter needsWriting: Whether it is tried with a file that is removed at once; else the system's figures count.
    package init(of path: String, needsWriting: Bool) {
        let folder = try? Folder.open(path)
        let space = try? folder?.space()
        bytes = space?.bytes
        hasNoEntries = space?.files == 0
        guard needsWriting, let folder else {
            isFull = space.map { $0.bytes <= 0 || $0.files == 0 } ?? false
            return
        }
        isFull = DiskRoom.refuses(folder)
    }

    private static func refuses(_ folder: Folder) -> Bool {
        let name: RawName = ".doctor-test"
        defer { try? folder.remove(name) }
        do throws(FileError) {
            try? folder.remove(name)
            try folder.create(name).write([UInt8](repeating: 1, count: tried))
            return false
        } catch {
            return error.isDiskFull
        }
    }

    package var verdict: JobCheck.Verdict { isFull ? .failed : (bytes ?? .max) < DiskRoom.low ? .warning : .ok }

    package func words(_ path: String) -> String {
        let free = bytes.map { "\(ByteSizeText.readable($0)) free" } ?? "how much is free is not known"
        return isFull ? "the disk of \(path) is full: \(hasNoEntries ? "no file can be added" : free)" : free
    }

    package var hint: String? {
        switch verdict {
        case .failed: "remove what is not needed, or enlarge the disk: nothing can be stored there"
        case .warning: "a backup needs room for its archive there"
        case .ok, .skipped: nil
        }
    }
}

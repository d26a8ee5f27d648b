import Archive
import Files
import Foundation

/// What a snapshot was found to hold.
package struct SnapshotContents: Hashable, Sendable {
    /// Files, folders and links. For an export that was only read, members of any kind.
    package var members: Int
    /// Regular files.
    package var files: Int
    /// Bytes of content, without holes.
    package var bytes: Int64
    /// Bytes that it takes as it is stored.
    package var archiveBytes: Int64
    /// Messages for the operator, such as that there was no checksum.
    package var notes: [String]

    /// Does everything that a restore does except writing.
    /// - Parameter source: What it must hold; nil where that is not known.
    init(_ tree: any TreeSource, of source: BackupSource?, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) throws(BackupError) {
        let extraction = TreeExtraction(
            tree: tree, flag: flag, source: source, onProgress: { onProgress(BackupProgress(.verifying, files: $0, bytes: $1, ofBytes: tree.storedBytes)) })
        let result = try extraction.run(into: nil)
        (files, bytes, archiveBytes) = (result.report.files, result.report.bytes, tree.storedBytes)
        members = result.report.files + result.report.folders + result.report.links
        notes = result.notes + result.report.skipped.map { "left out by a restore: \($0)" } + result.missing.map { "it holds no \($0.readable)" }
    }
}

extension SnapshotContents {
    init(members: Int, files: Int, bytes: Int64, archiveBytes: Int64, notes: [String]) {
        (self.members, self.files, self.bytes, self.archiveBytes, self.notes) = (members, files, bytes, archiveBytes, notes)
    }

    /// Reads all members to their ends, without judging whether they could be restored.
    init(reading tree: any TreeSource, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) throws(BackupError) {
        var (members, files, bytes) = (0, 0, Int64(0))
        let onRead = { (read: Int64) in onProgress(BackupProgress(.verifying, bytes: read, ofBytes: tree.storedBytes)) }
        notes = try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in
            while let entry = try reader.next() {
                members += 1
                if entry.kind == .file { files += 1 }
                while let piece = try reader.piece(1 << 18) {
                    if case .bytes(let read) = piece { bytes += Int64(read.count) }
                }
            }
        }.notes
        (self.members, self.files, self.bytes, archiveBytes) = (members, files, bytes, tree.storedBytes)
    }
}

/// What was unpacked.
package struct Unpacked: Hashable, Sendable {
    /// Regular files.
    package var files: Int
    /// Files, folders and links.
    package var members: Int
    /// Bytes of content, without holes.
    package var bytes: Int64
    /// Members that were left out, with the reason.
    package var skipped: [String]
}

import Archive
import Files

/// Writes what was opened as a plain archive, whatever format it is stored in.
enum TreeArchive {
    private static let pieceSize = 1 << 18

    /// The file appears in one step, and replaces one of that name. Holes become zeros. Blocks.
    static func write(
        _ tree: any TreeSource, to name: RawName, in folder: Folder, cores: Int, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver
    ) throws(BackupError) -> SnapshotContents {
        let temporary = RawName(".\(name).part")
        do {
            try folder.removeTree(temporary)
            let file = try folder.create(temporary)
            let gzip = GzipWriter(FileSink(file), cores: cores)
            var (members, files, bytes) = (0, 0, Int64(0))
            let onRead = { (read: Int64) in onProgress(BackupProgress(.exporting, bytes: read, ofBytes: tree.storedBytes)) }
            let reading = try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in
                let tar = TarWriter(gzip)
                while let entry = try reader.next() {
                    members += 1
                    if entry.kind == .file { files += 1 }
                    try tar.begin(entry)
                    while let piece = try reader.piece(pieceSize) { try write(piece, to: tar, &bytes) }
                }
                try tar.finish()
                try gzip.finish()
            }
            try file.sync()
            let size = try file.status().size
            try folder.rename(temporary, to: folder, as: name)
            try folder.sync()
            return SnapshotContents(members: members, files: files, bytes: bytes, archiveBytes: size, notes: reading.notes)
        } catch {
            try? folder.remove(temporary)
            throw flag.isSet ? .cancelled : BackupError(error)
        }
    }

    private static func write(_ piece: ContentPiece, to tar: TarWriter, _ bytes: inout Int64) throws(ArchiveError) {
        switch piece {
        case .bytes(let read):
            bytes += Int64(read.count)
            try tar.write(read)
        case .hole(var rest):
            while rest > 0 {
                let count = Int(min(rest, Int64(pieceSize)))
                try tar.write([UInt8](repeating: 0, count: count))
                rest -= Int64(count)
            }
        }
    }
}

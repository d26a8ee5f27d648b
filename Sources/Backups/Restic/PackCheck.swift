import Buckets
import Crypto
import Files
import Restic
import Storage

/// Reads a whole pack, and compares it with its name and with what an index says of it. For one thread, which waits for the backend.
struct PackCheck {
    /// What is wrong with a pack, and which blobs are lost.
    struct Flaw {
        var what: String
        var blobs: [StoredBlob]
    }

    private static let stretch = 4 << 20

    private let files: ResticFiles
    private let flag: CancelFlag

    init(_ files: ResticFiles, _ flag: CancelFlag) { (self.files, self.flag) = (files, flag) }

    /// - Parameter size: Of the pack, in bytes.
    /// - Returns: Nil where it is as it was stored.
    func flaw(_ entry: IndexFile.Entry, size: Int64) throws(BackupError) -> Flaw? {
        do { return try read(entry, Int(size)) } catch {
            if flag.isSet { throw .cancelled }
            // It is gone, or shorter than the list says that it was.
            guard error is ResticError else { throw BackupError(error) }
            return Flaw(what: "can't be read to its end", blobs: entry.blobs)
        }
    }

    private func read(_ entry: IndexFile.Entry, _ size: Int) throws -> Flaw? {
        let (name, loader, decompressor) = (Pack.name(entry.pack), PackLoader(files.backend, flag), try Decompressor())
        var (digest, position, lost) = (SHA256(), 0, [StoredBlob]())
        func pass(to end: Int) throws {
            while position < end {
                let next = min(end, position + PackCheck.stretch)
                digest.update(data: try loader.load(name, position..<next))
                position = next
            }
        }
        for blob in entry.blobs.sorted(by: { $0.offset < $1.offset }) {
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            try pass(to: blob.offset)
            let range = blob.offset..<blob.offset + blob.length
            let bytes = try loader.load(name, range)
            if (try? blob.content(of: bytes[...], key: files.key, decompressor)) == nil { lost.append(blob) }
            // Two that overlap are none of restic's: each is checked, and the digest takes each byte once.
            if position < range.upperBound { digest.update(data: Array(bytes[(position - range.lowerBound)...])) }
            position = max(position, range.upperBound)
        }
        try pass(to: size)
        if !lost.isEmpty { return Flaw(what: "is damaged", blobs: lost) }
        if digest.finalize().hex != entry.pack.description { return Flaw(what: "is damaged where it lists what it holds", blobs: []) }
        return nil
    }
}

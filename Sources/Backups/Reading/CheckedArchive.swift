import Archive
import Buckets
import Crypto
import Files
import Storage
import Synchronization

/// An archive that has been brought here, with what it must be.
struct CheckedArchive: TreeSource {
    let file: OpenFile
    let size: Int64
    /// The digest that the store itself reports.
    let storeDigest: String?
    /// The content of the checksum file next to it, where the store has no digest: scripts store the two in two steps, so that file may be
    /// that of the backup before.
    let storedChecksum: String?

    var storedBytes: Int64 { size }

    /// Reads the archive from end to end.
    func read<Value>(
        _ flag: CancelFlag, onRead: @escaping (Int64) -> Void, _ body: (any EntryReader) throws(ArchiveError) -> Value
    ) throws(BackupError) -> TreeReading<Value> {
        do throws(FileError) { try file.seek(to: 0) } catch { throw .file(error) }
        let digest = Digest()
        let value: Value
        do throws(ArchiveError) {
            let source = WatchedSource(CancellableSource(FileSource(file), flag)) { bytes in
                digest.value.update(data: bytes)
                digest.count.add(Int64(bytes.count), ordering: .relaxed)
            }
            // Read, checked and decompressed on one thread, while what is in it is written on this one.
            let ahead = AheadSource(try GzipReader(source))
            defer { ahead.stop() }
            let tar = WatchedSource(ahead) { _ in onRead(digest.count.load(ordering: .relaxed)) }
            value = try body(TarReader(tar))
            // What follows the last member belongs to the archive too.
            while try !tar.read(1 << 20).isEmpty {}
            // The other thread has come to the end.
            while try !source.read(1 << 20).isEmpty {}
        } catch {
            throw flag.isSet ? .cancelled : .archive(error)
        }
        return TreeReading(value: value, notes: try judge(digest.value.finalize().hex))
    }

    private func judge(_ digest: String) throws(BackupError) -> [String] {
        if let storeDigest {
            guard storeDigest == digest else { throw .archive(.damaged("its checksum is not the one the repository has for it")) }
            return []
        }
        guard let storedChecksum else { return ["no checksum was stored with the archive; it was checked by its own sums only"] }
        guard storedChecksum == digest else { throw .archive(.damaged("its checksum is not the one stored with it")) }
        return []
    }

    private final class Digest {
        var value = SHA256()
        let count = Atomic<Int64>(0)
    }
}

/// Ends reading when the caller was cancelled.
private final class CancellableSource: ByteSource {
    private let next: any ByteSource
    private let flag: CancelFlag

    init(_ next: any ByteSource, _ flag: CancelFlag) {
        self.next = next
        self.flag = flag
    }

    func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        if flag.isSet { throw .cancelled }
        return try next.read(most)
    }
}

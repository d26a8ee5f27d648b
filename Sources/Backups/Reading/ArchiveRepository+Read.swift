import Archive
import Buckets
package import Files
import Foundation
import Storage

extension ArchiveRepository {
    /// Downloads or opens an archive, with the checksum that it must have.
    func fetch(_ snapshot: Snapshot, scratch: Folder, onProgress: @escaping BackupProgressReceiver = { _ in }) async throws(BackupError) -> CheckedArchive {
        guard let version = snapshot.version else { throw .noSuchBackup(snapshot.id) }
        let file: OpenFile
        let total = version.objects[ArchiveNames.archive]
        do {
            file = try await store.open(ArchiveNames.archive, at: version, scratch: scratch) {
                onProgress(BackupProgress(.downloading, bytes: $0, ofBytes: total ?? $1))
            }
        } catch {
            // A damaged version is not a problem of the store.
            throw error.kind == .damaged ? .archive(.damaged(error.message)) : .store(error)
        }
        let size: Int64
        do { size = try file.status().size } catch { throw .file(error) }
        let digest = version.digests[ArchiveNames.archive].flatMap { $0.count == 64 ? $0 : nil }
        // A digest from the store needs no checksum file.
        guard digest == nil else { return CheckedArchive(file: file, size: size, storeDigest: digest, storedChecksum: nil) }
        switch try await storedChecksum(of: version, scratch: scratch) {
        case .nothing: return CheckedArchive(file: file, size: size, storeDigest: nil, storedChecksum: nil)
        case .digits(let digits): return CheckedArchive(file: file, size: size, storeDigest: nil, storedChecksum: digits)
        case .notUnderstood:
            throw .archive(.refused("the checksum file \(ArchiveNames.checksum) is not understood: no SHA-256 of \(ArchiveNames.archive) is found in it"))
        }
    }

    /// Writes a backup's archive to a plain file, once every byte was checked. The file appears in one step, and replaces one of that name.
    /// - Throws: `archive` for a damaged backup; `file` where it can't be written. Nothing is left in the folder then.
    package func export(
        _ snapshot: Snapshot, to file: String, in folder: Folder, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> SnapshotContents {
        let archive = try await fetch(snapshot, scratch: folder, onProgress: onProgress)
        return try await DedicatedThread.run { flag throws(BackupError) in
            let contents = try SnapshotContents(reading: archive, flag, onProgress)
            let temporary = RawName(".\(file).part")
            do throws(FileError) {
                try folder.removeTree(temporary)
                let copy = try folder.create(temporary)
                try archive.file.seek(to: 0)
                var done: Int64 = 0
                while case let bytes = try archive.file.read(1 << 20), !bytes.isEmpty {
                    if flag.isSet { throw FileError("write", folder.path(of: temporary), code: ECANCELED) }
                    try copy.write(bytes)
                    done += Int64(bytes.count)
                    onProgress(BackupProgress(.exporting, bytes: done, ofBytes: archive.size))
                }
                try copy.sync()
                try folder.rename(temporary, to: folder, as: RawName(file))
            } catch {
                try? folder.remove(temporary)
                throw error.isCancelled ? .cancelled : .file(error)
            }
            return contents
        }
    }
}

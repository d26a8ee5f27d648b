import Archive
import Buckets
package import Files
import Storage

/// The program's state beside an archive.
enum ArchiveState {
    /// Names in a scratch folder.
    static let (plain, packed): (RawName, RawName) = ("state.db", "state.db.gz")
    /// The most bytes that one is unpacked to.
    static let mostBytes: Int64 = 1 << 30
}

extension ArchiveRepository {
    /// Has the state written into the scratch folder, and compresses it.
    /// - Returns: Whether there is one.
    func packState(_ scratch: Folder, _ report: SnapshotReport, _ write: StateWriter?) async throws(BackupError) -> Bool {
        guard let write, await write(ArchiveState.plain, scratch, report) else { return false }
        return try await DedicatedThread.run { flag throws(BackupError) in
            do {
                let source = try scratch.file(ArchiveState.plain)
                let writer = GzipWriter(FileSink(try scratch.create(ArchiveState.packed)), cores: 1)
                while case let piece = try source.read(1 << 20), !piece.isEmpty {
                    if flag.isSet { throw BackupError.cancelled }
                    try writer.write(piece)
                }
                try writer.finish()
                return true
            } catch {
                throw BackupError(error)
            }
        }
    }

    /// That beside the newest archive.
    package func states() async throws(BackupError) -> [Snapshot] {
        guard let head = try await newest(), head.objects[ArchiveNames.state] != nil, head.objects[ArchiveNames.archive] != nil else { return [] }
        return [Snapshot(head)]
    }

    package func readState(_ state: Snapshot, to name: RawName, in folder: Folder) async throws(BackupError) {
        guard let version = state.version else { throw .noSuchBackup(state.id) }
        let file: OpenFile
        do throws(StorageError) { file = try await store.open(ArchiveNames.state, at: version, scratch: folder) } catch {
            throw error.kind == .damaged ? .archive(.damaged(error.message)) : .store(error)
        }
        try await DedicatedThread.run { flag throws(BackupError) in
            do {
                let reader = try GzipReader(FileSource(file))
                let target = try folder.create(name)
                var size: Int64 = 0
                while case let piece = try reader.read(1 << 20), !piece.isEmpty {
                    if flag.isSet { throw BackupError.cancelled }
                    size += Int64(piece.count)
                    if size > ArchiveState.mostBytes { throw ArchiveError.damaged("\(ArchiveNames.state) is larger than any state") }
                    try target.write(piece)
                }
            } catch {
                throw BackupError(error)
            }
        }
    }
}

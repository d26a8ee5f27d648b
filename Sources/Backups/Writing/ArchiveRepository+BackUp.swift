import Archive
import Buckets
import Files
import Foundation
import Storage

extension ArchiveRepository {
    /// Packs the tree into an archive in the scratch folder, and stores it with its checksum in one commit.
    package func backUp(
        _ source: BackupSource, _ lineage: Lineage, _ request: BackupRequest, onProgress: @escaping BackupProgressReceiver,
        onPacked: @Sendable (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(BackupError) -> BackupOutcome {
        let head = try await newest()
        let known = try await lineageHead(head.map(Snapshot.init), unlessKnownTo: lineage)
        let isOurs = lineage.descends(from: known)
        let scan = try await TreeScan.scan(source)
        var fingerprint = Lineage.Fingerprint(tree: scan.fingerprint, content: nil)
        if let last = lineage.unchanged(fingerprint.tree, since: known) { return .unchanged(last) }
        let archiveBytes = head?.objects[ArchiveNames.archive]
        if !request.mayBeEmpty {
            try scan.refuseEmpty(lineage, after: isOurs ? archiveBytes.map { $0 > ArchiveRepository.emptyArchiveBytes ? .something : .unknown } : nil)
        }
        return try await ScratchFolder.with(below: request.scratch) { folder throws(BackupError) in
            try ScratchFolder.checkSpace(of: folder, needed: scan.bytes / 2)
            let previous = PreviousArchive(store, isOurs ? head : nil, folder)
            let cores = cores
            let report = try await DedicatedThread.run { flag throws(BackupError) in
                try ArchiveRepository.pack(scan, folder, cores, request.packing, previous, flag, onProgress)
            }
            fingerprint.content = report.content
            // After a restore the archive itself is all that is known, and the same files make the same one.
            if lineage.holds(content: report.content, checksum: report.checksum, known) { return .same(report, fingerprint, known) }
            if Task.isCancelled { throw .cancelled }
            let packed = Packed(folder: folder, report: report, now: request.now) { onProgress(BackupProgress(.uploading, bytes: $0, ofBytes: $1)) }
            if isOurs { try await onPacked(report, known) }
            return .stored(Snapshot(try await store(packed, head, lineage, request.aside)), report, fingerprint)
        }
    }

    /// The archive of a tree without files is smaller than this.
    private static let emptyArchiveBytes: Int64 = 2048

    /// An archive that lies in a scratch folder.
    private struct Packed {
        var folder: Folder
        var report: SnapshotReport
        var now: Date
        var onProgress: StoreProgress

        var title: String { "Backup of \(now.formatted(.iso8601)): \(report.files) files, \(report.bytes) bytes" }
    }

    /// Stores an archive as the newest, or beside the newest where that is somebody else's; the head may move meanwhile.
    private func store(_ packed: Packed, _ seen: StoreVersion?, _ lineage: Lineage, _ aside: String) async throws(BackupError) -> StoreVersion {
        var head = seen
        var last = StorageError.stale("the repository changes faster than we can store")
        for _ in 0..<ArchiveRepository.rounds {
            guard try await descends(lineage, from: head.map(Snapshot.init)) else {
                if try await isStoredAside(packed, head, lineage, aside, &last) { throw .setAside(last, incomplete: packed.report.incomplete) }
                head = try await newest()
                continue
            }
            do {
                return try await store.commit(
                    [
                        NewObject(name: ArchiveNames.archive, folder: packed.folder, file: "archive", sha256: packed.report.checksum),
                        NewObject(name: ArchiveNames.checksum, folder: packed.folder, file: "checksum"),
                    ], expecting: head?.id, at: packed.now, title: packed.title, onProgress: packed.onProgress)
            } catch {
                guard error.kind == .stale else { throw .store(error) }
                last = error
                head = try await newest()
            }
        }
        throw .store(last)
    }

    private static var rounds: Int { 4 }

    /// Stores what may not take the newest backup's place beside it, so that it is not lost.
    /// - Parameter verdict: Gets the words for why it is not the newest.
    /// - Returns: False when the head has moved again: nothing is stored then.
    private func isStoredAside(
        _ packed: Packed, _ head: StoreVersion?, _ lineage: Lineage, _ aside: String, _ verdict: inout StorageError
    ) async throws(BackupError) -> Bool {
        let name = "\(ArchiveNames.aside)\(aside).tar.gz"
        let words =
            lineage.knownHead == nil
            ? "the repository holds a backup that this container has not restored"
            : "another container has stored a backup since this container last looked"
        do {
            _ = try await store.commit(
                [NewObject(name: name, folder: packed.folder, file: "archive", sha256: packed.report.checksum)], expecting: head?.id, at: packed.now,
                title: "Not the newest: " + packed.title, onProgress: packed.onProgress)
            verdict = .stale("\(words); this container's data was stored next to it as \(name)")
            return true
        } catch {
            let whole = "\(words); this container's data could not be stored next to it: \(error)"
            guard error.kind == .stale else { throw .store(StorageError(error.kind, whole, hint: error.hint)) }
            verdict = .stale(whole)
            return false
        }
    }

    static func pack(
        _ scan: TreeScan, _ scratch: Folder, _ cores: Int, _ packing: BackupPacking, _ previous: PreviousArchive, _ flag: CancelFlag,
        _ onProgress: @escaping BackupProgressReceiver
    ) throws(BackupError) -> SnapshotReport {
        let writer = SnapshotWriter(
            scan: scan, scratch: scratch, cores: cores, packing: packing, databasePatience: 10, previous: previous, flag: flag, onProgress: onProgress)
        do {
            let report = try writer.write(to: scratch.create("archive"))
            // The digits alone, as the scripts that people come from write and read them.
            let checksum = try scratch.create("checksum")
            try checksum.write(Array("\(report.checksum)\n".utf8))
            return report
        } catch {
            throw BackupError(error)
        }
    }
}

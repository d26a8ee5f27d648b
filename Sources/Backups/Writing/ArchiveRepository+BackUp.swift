import Archive
import Files
package import Foundation
package import Storage

extension ArchiveRepository {
    /// What a backup has come to.
    package enum Outcome: Sendable {
        case unchanged
        case stored(StoreVersion, SnapshotReport)
    }

    /// What is known of the last backup, to tell whether there is anything new and whether somebody else has written.
    package struct Known: Sendable {
        package var fingerprint: String?
        package var content: String?
        /// The head that the tree descends from; nil for a store without versions.
        package var head: String?
        /// The checksum of the archive in that head; nil where it holds none.
        package var checksum: String?
        /// The checksum of an archive that was about to be stored when the program ended or the record failed.
        package var pending: String?

        package init(
            fingerprint: String? = nil, content: String? = nil, head: String? = nil, checksum: String? = nil, pending: String? = nil
        ) {
            self.fingerprint = fingerprint
            self.content = content
            self.head = head
            self.checksum = checksum
            self.pending = pending
        }
    }

    /// How an archive is made.
    package struct Packing: Sendable {
        /// Whether a small change of the tree changes the archive only nearby.
        package var isRsyncable: Bool
        /// 1 (fast) to 9 (small).
        package var level: Int32

        package init(isRsyncable: Bool = true, level: Int32 = 6) {
            self.isRsyncable = isRsyncable
            self.level = level
        }
    }

    /// How far a backup has come.
    package enum BackupProgress: Sendable {
        case packing(PackingProgress)
        case uploading(done: Int64, total: Int64)
    }

    /// Packs the tree and stores it, unless it is as it was.
    ///
    /// - Parameters:
    ///   - scratch: A folder with room for the archive.
    ///   - aside: The name under which a tree is stored that may not take the newest one's place.
    ///   - onPacked: Told the archive's checksum before it is stored.
    /// - Returns: The outcome, and the fingerprint of the tree as it was found.
    /// - Throws: `stale` when somebody else has stored a backup; ours then lies beside it, under `aside`.
    package func backUp(
        _ source: BackupSource, known: Known, scratch: String, packing: Packing = Packing(), aside: String, at now: Date,
        onProgress: @escaping @Sendable (BackupProgress) -> Void, onPacked: @Sendable (String) async throws(BackupError) -> Void
    ) async throws(BackupError) -> (outcome: Outcome, fingerprint: String) {
        let head = try await head()
        let isOurs = try await isOurs(head, known)
        let scan = try await OwnThread.run { flag throws(BackupError) in
            do throws(FileError) { return try TreeScan(source, flag) } catch {
                if flag.isSet { throw BackupError.cancelled }
                throw error.isMissing ? BackupError.sourceMissing(source.readable) : .file(error)
            }
        }
        let fingerprint = scan.fingerprint
        let holdsOurs = isOurs && head?.objects[ArchiveNames.archive] != nil
        if holdsOurs, known.fingerprint == fingerprint { return (.unchanged, fingerprint) }
        return try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            try ScratchFolder.checkSpace(of: folder, needed: scan.bytes / 2)
            let previous = PreviousArchive(store, isOurs ? head : nil, folder)
            let cores = cores
            let report = try await OwnThread.run { flag throws(BackupError) in
                try ArchiveRepository.pack(scan, folder, cores, packing, previous, now, flag) { onProgress(.packing($0)) }
            }
            // After a restore the archive itself is all that is known, and the same files make the same one.
            if holdsOurs, known.content == report.content || known.checksum == report.checksum { return (.unchanged, fingerprint) }
            if Task.isCancelled { throw .cancelled }
            let packed = Packed(folder: folder, report: report, now: now) { onProgress(.uploading(done: $0, total: $1)) }
            if isOurs { try await onPacked(report.checksum) }
            return (.stored(try await store(packed, head, known, aside), report), fingerprint)
        }
    }

    /// An archive that lies in a scratch folder.
    private struct Packed {
        var folder: Folder
        var report: SnapshotReport
        var now: Date
        var onProgress: StoreProgress

        var title: String { "Backup of \(now.formatted(.iso8601)): \(report.files) files, \(report.bytes) bytes" }
    }

    /// Stores an archive as the newest, or beside the newest where that is somebody else's; the head may move meanwhile.
    private func store(_ packed: Packed, _ seen: StoreVersion?, _ known: Known, _ aside: String) async throws(BackupError) -> StoreVersion {
        var head = seen
        var last = StorageError.stale("the repository changes faster than we can store")
        for _ in 0..<ArchiveRepository.rounds {
            guard try await isOurs(head, known) else {
                if try await isStoredAside(packed, head, known, aside, &last) { throw .setAside(last, incomplete: packed.report.incomplete) }
                head = try await self.head()
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
                head = try await self.head()
            }
        }
        throw .store(last)
    }

    private static var rounds: Int { 4 }

    /// Stores what may not take the newest backup's place beside it, so that it is not lost.
    /// - Parameter verdict: Gets the words for why it is not the newest.
    /// - Returns: False when the head has moved again: nothing is stored then.
    private func isStoredAside(
        _ packed: Packed, _ head: StoreVersion?, _ known: Known, _ aside: String, _ verdict: inout StorageError
    ) async throws(BackupError) -> Bool {
        let name = "\(ArchiveNames.aside)\(aside).tar.gz"
        let words =
            known.head == nil
            ? "the repository holds a backup that this container has not restored"
            : "somebody else has stored a backup since this container last looked"
        do {
            _ = try await store.commit(
                [NewObject(name: name, folder: packed.folder, file: "archive", sha256: packed.report.checksum)], expecting: head?.id, at: packed.now,
                title: "Not the newest: " + packed.title, onProgress: packed.onProgress)
            verdict = .stale("\(words); ours lies beside it as \(name), so nothing is lost")
            return true
        } catch {
            let whole = "\(words); ours could not be stored beside it either: \(error)"
            guard error.kind == .stale else { throw .store(StorageError(error.kind, whole, hint: error.hint)) }
            verdict = .stale(whole)
            return false
        }
    }

    /// Whether the tree descends from what the store holds: nothing is lost when it takes that one's place.
    ///
    /// What counts is the archive, not the version: a person may have edited a read-me, or the history may have been squashed.
    package func isOurs(_ head: StoreVersion?, _ known: Known) async throws(BackupError) -> Bool {
        if head?.id == known.head { return true }
        guard let head else { return false }
        guard head.objects[ArchiveNames.archive] != nil else { return true }
        guard let checksum = try await checksum(of: head) else { return false }
        return checksum == known.checksum || checksum == known.pending
    }

    private static func pack(
        _ scan: TreeScan, _ scratch: Folder, _ cores: Int, _ packing: Packing, _ previous: PreviousArchive, _ now: Date, _ flag: CancelFlag,
        _ onProgress: @escaping @Sendable (PackingProgress) -> Void
    ) throws(BackupError) -> SnapshotReport {
        let writer = SnapshotWriter(
            scan: scan, scratch: scratch, cores: cores, packing: packing, databasePatience: 10,
            earlierCopy: { member, name in previous.copy(member, to: scratch, as: name, flag) }, now: now, flag: flag, onProgress: onProgress)
        do {
            let report = try writer.write(to: scratch.create("archive"))
            // The digits alone, as the scripts that people come from write and read them.
            let checksum = try scratch.create("checksum")
            try checksum.write(Array("\(report.checksum)\n".utf8))
            return report
        } catch let error as BackupError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .archive(.damaged("\(error)"))
        }
    }
}

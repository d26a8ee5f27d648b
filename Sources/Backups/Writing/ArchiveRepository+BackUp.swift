import Archive
import Buckets
import Files
package import Foundation
package import Storage

extension ArchiveRepository {
    /// What a backup has come to.
    package enum Outcome: Sendable {
        /// The tree is as it was when it was last stored whole; nothing was packed.
        case unchanged(Lineage.Fingerprint)
        /// The newest version holds just the archive that was packed; nothing was stored.
        case same(SnapshotReport, Lineage.Fingerprint, Lineage.Head?)
        case stored(StoreVersion, SnapshotReport, Lineage.Fingerprint)
    }

    /// How a backup is to be made.
    package struct Request: Sendable {
        package var packing: Packing
        /// A folder with room for the archive.
        package var scratch: String
        /// Part of the name under which a tree is stored that may not take the newest one's place.
        package var aside: String
        package var now: Date
        /// Whether a tree may be stored that holds nothing where the newest backup holds files.
        package var mayBeEmpty: Bool

        package init(packing: Packing = Packing(), scratch: String, aside: String, now: Date, mayBeEmpty: Bool = false) {
            self.packing = packing
            self.scratch = scratch
            self.aside = aside
            self.now = now
            self.mayBeEmpty = mayBeEmpty
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

    /// Packs the tree and stores it, unless it is as it was.
    ///
    /// - Parameter onPacked: Called with what was packed and with the newest version, before the archive is stored as the newest.
    /// - Throws: `setAside` when another container has stored a backup; ours is then next to it. `emptied` when the tree holds nothing where
    ///   the newest backup holds files.
    package func backUp(
        _ source: BackupSource, _ lineage: Lineage, _ request: Request, onProgress: @escaping BackupProgressReceiver,
        onPacked: @Sendable (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(BackupError) -> Outcome {
        let head = try await head()
        let known = try await lineageHead(head, unlessKnownTo: lineage)
        let isOurs = lineage.descends(from: known)
        let scan = try await DedicatedThread.run { flag throws(BackupError) in
            do throws(FileError) { return try TreeScan(source, flag) } catch {
                if flag.isSet { throw BackupError.cancelled }
                throw error.isMissing ? BackupError.sourceMissing(source.readable) : .file(error)
            }
        }
        var fingerprint = Lineage.Fingerprint(tree: scan.fingerprint, content: nil)
        if let last = lineage.unchanged(fingerprint.tree, since: known) { return .unchanged(last) }
        if !request.mayBeEmpty { try refuseEmpty(scan, source, lineage, isOurs ? head : nil) }
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
            return .stored(try await store(packed, head, lineage, request.aside), report, fingerprint)
        }
    }

    /// The archive of a tree without files is smaller than this.
    private static let emptyArchiveBytes: Int64 = 2048

    private func refuseEmpty(_ scan: TreeScan, _ source: BackupSource, _ lineage: Lineage, _ head: StoreVersion?) throws(BackupError) {
        if scan.state == .bareLink { throw .bareLink(path: source.readable) }
        guard scan.files == 0, head?.objects[ArchiveNames.archive] != nil else { return }
        if case .emptied(let size) = lineage.shrinkage(to: Lineage.Size(files: 0, bytes: 0)) {
            throw .emptied(path: source.readable, lastFiles: size.files)
        }
        if lineage.size == nil, let bytes = head?.objects[ArchiveNames.archive], bytes > ArchiveRepository.emptyArchiveBytes {
            throw .emptied(path: source.readable, lastFiles: nil)
        }
    }

    /// Whether the tree descends from a version of the store.
    package func descends(_ lineage: Lineage, from version: StoreVersion?) async throws(BackupError) -> Bool {
        lineage.descends(from: try await lineageHead(version, unlessKnownTo: lineage))
    }

    /// A version as the lineage decides by it. The checksum is asked of the store only where the version is not the one that is known.
    package func lineageHead(_ version: StoreVersion?, unlessKnownTo lineage: Lineage? = nil) async throws(BackupError) -> Lineage.Head? {
        guard let version else { return nil }
        let isKnown = version.id == lineage?.knownHead
        return Lineage.Head(
            id: version.id, holdsBackup: version.objects[ArchiveNames.archive] != nil,
            checksum: isKnown ? lineage?.knownChecksum : try await checksum(of: version), date: version.date)
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
    private func store(_ packed: Packed, _ seen: StoreVersion?, _ lineage: Lineage, _ aside: String) async throws(BackupError) -> StoreVersion {
        var head = seen
        var last = StorageError.stale("the repository changes faster than we can store")
        for _ in 0..<ArchiveRepository.rounds {
            guard try await descends(lineage, from: head) else {
                if try await isStoredAside(packed, head, lineage, aside, &last) { throw .setAside(last, incomplete: packed.report.incomplete) }
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
        _ scan: TreeScan, _ scratch: Folder, _ cores: Int, _ packing: Packing, _ previous: PreviousArchive, _ flag: CancelFlag,
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

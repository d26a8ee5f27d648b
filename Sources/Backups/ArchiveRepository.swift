package import Archive
import Crypto
package import Files
package import Foundation
package import Storage

/// Snapshots of one tree as plain archives: `latest_backup.tar.gz` with its checksum, a version of the store each.
package struct ArchiveRepository: Sendable {
    let store: any ObjectStore
    let retention: Retention
    /// Threads that compress.
    let cores: Int

    package init(store: any ObjectStore, retention: Retention, cores: Int) {
        self.store = store
        self.retention = retention
        self.cores = cores
    }

    /// The newest version that holds a backup; nil when the store answered and holds none.
    package func head() async throws(BackupError) -> StoreVersion? {
        do { return try await store.head() } catch { throw .store(error) }
    }

    /// Versions that hold a backup, newest first.
    package func backups() async throws(BackupError) -> [StoreVersion] {
        do { return try await store.versions().filter { $0.objects[ArchiveNames.archive] != nil } } catch { throw .store(error) }
    }

    /// Removes versions that the retention rule does not keep. The newest always stays.
    package func prune() async throws(BackupError) -> Int {
        let versions = try await backups()
        let kept = retention.kept(versions.map(\.date))
        let gone = versions.dropFirst().filter { !kept.contains($0.date) }
        do { try await store.remove(Array(gone)) } catch { throw .store(error) }
        return gone.count
    }

    // MARK: Backing up

    /// What a backup has come to.
    package enum Outcome: Sendable {
        case unchanged
        case stored(StoreVersion, SnapshotReport)
    }

    /// What is known of the last backup, to tell whether there is anything new.
    package struct Known: Sendable {
        package var fingerprint: String?
        package var content: String?
        /// The head that the tree descends from; nil for an empty repository.
        package var head: String?
        /// The checksum of an archive that was about to be stored when the program ended or the record failed.
        package var pending: String?

        package init(fingerprint: String? = nil, content: String? = nil, head: String? = nil, pending: String? = nil) {
            self.fingerprint = fingerprint
            self.content = content
            self.head = head
            self.pending = pending
        }
    }

    /// Packs the tree and stores it, unless it is as it was.
    ///
    /// - Parameters:
    ///   - scratch: A folder with room for the archive.
    ///   - onPacked: Told the archive's checksum before it is stored.
    /// - Returns: The outcome, and the fingerprint of the tree as it was found.
    package func backUp(
        _ source: BackupSource, known: Known, scratch: String, at now: Date,
        onProgress: @escaping @Sendable (PackingProgress) -> Void, onPacked: @Sendable (String) async throws(BackupError) -> Void
    ) async throws(BackupError) -> (outcome: Outcome, fingerprint: String) {
        let head = try await head()
        var isOurs = head?.id == known.head
        if !isOurs, let head { isOurs = try await isPending(head, known.pending) }
        guard isOurs else {
            throw .store(
                .stale(
                    known.head == nil
                        ? "the repository holds a backup that this container has not restored"
                        : "somebody else has stored a backup since this container last looked"))
        }
        let expected = head?.id
        let scan = try await OwnThread.run { flag throws(BackupError) in
            do throws(FileError) { return try TreeScan(source, flag) } catch {
                if flag.isSet { throw BackupError.cancelled }
                throw error.isMissing ? BackupError.sourceMissing(source.readable) : .file(error)
            }
        }
        let fingerprint = scan.fingerprint
        if let known = known.fingerprint, known == fingerprint, head != nil { return (.unchanged, fingerprint) }
        let (folder, name) = try scratchFolder(scratch)
        defer { try? folder.parent.removeTree(name) }
        try checkSpace(folder.own, needed: scan.bytes / 2)
        let earlier = head.flatMap { version in version.objects[ArchiveNames.archive] == nil ? nil : version }
        let previous = try await openedArchive(earlier, scratch: folder.own)
        let report = try await OwnThread.run { flag throws(BackupError) in
            try pack(scan, folder.own, previous, now, flag, onProgress)
        }
        if let content = known.content, content == report.content, head != nil { return (.unchanged, fingerprint) }
        if Task.isCancelled { throw .cancelled }
        try await onPacked(report.checksum)
        do {
            let version = try await store.commit(
                [
                    NewObject(name: ArchiveNames.archive, folder: folder.own, file: "archive"),
                    NewObject(name: ArchiveNames.checksum, folder: folder.own, file: "checksum"),
                ], expecting: expected, at: now)
            return (.stored(version, report), fingerprint)
        } catch {
            throw .store(error)
        }
    }

    /// Whether a version is the one we were storing when the program ended or the record failed.
    package func isPending(_ version: StoreVersion, _ pending: String?) async throws(BackupError) -> Bool {
        guard let pending, version.objects[ArchiveNames.checksum] != nil else { return false }
        do {
            let scratch = try Folder.open("/")
            let file = try await store.open(ArchiveNames.checksum, at: version, scratch: scratch)
            return String(decoding: try file.read(4096), as: UTF8.self).hasPrefix(pending)
        } catch let error as StorageError {
            throw .store(error)
        } catch {
            return false
        }
    }

    private func openedArchive(_ version: StoreVersion?, scratch: Folder) async throws(BackupError) -> OpenFile? {
        guard let version else { return nil }
        return try? await store.open(ArchiveNames.archive, at: version, scratch: scratch)
    }

    private func pack(
        _ scan: TreeScan, _ scratch: Folder, _ previous: OpenFile?, _ now: Date, _ flag: CancelFlag,
        _ onProgress: @escaping @Sendable (PackingProgress) -> Void
    ) throws(BackupError) -> SnapshotReport {
        let writer = SnapshotWriter(
            scan: scan, scratch: scratch, cores: cores, databasePatience: 10,
            earlierCopy: { member, name in previous.map { ArchiveMember.copy(member, from: $0, to: scratch, as: name) } ?? false },
            now: now, flag: flag, onProgress: onProgress)
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

    // MARK: Scratch

    private func scratchFolder(_ path: String) throws(BackupError) -> (folder: (own: Folder, parent: Folder), name: RawName) {
        do {
            let parent = try Folder.make(path, mode: 0o700)
            let name = RawName("scratch-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
            try parent.makeFolder(name)
            return ((try parent.folder(name), parent), name)
        } catch {
            throw .file(error)
        }
    }

    private func checkSpace(_ folder: Folder, needed: Int64) throws(BackupError) {
        guard let space = try? folder.space() else { return }
        let wanted = needed + 1_000_000
        if space.bytes < wanted { throw .notEnoughSpace(needed: wanted, free: space.bytes, path: folder.path) }
    }
}

/// One member of an archive, taken out alone.
enum ArchiveMember {
    /// Copies a file's content; gives whether the archive holds it.
    static func copy(_ member: RawName, from file: OpenFile, to folder: Folder, as name: RawName) -> Bool {
        do {
            try file.seek(to: 0)
            let reader = TarReader(try GzipReader(FileSource(file)))
            while let entry = try reader.next() {
                guard entry.path == member, entry.kind == .file else { continue }
                let copy = try folder.create(name)
                while case let bytes = try reader.read(256 * 1024), !bytes.isEmpty { try copy.write(bytes) }
                return true
            }
        } catch {
            try? folder.remove(name)
        }
        return false
    }
}

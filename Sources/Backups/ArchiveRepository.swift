import Archive
package import Files
import Foundation
package import Storage

/// Backups of one tree as plain archives: `latest_backup.tar.gz` with its checksum, one version of the store each. Calls suspend for the
/// store; the disk work is done on threads of its own.
package struct ArchiveRepository: BackupRepository {
    package let store: any ObjectStore
    package let retention: Retention
    /// How many threads compress.
    let cores: Int

    /// - Parameter cores: How many threads compress, at least 1.
    package init(store: any ObjectStore, retention: Retention, cores: Int) {
        self.store = store
        self.retention = retention
        self.cores = cores
    }

    package var removal: StoreRemoval { store.removal }
    package var backupName: String { ArchiveNames.archive }

    package func head() async throws(BackupError) -> Snapshot? { try await newest().map(Snapshot.init) }

    func newest() async throws(BackupError) -> StoreVersion? {
        do { return try await store.head() } catch { throw .store(error) }
    }

    /// Of versions with the same archive the newest.
    package func snapshots() async throws(BackupError) -> [Snapshot] {
        let versions: [StoreVersion]
        do { versions = try await store.versions() } catch { throw .store(error) }
        var seen = Set<String>()
        return versions.map(Snapshot.init).filter { snapshot in
            guard snapshot.holdsBackup else { return false }
            return snapshot.checksum.map { seen.insert($0).inserted } ?? true
        }
    }

    /// The SHA-256 of the archive, from the store or the checksum file. Costs a request only where the store itself does not report it.
    package func checksum(of snapshot: Snapshot) async throws(BackupError) -> String? {
        guard snapshot.holdsBackup, let version = snapshot.version else { return nil }
        if let checksum = snapshot.checksum { return checksum }
        guard case .digits(let digits) = try await storedChecksum(of: version, scratch: nil) else { return nil }
        return digits
    }

    package func open(
        _ snapshot: Snapshot, scratch: Folder, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> any TreeSource {
        try await fetch(snapshot, scratch: scratch, onProgress: onProgress)
    }

    package func space() async throws(BackupError) -> StoreSpace? {
        do { return try await store.space() } catch { throw .store(error) }
    }

    package func diagnose(scratch: Folder) async -> [StoreCheck] { await store.diagnose(scratch: scratch) }

    /// The content of the checksum file next to a version's archive.
    func storedChecksum(of version: StoreVersion, scratch: Folder?) async throws(BackupError) -> ChecksumFile.Finding {
        guard version.objects[ArchiveNames.checksum] != nil else { return .nothing }
        let (folder, file): (Folder, OpenFile)
        if let scratch {
            folder = scratch
        } else {
            do { folder = try Folder.open(TemporaryPlace.find()) } catch { throw .file(error) }
        }
        do { file = try await store.open(ArchiveNames.checksum, at: version, scratch: folder) } catch { throw .store(error) }
        do { return ChecksumFile.find(in: try file.contents(most: 1 << 20), for: ArchiveNames.archive) } catch { throw .file(error) }
    }

    // MARK: Upkeep

    /// Removes versions that the retention rule does not keep, where the store can. Where that can't be undone, the newest is downloaded and
    /// verified first.
    /// - Parameter scratch: A folder for that download.
    /// - Returns: How many versions were removed.
    package func prune(
        scratch: String, protected: [Lineage.Reference] = [], onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> Int {
        guard store.removal != .never else { return 0 }
        let versions = try await snapshots()
        let kept = kept(of: versions, protected: protected)
        let gone = versions.filter { !kept.contains($0.id) }
        guard let newest = versions.first, !gone.isEmpty else { return 0 }
        if store.removal == .afterVerifying { _ = try await verify(newest, scratch: scratch, onProgress: onProgress) }
        do {
            return try await store.remove(gone.compactMap(\.archiveOnly), keeping: versions.filter { kept.contains($0.id) }.compactMap(\.archiveOnly))
        } catch {
            throw .store(error)
        }
    }
}

extension Snapshot {
    /// The version as if it held nothing but the archive: other objects there are not ours.
    fileprivate var archiveOnly: StoreVersion? {
        version.map { version in
            StoreVersion(
                id: id, date: date, objects: version.objects.filter { $0.key == ArchiveNames.archive },
                digests: version.digests.filter { $0.key == ArchiveNames.archive })
        }
    }
}

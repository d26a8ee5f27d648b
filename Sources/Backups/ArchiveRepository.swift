import Archive
import Files
import Foundation
package import Storage

/// Backups of one tree as plain archives: `latest_backup.tar.gz` with its checksum, one version of the store each. Calls suspend for the
/// store; the disk work is done on threads of its own.
package struct ArchiveRepository: Sendable {
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

    /// The newest version, whether or not it holds a backup; nil when the store answered and has none.
    package func head() async throws(BackupError) -> StoreVersion? {
        do { return try await store.head() } catch { throw .store(error) }
    }

    /// Versions that hold a backup, newest first; of those with the same archive the newest.
    package func backups() async throws(BackupError) -> [StoreVersion] {
        let versions: [StoreVersion]
        do { versions = try await store.versions() } catch { throw .store(error) }
        var seen = Set<String>()
        return versions.filter { version in
            guard version.objects[ArchiveNames.archive] != nil else { return false }
            return version.digests[ArchiveNames.archive].map { seen.insert($0).inserted } ?? true
        }
    }

    /// The SHA-256 of the archive that a version holds, from the store or the checksum file; nil where it holds none or it is not known. Costs a
    /// request only where the store itself does not report it.
    package func checksum(of version: StoreVersion) async throws(BackupError) -> String? {
        guard version.objects[ArchiveNames.archive] != nil else { return nil }
        if let digest = version.digests[ArchiveNames.archive] { return digest }
        guard case .digits(let digits) = try await storedChecksum(of: version, scratch: nil) else { return nil }
        return digits
    }

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

    // MARK: Which stay

    /// The ids of those that the retention rule keeps. The newest always stays. Pure.
    /// - Parameter versions: Newest first.
    /// - Parameter protected: Those that stay whatever the rule says.
    package func kept(of versions: [StoreVersion], protected: [Lineage.Reference] = []) -> Set<String> {
        let dates = retention.kept(versions.map(\.date))
        return Set(
            versions.enumerated().filter { index, version in
                index == 0 || dates.contains(version.date) || protected.contains(where: version.isBackup)
            }.map(\.element.id))
    }

    /// Why each of them stays, by id; none for one that the next backup removes.
    /// - Parameters:
    ///   - pinned: The id of one that stays because a much smaller tree was stored after it.
    ///   - lastComplete: The id of one that stays because those after it are incomplete.
    package func keepReasons(of versions: [StoreVersion], pinned: String? = nil, lastComplete: String? = nil) -> [String: [KeepReason]] {
        let rule = retention.reasons(versions.map(\.date))
        return versions.reduce(into: [:]) { reasons, version in
            let extra = [version.id == pinned ? KeepReason.pinned : nil, version.id == lastComplete ? .lastComplete : nil].compactMap(\.self)
            reasons[version.id] = (rule[version.date] ?? []) + extra
        }
    }

    /// Removes versions that the retention rule does not keep, where the store can. Where that can't be undone, the newest is downloaded and
    /// verified first.
    /// - Parameter scratch: A folder for that download.
    /// - Returns: How many versions were removed.
    package func prune(
        scratch: String, protected: [Lineage.Reference] = [], onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> Int {
        guard store.removal != .never else { return 0 }
        let versions = try await backups()
        let kept = kept(of: versions, protected: protected)
        let gone = versions.filter { !kept.contains($0.id) }
        guard let newest = versions.first, !gone.isEmpty else { return 0 }
        if store.removal == .afterVerifying { _ = try await verify(newest, scratch: scratch, onProgress: onProgress) }
        do {
            return try await store.remove(gone.map(\.archiveOnly), keeping: versions.filter { kept.contains($0.id) }.map(\.archiveOnly))
        } catch {
            throw .store(error)
        }
    }
}

extension StoreVersion {
    /// Whether it is that backup: by the archive, for ids change when a history is squashed.
    fileprivate func isBackup(_ reference: Lineage.Reference) -> Bool {
        id == reference.id || (reference.checksum != nil && digests[ArchiveNames.archive] == reference.checksum)
    }

    /// As if it held nothing but the archive: other objects there are not ours.
    fileprivate var archiveOnly: StoreVersion {
        StoreVersion(
            id: id, date: date, objects: objects.filter { $0.key == ArchiveNames.archive }, digests: digests.filter { $0.key == ArchiveNames.archive })
    }
}

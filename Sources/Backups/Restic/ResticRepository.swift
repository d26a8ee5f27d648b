import Archive
import Buckets
package import Files
import Foundation
package import Restic
package import Storage

/// Backups of one tree as snapshots of a repository in the restic format, which the restic program reads, checks and continues. Calls suspend for the backend;
/// the disk work is done on threads of its own.
///
/// A snapshot's id is its restic id, and what it is known by (`checksum`) is the id of its tree. Where the place holds no such repository and an archive, that
/// is what is restored, and the first backup becomes the first snapshot on top of it.
package struct ResticRepository: BackupRepository {
    package let retention: Retention
    let access: ResticAccess
    /// What the place holds in another format, until there is a repository.
    let earlier: (any BackupRepository)?
    /// How many threads compress and seal.
    let threads: Int

    var backend: any Backend { access.backend }

    /// No request is sent yet.
    /// - Parameters:
    ///   - earlier: What may lie at the same place in another format; it also knows whether the place is empty.
    ///   - password: Opens one of the repository's keys, or the key of a new repository.
    ///   - threads: How many threads compress and seal, at least 1.
    ///   - cost: What it costs to open a key that is made here.
    package init(
        _ backend: any Backend, earlier: (any BackupRepository)? = nil, password: String, retention: Retention, threads: Int, cost: KeyFile.Cost = .usual
    ) {
        self.retention = retention
        self.earlier = earlier
        self.threads = threads
        access = ResticAccess(backend, password: password, cost: cost)
    }

    package var removal: StoreRemoval { backend.traits.removal }
    package var backupName: String { "snapshot" }

    // MARK: Snapshots

    package func head() async throws(BackupError) -> Snapshot? {
        guard let files = try await access.open() else { return try await earlierHead() }
        return try await head(of: access.snapshots(files)).map(\.1)
    }

    /// The newest in another format, at a place that has no repository.
    func earlierHead() async throws(BackupError) -> Snapshot? {
        // A repository whose making was cut short is nothing yet.
        guard let earlier, try await !access.isBegun() else { return nil }
        return try await earlier.head()
    }

    /// The newest backup, in both its forms.
    func head(of all: [ResticSnapshot]) -> (ResticSnapshot, Snapshot)? {
        all.first(where: \.isBackup).map { ($0, Snapshot($0, aside: all.filter(\.isAside))) }
    }

    /// Of snapshots of the same tree the newest.
    package func snapshots() async throws(BackupError) -> [Snapshot] {
        guard let files = try await access.open() else { return try await earlierHead() == nil ? [] : earlier?.snapshots() ?? [] }
        var seen = Set<BlobID>()
        return try await access.snapshots(files).filter { $0.isBackup && seen.insert($0.file.tree).inserted }.map { Snapshot($0) }
    }

    /// The id of its tree. No request is sent, unless it is in another format.
    package func checksum(of snapshot: Snapshot) async throws(BackupError) -> String? {
        if let checksum = snapshot.checksum { return checksum }
        return try await earlier?.checksum(of: snapshot)
    }

    // MARK: Reading

    /// Loads the indexes. Blobs are loaded while the tree is read.
    package func open(
        _ snapshot: Snapshot, scratch: Folder, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> any TreeSource {
        guard let files = try await access.open() else {
            guard let earlier else { throw .noSuchBackup(snapshot.id) }
            return try await earlier.open(snapshot, scratch: scratch, onProgress: onProgress)
        }
        guard let found = try await access.snapshots(files).first(where: { $0.id.description == snapshot.id }) else { throw .noSuchBackup(snapshot.id) }
        return ResticTree(files, try await files.index().index, found)
    }

    package func export(
        _ snapshot: Snapshot, to file: String, in folder: Folder, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> SnapshotContents {
        let tree = try await open(snapshot, scratch: folder, onProgress: onProgress)
        return try await DedicatedThread.run { [threads] flag throws(BackupError) in
            try TreeArchive.write(tree, to: RawName(file), in: folder, cores: threads, flag, onProgress)
        }
    }

    // MARK: Looking around

    private static let passwordAdvice = "Without it no backup can be read: keep it where it survives this place"

    package func space() async throws(BackupError) -> StoreSpace? {
        do { return try await backend.space() } catch { throw .store(error) }
    }

    /// Also opens the repository with the password, and loads its snapshots.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        var checks = await backend.diagnose(scratch: scratch)
        guard !checks.contains(where: { $0.verdict == .failed }) else { return checks }
        do throws(BackupError) {
            guard let files = try await access.open() else {
                checks.append(StoreCheck("password", .ok, "the first backup makes the repository with it. \(ResticRepository.passwordAdvice)"))
                return checks + [StoreCheck("repository", .ok, "none yet; the first backup makes it")]
            }
            checks.append(StoreCheck("password", .ok, "it opens the repository. \(ResticRepository.passwordAdvice)"))
            let count = try await access.snapshots(files).filter(\.isBackup).count
            checks.append(StoreCheck("snapshots", .ok, "\(count)"))
        } catch {
            checks.append(StoreCheck("repository", error.storage ?? .damaged(error.description)))
        }
        return checks
    }
}

package import Files
package import Storage

/// Backups of one tree, in any format. Calls suspend for the store; the disk work is done on threads of its own.
///
/// What a job, the lineage and the command line do with backups, they do by this: they know no format, no archive and no store. All throw `BackupError`:
/// `store` where the place can't be used, `archive` for a backup that is damaged, `file` for this machine's own files, `cancelled` once the task is.
package protocol BackupRepository: Sendable {
    var retention: Retention { get }
    /// When `prune` may remove. Constant; no request is sent.
    var removal: StoreRemoval { get }
    /// The name of a backup object in the repository, for messages where there is something else.
    var backupName: String { get }
    /// The newest state, whether or not it holds a backup; nil when the place has answered and holds nothing. In doubt it throws: an empty repository lets
    /// the app start without its data.
    func head() async throws(BackupError) -> Snapshot?
    /// Those that hold a backup, newest first.
    func snapshots() async throws(BackupError) -> [Snapshot]
    /// What a snapshot is known by whatever its id becomes; nil where it holds no backup or it is not known.
    func checksum(of snapshot: Snapshot) async throws(BackupError) -> String?
    /// Stores the tree as the newest backup in one step, unless it is as it was.
    /// - Parameter onPacked: Called with what was packed and with the newest snapshot, before it becomes the newest.
    /// - Throws: `setAside` when another container has stored a backup; ours is then next to it. `emptied` when the tree holds nothing where
    ///   the newest backup holds files.
    func backUp(
        _ source: BackupSource, _ lineage: Lineage, _ request: BackupRequest, onProgress: @escaping BackupProgressReceiver,
        onPacked: @Sendable (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(BackupError) -> BackupOutcome
    /// Opens a snapshot for reading.
    /// - Parameter scratch: For downloads, in files without names.
    func open(_ snapshot: Snapshot, scratch: Folder, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> any TreeSource
    /// Writes a snapshot to a plain archive, once every byte was checked. The file appears in one step, and replaces one of that name.
    func export(
        _ snapshot: Snapshot, to file: String, in folder: Folder, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> SnapshotContents
    /// Checks whether what is stored is whole: the structure of the repository, and a share of the data.
    /// - Throws: Where the place can't be used, or the repository can't be opened. Damage is in the result.
    func inspect(_ request: InspectionRequest, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> RepositoryInspection
    /// Removes snapshots that the retention rule does not keep, where the place can. Where that can't be undone, the newest is read back first.
    /// - Parameters:
    ///   - scratch: A folder for that.
    ///   - protected: Those that stay whatever the rule says.
    /// - Returns: How many were removed.
    func prune(scratch: String, protected: [Lineage.Reference], onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Int
    /// The space in use; nil where it is not known.
    func space() async throws(BackupError) -> StoreSpace?
    /// Tries everything that backing up and restoring need, in order, without changing what is stored; problems are in the result.
    func diagnose(scratch: Folder) async -> [StoreCheck]
}

extension BackupRepository {
    /// Whether the tree descends from a snapshot.
    package func descends(_ lineage: Lineage, from snapshot: Snapshot?) async throws(BackupError) -> Bool {
        lineage.descends(from: try await lineageHead(snapshot, unlessKnownTo: lineage))
    }

    /// A snapshot as the lineage decides by it. The checksum is asked for only where it is not the one that is known.
    package func lineageHead(_ snapshot: Snapshot?, unlessKnownTo lineage: Lineage? = nil) async throws(BackupError) -> Lineage.Head? {
        guard let snapshot else { return nil }
        let isKnown = snapshot.id == lineage?.knownHead
        return Lineage.Head(
            id: snapshot.id, holdsBackup: snapshot.holdsBackup,
            checksum: isKnown ? lineage?.knownChecksum : try await checksum(of: snapshot), date: snapshot.date)
    }

    // MARK: Which stay

    /// The ids of those that the retention rule keeps. The newest always stays. Pure.
    /// - Parameter versions: Newest first.
    /// - Parameter protected: Those that stay whatever the rule says.
    package func kept(of versions: [Snapshot], protected: [Lineage.Reference] = []) -> Set<String> {
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
    package func keepReasons(of versions: [Snapshot], pinned: String? = nil, lastComplete: String? = nil) -> [String: [KeepReason]] {
        let rule = retention.reasons(versions.map(\.date))
        return versions.reduce(into: [:]) { reasons, version in
            let extra = [version.id == pinned ? KeepReason.pinned : nil, version.id == lastComplete ? .lastComplete : nil].compactMap(\.self)
            reasons[version.id] = (rule[version.date] ?? []) + extra
        }
    }
}

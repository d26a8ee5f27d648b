import Buckets
package import Files
import Foundation
import Restic
import Storage

/// The program's state in a repository: a snapshot of its own beside that of the backup, whose parent it names. A little older, so that restic's `latest` is the backup.
enum ResticState {
    static let name: RawName = "state.db"
    /// How many stay of those whose backups do.
    static let kept = 3
    private static let earlier = 0.001

    /// Has the state written into the scratch folder, and stores it.
    /// - Parameter index: The blobs that the repository held before.
    /// - Returns: The tree that holds it; nil where there is none.
    static func write(
        _ write: StateWriter?, _ scratch: Folder, _ report: SnapshotReport, at now: Date, _ carried: StoredPacks, _ index: BlobIndex
    ) async throws(BackupError) -> BlobID? {
        guard let write, await write(name, scratch, report) else { return nil }
        let written = try await DedicatedThread.run { flag throws(BackupError) in
            do {
                var index = index
                index.add(IndexFile(packs: carried.packs))
                let blobs = try BlobWriter(key: carried.files.key, index: index, threads: 1) { pack in try carried.store(pack, flag) }
                let file = try scratch.file(name)
                let size = try file.status().size
                let length = DatabaseBlocks.length(forSize: size)
                var content: [BlobID] = []
                var offset: Int64 = 0
                while offset < size, case let block = try file.read(length, at: offset), !block.isEmpty {
                    if flag.isSet { throw BackupError.cancelled }
                    content.append(try blobs.add(block, .data))
                    offset += Int64(block.count)
                }
                let node = TreeNode(name: name, kind: .file(size: offset, content: content), mode: 0o600, modified: FileTime(now))
                let tree = try blobs.add(Tree([node]).json, .tree)
                return Written(tree: tree, packs: try blobs.finish())
            } catch {
                throw flag.isSet ? .cancelled : BackupError(restic: error)
            }
        }
        carried.add(written.packs)
        return written.tree
    }

    private struct Written: Sendable {
        var tree: BlobID
        var packs: [IndexFile.Entry]
    }

    /// The snapshot of a state beside the backup with that id.
    static func file(_ tree: BlobID, of backup: BlobID, _ file: SnapshotFile) -> SnapshotFile {
        SnapshotFile(
            time: FileTime(file.time.date.addingTimeInterval(-earlier)), tree: tree, paths: ["/\(name)"], host: file.host, user: file.user,
            tags: [ResticNames.stateTag], parent: backup, program: file.program)
    }

    /// Those whose backups are there, newest first.
    static func all(_ snapshots: [ResticSnapshot]) -> [ResticSnapshot] {
        let backups = snapshots.filter(\.isBackup).map(\.id)
        let places = Dictionary(backups.enumerated().map { ($1, $0) }) { first, _ in first }
        return snapshots.filter(\.isState).compactMap { state in state.file.parent.flatMap { places[$0] }.map { (state, $0) } }
            .sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// Those that go with backups that go. Pure.
    static func forgotten(_ snapshots: [ResticSnapshot], with gone: [ResticSnapshot]) -> [ResticSnapshot] {
        let stay = Set(all(snapshots.filter { !gone.contains($0) }).prefix(kept).map(\.id))
        return snapshots.filter { $0.isState && !stay.contains($0.id) }
    }
}

extension ResticRepository {
    package func states() async throws(BackupError) -> [Snapshot] {
        guard let files = try await access.open() else { return try await earlierHead() == nil ? [] : earlierStates() }
        return ResticState.all(try await access.snapshots(files)).prefix(ResticState.kept).map { Snapshot($0) }
    }

    package func readState(_ state: Snapshot, to name: RawName, in folder: Folder) async throws(BackupError) {
        guard let files = try await access.open() else { return try await readEarlierState(state, to: name, in: folder) }
        guard let found = try await access.snapshots(files).first(where: { $0.isState && $0.id.description == state.id }) else { throw .noSuchBackup(state.id) }
        let index = try await files.index().index
        try await DedicatedThread.run { flag throws(BackupError) in
            do {
                let loader = PackLoader(files.backend, flag)
                let reader = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
                let node = try reader.tree(found.file.tree).nodes.first { $0.name == ResticState.name }
                guard case .file(_, let content)? = node?.kind else { throw ResticError.damaged("the state in the snapshot \(found.id.short)") }
                let target = try folder.create(name)
                for id in content { try target.write(try reader.content(id, .data)) }
            } catch {
                throw flag.isSet ? .cancelled : BackupError(restic: error)
            }
        }
    }
}

import Buckets
import Files
import Restic
import Storage

/// Follows the trees of snapshots, to find what they need and can't have. For one thread, which waits for the backend.
final class SnapshotWalk {
    /// What is to be looked at: a folder of a snapshot.
    private struct Waiting {
        let tree: BlobID
        let path: [UInt8]
    }

    private struct Reported: Hashable {
        let pack: BlobID?
        let name: String
    }

    private let files: ResticFiles
    private let index: BlobIndex
    private let broken: BrokenPacks
    private let flag: CancelFlag
    private let onProgress: BackupProgressReceiver
    private var seen = Set<BlobID>()
    private var reported = Set<Reported>()
    private var found: [BlobID: RepositoryDamage] = [:]
    private var missing = RepositoryDamage("an index lacks blobs")
    private var unreadable = RepositoryDamage("the list of a folder is damaged")

    /// - Parameter index: Names what is there and is not broken.
    init(_ files: ResticFiles, _ index: BlobIndex, _ broken: BrokenPacks, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) {
        (self.files, self.index, self.broken, self.flag, self.onProgress) = (files, index, broken, flag, onProgress)
        for pack in broken.packs { found[pack.id] = RepositoryDamage("the pack \(pack.id.short) \(pack.flaw)", object: Pack.name(pack.id)) }
    }

    /// Each folder is read once, whichever snapshots hold it.
    /// - Parameter snapshots: Newest first.
    func damage(of snapshots: [ResticSnapshot]) throws(BackupError) -> [RepositoryDamage] {
        do {
            let loader = PackLoader(files.backend, flag)
            let reader = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
            for snapshot in snapshots { try walk(snapshot.file.tree, "the backup \(snapshot.id.short)", reader) }
        } catch {
            throw flag.isSet ? .cancelled : BackupError(restic: error)
        }
        return found.values + [missing, unreadable].filter { $0.count > 0 }
    }

    private func walk(_ top: BlobID, _ name: String, _ reader: BlobReader) throws {
        var waiting = [Waiting(tree: top, path: [])]
        while let next = waiting.popLast() {
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            guard seen.insert(next.tree).inserted else { continue }
            guard let nodes = try nodes(next, next.path.isEmpty ? name : RawName(next.path).readable, reader) else { continue }
            for node in nodes {
                let path = next.path + (next.path.isEmpty ? [] : [47]) + node.name.bytes
                switch node.kind {
                case .file(_, let content): note(content, path)
                case .folder(let tree?): waiting.append(Waiting(tree: tree, path: path))
                case .folder, .symbolicLink, .fifo, .socket, .device, .characterDevice: break
                }
            }
            onProgress(BackupProgress(.verifying, files: seen.count))
        }
    }

    /// What a folder holds; nil where that can't be had.
    private func nodes(_ folder: Waiting, _ name: String, _ reader: BlobReader) throws -> [TreeNode]? {
        let blob = BlobKey(folder.tree, .tree)
        guard index.contains(blob) else {
            lacks(blob, name)
            return nil
        }
        do { return try reader.tree(folder.tree).nodes } catch is ResticError {
            unreadable.add(name)
            return nil
        }
    }

    private func note(_ content: [BlobID], _ path: [UInt8]) {
        for id in content {
            let blob = BlobKey(id, .data)
            if index.contains(blob) { continue }
            return lacks(blob, RawName(path).readable)
        }
    }

    private func lacks(_ blob: BlobKey, _ name: String) {
        let pack = broken.blobs[blob]
        // Several backups may hold the same file.
        guard reported.insert(Reported(pack: pack, name: name)).inserted else { return }
        if let pack { found[pack]?.add(name) } else { missing.add(name) }
    }
}

import Archive
import Buckets
import Files
import Restic
import Storage

/// A snapshot of a repository in the restic format, opened: its entries in the order of their paths, parents first, each blob checked by its id.
struct ResticTree: TreeSource {
    let files: ResticFiles
    let index: BlobIndex
    let snapshot: ResticSnapshot
    /// Bytes of contents, where the snapshot says so; else of all packs together.
    let storedBytes: Int64
    var contentBytes: Int64? { snapshot.file.summary?.bytes }

    init(_ files: ResticFiles, _ index: BlobIndex, _ snapshot: ResticSnapshot) {
        (self.files, self.index, self.snapshot) = (files, index, snapshot)
        storedBytes = snapshot.file.summary?.bytes ?? index.contentBytes
    }

    func read<Value>(
        _ flag: CancelFlag, onRead: @escaping (Int64) -> Void, _ body: (any EntryReader) throws(ArchiveError) -> Value
    ) throws(BackupError) -> TreeReading<Value> {
        let reader: ResticEntryReader
        do throws(ResticError) {
            let loader = PackLoader(files.backend, flag)
            let blobs = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
            reader = ResticEntryReader(blobs, snapshot.file, flag, onRead: onRead)
        } catch {
            throw BackupError(error)
        }
        do throws(ArchiveError) {
            return TreeReading(value: try body(reader), notes: [])
        } catch {
            if flag.isSet { throw .cancelled }
            // The place that holds it has failed, and not the backup.
            if let trouble = reader.trouble { throw .store(trouble) }
            throw .archive(error)
        }
    }
}

/// Goes through the tree of a snapshot.
final class ResticEntryReader: EntryReader {
    private struct Level {
        let path: [UInt8]
        var nodes: ArraySlice<TreeNode>
    }

    private struct LinkKey: Hashable {
        var inode: UInt64
        var device: UInt64
    }

    private static let mostDepth = 8192

    private let blobs: BlobReader
    private let snapshot: SnapshotFile
    private let flag: CancelFlag
    private let onRead: (Int64) -> Void
    private var levels: [Level] = []
    private var isBegun = false
    private var firstNames: [LinkKey: RawName] = [:]
    /// What is left of the entry at hand: blobs, and the part of the last one that was not given yet.
    private var path: [UInt8] = []
    private var rest: ArraySlice<BlobID> = []
    private var piece: ArraySlice<UInt8> = []
    private var missing: Int64 = 0
    private var count: Int64 = 0
    private(set) var passedOver: [String] = []
    /// Why the place could not be read, where that was it.
    private(set) var trouble: StorageError?

    init(_ blobs: BlobReader, _ snapshot: SnapshotFile, _ flag: CancelFlag, onRead: @escaping (Int64) -> Void) {
        (self.blobs, self.snapshot, self.flag, self.onRead) = (blobs, snapshot, flag, onRead)
    }

    // MARK: Entries

    func next() throws(ArchiveError) -> TreeEntry? {
        // What was not asked for is not loaded.
        (rest, piece, missing) = ([], [], 0)
        if !isBegun {
            isBegun = true
            let top = try reading("the snapshot") { try ResticLayout.top(of: snapshot, blobs) }
            levels = [Level(path: [], nodes: try reading("the snapshot") { try blobs.tree(top) }.nodes[...])]
        }
        while let level = levels.last {
            if flag.isSet { throw .cancelled }
            guard let node = level.nodes.first else {
                levels.removeLast()
                continue
            }
            levels[levels.count - 1].nodes.removeFirst()
            if let entry = try entry(node, at: level.path + (level.path.isEmpty ? [] : [47]) + node.name.bytes) { return entry }
        }
        return nil
    }

    /// nil for what is passed over.
    private func entry(_ node: TreeNode, at path: [UInt8]) throws(ArchiveError) -> TreeEntry? {
        guard !node.name.bytes.isEmpty, !node.name.bytes.contains(47), node.name != ".", node.name != ".." else {
            throw .refused("it holds the name \"\(node.name)\"")
        }
        self.path = path
        var (kind, size) = (TreeEntry.Kind.file, Int64(0))
        switch node.kind {
        case .file(let length, let content):
            if let link = node.link {
                let key = LinkKey(inode: link.inode, device: link.device)
                if let first = firstNames[key] {
                    kind = .hardLink(to: first)
                    break
                }
                firstNames[key] = RawName(path)
            }
            (size, rest, missing) = (length, content[...], length)
        case .folder(let tree):
            kind = .folder
            guard let tree else {
                pass(path, "could not be read when it was stored")
                break
            }
            guard levels.count < ResticEntryReader.mostDepth else { throw .refused("it is more than \(ResticEntryReader.mostDepth) folders deep") }
            levels.append(Level(path: path, nodes: try reading(RawName(path).readable) { try blobs.tree(tree) }.nodes[...]))
        case .symbolicLink(let target): kind = .symbolicLink(to: target)
        case .fifo: kind = .fifo
        case .device, .characterDevice: kind = .device
        case .socket:
            pass(path, "is a socket")
            return nil
        }
        var entry = TreeEntry(
            path: RawName(path), kind: kind, mode: node.mode, owner: UInt64(node.owner), group: UInt64(node.group), size: size, modified: node.modified)
        entry.attributes = node.attributes.map { ExtendedAttribute(name: RawName($0.name), value: $0.value) }
        return entry
    }

    private func pass(_ path: [UInt8], _ why: String) {
        if passedOver.count < 100 { passedOver.append("\(RawName(path).readable): \(why)") }
    }

    // MARK: Contents

    func piece(_ most: Int) throws(ArchiveError) -> ContentPiece? {
        if piece.isEmpty {
            guard let id = rest.popFirst() else {
                guard missing == 0 else { throw .damaged("\(RawName(path).readable) is not as long as it was") }
                return nil
            }
            let content = try reading(RawName(path).readable) { try blobs.content(id, .data) }
            missing -= Int64(content.count)
            count += Int64(content.count)
            onRead(count)
            guard missing >= 0 else { throw .damaged("\(RawName(path).readable) is longer than it was") }
            if content.count >= ResticEntryReader.leastHole, content.allSatisfy({ $0 == 0 }) { return .hole(Int64(content.count)) }
            piece = content[...]
            // A blob without content is none of ours, and nothing to give.
            if piece.isEmpty { return try piece(most) }
        }
        defer { piece = piece.dropFirst(most) }
        return .bytes(Array(piece.prefix(most)))
    }

    /// Fewer zeros are written.
    private static let leastHole = 4096

    private func reading<Value>(_ what: String, _ body: () throws -> Value) throws(ArchiveError) -> Value {
        do { return try body() } catch let error as StorageError {
            trouble = error
            throw .damaged("\(what) could not be read: \(error)")
        } catch {
            throw .damaged("\(what): \(error)")
        }
    }
}

/// Where in a snapshot the tree begins that is backed up.
enum ResticLayout {
    /// The folder whose names are those of members: the top of snapshots that were made of relative paths, as ours are; else the folder that the paths of the
    /// snapshot lie in, as restic names it.
    static func top(of snapshot: SnapshotFile, _ blobs: BlobReader) throws -> BlobID {
        if snapshot.user == ResticNames.user { return snapshot.tree }
        let paths = snapshot.paths.map { $0.split(separator: "/").map { RawName(String($0)) } }
        guard var common = paths.first?.dropLast() else { return snapshot.tree }
        for path in paths.dropFirst() { while !path.dropLast().starts(with: common) { common.removeLast() } }
        var tree = snapshot.tree
        for name in common {
            guard case .folder(let next?)? = try blobs.tree(tree).nodes.first(where: { $0.name == name })?.kind else { return snapshot.tree }
            tree = next
        }
        // Made of relative paths too, and something is named as a folder above it.
        let last = paths.first?.dropFirst(common.count).first
        return try blobs.tree(tree).nodes.contains { $0.name == last } ? tree : snapshot.tree
    }
}

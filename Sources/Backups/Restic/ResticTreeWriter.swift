import Archive
import Files
import Restic

/// Stores a tree as blobs: the same for the same tree, in whichever container. Memory: the names of the folders that lead to the one at hand.
final class ResticTreeWriter {
    /// What was stored.
    struct Stored {
        /// The blob that lists what the top holds.
        var tree: BlobID
        var packs: [IndexFile.Entry]
        var report: SnapshotReport
        /// Bytes of contents that were new.
        var added: Int64
    }

    /// A folder whose list is not complete.
    private struct Level {
        let path: RawName
        /// nil for the top, which has no name.
        var folder: TreeNode?
        var nodes: [TreeNode] = []
    }

    let scan: TreeScan
    let scratch: Folder
    let flag: CancelFlag
    let blobs: BlobWriter
    let known: KnownFiles
    private let previous: PreviousTree
    let onProgress: BackupProgressReceiver
    let databases: DatabaseCopier
    var report = SnapshotReport()
    private var levels: [Level] = []
    private var members = 0
    private var shownBytes: Int64 = 0
    /// Files that have several names, by what tells them apart on this machine.
    private var linked: [InodeKey: TreeNode] = [:]
    private static let stride: Int64 = 1 << 20

    private struct InodeKey: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// - Parameters:
    ///   - scratch: Where copies of databases lie meanwhile.
    ///   - databasePatience: How long locked databases are waited for, all together, in seconds.
    ///   - known: What files hold that nobody has touched.
    ///   - previous: The last backup, for what can't be read just now.
    init(
        scan: TreeScan, scratch: Folder, blobs: BlobWriter, databasePatience: Double, known: KnownFiles, previous: PreviousTree, flag: CancelFlag,
        onProgress: @escaping BackupProgressReceiver
    ) {
        self.scan = scan
        self.scratch = scratch
        self.blobs = blobs
        self.known = known
        self.previous = previous
        self.flag = flag
        self.onProgress = onProgress
        databases = DatabaseCopier(scratch: scratch, patience: databasePatience, flag: flag, onProgress: onProgress)
    }

    /// Blocks.
    func write() throws(BackupError) -> Stored {
        report.source = scan.state
        do {
            levels = [Level(path: "")]
            var walk = TreeWalk(scan.source, flag)
            while let found = try walk.next() { try add(found) }
            while levels.count > 1 { try close() }
            let tree = try blobs.add(Tree(levels[0].nodes).json, .tree)
            let packs = try blobs.finish()
            report.checksum = tree.description
            report.content = report.checksum
            report.archiveBytes = packs.reduce(0) { $0 + Int64($1.blobs.reduce(0) { $0 + $1.length }) }
            return Stored(tree: tree, packs: packs, report: report, added: blobs.totals.bytes)
        } catch {
            throw flag.isSet ? .cancelled : BackupError(restic: error)
        }
    }

    // MARK: Folders

    private func add(_ found: Found) throws {
        switch found {
        case .folder(let member):
            try rise(to: member.path)
            guard hasRoom(for: member.path) else { return }
            levels.append(Level(path: member.path, folder: node(member, .folder(tree: nil))))
        case .link(let member, let target):
            try rise(to: member.path)
            if hasRoom(for: member.path) { put(node(member, .symbolicLink(to: target))) }
        case .file(let member):
            try rise(to: member.path)
            if hasRoom(for: member.path) { try addFile(member) }
            showProgress()
        case .volatile(let path): report.leaveOut(path.readable)
        case .device(let path): report.note("\(path.readable) is a device; it is left out")
        case .unreadable(let path, let error): try loseUnreadable(path, error)
        case .tooDeep(let path): report.incomplete.append(.tooDeep(path))
        }
    }

    /// Completes folders until the one is at hand that something lies in.
    private func rise(to path: RawName) throws {
        while levels.count > 1, levels[levels.count - 1].path != path.parent { try close() }
    }

    private func close() throws {
        guard let level = levels.popLast(), var folder = level.folder else { return }
        folder.kind = .folder(tree: try blobs.add(Tree(level.nodes).json, .tree))
        put(folder)
    }

    /// A member with its extended attributes.
    func node(_ found: FoundMember, _ kind: TreeNode.Kind, _ file: OpenFile? = nil) -> TreeNode {
        let (attributes, note) = found.attributes(file)
        if let note { report.note(note) }
        return TreeNode(
            name: found.path.last, kind: kind, mode: found.status.mode, owner: found.status.owner, group: found.status.group, modified: found.status.modified,
            attributes: attributes.map { .init(name: String(decoding: $0.name.bytes, as: UTF8.self), value: $0.value) })
    }

    func put(_ node: TreeNode) { levels[levels.count - 1].nodes.append(node) }

    /// A restore takes so many members and no more.
    private func hasRoom(for path: RawName) -> Bool {
        let most = ExtractionLimits().members
        members += 1
        if members <= most { return true }
        report.incomplete.append(
            IncompleteFile(path: path.readable, reason: .tooLarge, detail: "there are more than \(most) files and folders", stored: .nothing))
        return false
    }

    // MARK: Files

    private func addFile(_ found: FoundMember) throws {
        do {
            let file = try found.folder.file(found.name)
            let status = try file.status()
            // Another thing has taken its place since it was found.
            guard status.kind == .file else { return }
            let key = InodeKey(device: status.device, inode: status.inode)
            if status.links > 1, var node = linked[key] {
                node.name = found.name
                put(node)
            } else {
                var node = try content(of: found, file, status)
                if status.links > 1 {
                    // The same number for the same tree, wherever it lies.
                    let number = BlobID(of: found.path.bytes).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                    node?.link = .init(inode: number, device: 1, count: status.links)
                    linked[key] = node
                }
                guard let node else { return }
                put(node)
            }
            report.files += 1
        } catch let error as FileError {
            try lose(found, error)
        }
    }

    private func lose(_ found: FoundMember, _ error: FileError) throws {
        if error.isMissing || error.isNoFolder || error.isNoDevice { return }
        // The scratch folder's own trouble, or that of the whole process.
        if error.isDiskFull || error.isShortage || error.isCancelled || error.path.hasPrefix(scratch.path) { throw error }
        try lose(found.path, .unreadable, error.cause, instead: nil)
    }

    // MARK: Earlier copies

    /// Notes what is not stored as it is, and puts its copy of the last backup in its place, where there is one.
    /// - Parameter instead: What is stored where there is none; nil for nothing.
    func lose(_ path: RawName, _ reason: IncompleteFile.Reason, _ detail: String, instead: TreeNode?) throws {
        var stored = IncompleteFile.Stored.nothing
        if let earlier = try previous.node(path), let node = try known(earlier, path) {
            put(node)
            stored = .earlierCopy
            if case .file = node.kind { report.files += 1 }
        } else if let instead {
            put(instead)
            report.files += 1
            stored = .asRead
        }
        report.incomplete.append(IncompleteFile(path: path.readable, reason: reason, detail: detail, stored: stored))
    }

    /// What could not be looked at, or a folder that could not be looked into.
    private func loseUnreadable(_ path: RawName, _ error: FileError) throws {
        guard let level = levels.last, level.path == path, let folder = level.folder else {
            try rise(to: path)
            return try lose(path, .unreadable, error.cause, instead: nil)
        }
        levels.removeLast()
        guard let earlier = try previous.node(path), let node = try known(earlier, path) else {
            levels.append(level)
            return report.incomplete.append(IncompleteFile(path: path.readable, reason: .unreadable, detail: error.cause, stored: .nothing))
        }
        var copy = folder
        copy.kind = node.kind
        put(copy)
        report.incomplete.append(IncompleteFile(path: path.readable, reason: .unreadable, detail: error.cause, stored: .earlierCopy))
    }

    /// A node of the last backup as it may be stored again: without what is excluded now; nil where its contents are not there any more.
    private func known(_ node: TreeNode, _ path: RawName) throws -> TreeNode? {
        switch node.kind {
        case .file(_, let content): return content.allSatisfy { blobs.contains(BlobKey($0, .data)) } ? node : nil
        case .symbolicLink: return node
        case .folder(let tree?):
            var kept: [TreeNode] = []
            for child in try previous.nodes(of: tree) {
                let below = RawName(path.bytes + [47] + child.name.bytes)
                guard !scan.source.excludes(below, isFolder: child.isFolder) else { continue }
                if let node = try known(child, below) {
                    kept.append(node)
                    if case .file = node.kind { report.files += 1 }
                }
            }
            var copy = node
            copy.kind = .folder(tree: try blobs.add(Tree(kept).json, .tree))
            return copy
        case .folder, .fifo, .socket, .device, .characterDevice: return nil
        }
    }

    // MARK: Progress

    private func showProgress() {
        shownBytes = report.bytes
        onProgress(BackupProgress(.packing, files: report.files, of: scan.files, bytes: report.bytes, ofBytes: scan.bytes))
    }

    /// Counts bytes of a file that has not come to its end.
    func count(_ bytes: Int) {
        report.bytes += Int64(bytes)
        if report.bytes - shownBytes >= ResticTreeWriter.stride { showProgress() }
    }
}

extension TreeNode {
    var isFolder: Bool {
        if case .folder = kind { true } else { false }
    }
}

extension RawName {
    /// The path of the folder that it lies in; empty for a name alone.
    var parent: RawName { RawName(bytes.lastIndex(of: 47).map { Array(bytes[..<$0]) } ?? []) }
    /// The last name of a path.
    var last: RawName { RawName(bytes.lastIndex(of: 47).map { Array(bytes[($0 + 1)...]) } ?? bytes) }
}

extension BackupSource {
    /// Whether a member, or a folder above it, is left out by the patterns, or is not below what is backed up.
    func excludes(_ path: RawName, isFolder: Bool) -> Bool {
        let names = path.bytes.split(separator: 47).map { Array($0) }
        guard let top = paths.map({ $0.map(\.bytes) }).first(where: { names.starts(with: $0) }) else { return true }
        let below = Array(names.dropFirst(top.count))
        // A folder above that is excluded takes all below it with it.
        return below.indices.contains { end in
            filter.verdict(on: Array(below[...end]), isFolder: end < below.count - 1 || isFolder) == .excluded
        }
    }
}

import Files
import Restic

/// What files held when they were last read in this container, so that those that nobody has touched since are not read again.
///
/// A list in the order of the walk, read while the tree is walked and rewritten for the next time: memory does not depend on how many files there are.
final class KnownFiles {
    /// What a file holds.
    struct Content: Hashable {
        /// Of the file, with holes.
        var size: Int64
        /// Read.
        var bytes: Int64
        /// Whether it was copied as a database: `size` is that of the copy then.
        var isDatabase: Bool
        var content: [BlobID]
    }

    private let folder: Folder?
    private var list: KnownFileList.Reader?
    private var next: KnownFileList.Record?
    private let restored: RestoredFiles?
    private var writer: KnownFileList.Writer?

    /// Reads and writes a list in a folder. What is wrong with it counts as nothing known.
    /// - Parameters:
    ///   - repository: Only what was noted for this one counts.
    ///   - restored: What is known of a tree that a restore has put there.
    init(in folder: Folder?, of repository: BlobID, restored: RestoredFiles?) {
        self.folder = folder
        self.restored = restored
        guard let folder else { return }
        list = try? KnownFileList.Reader(folder.file(KnownFileList.name), of: repository)
        next = list?.next()
        try? folder.remove(KnownFileList.newName)
        writer = (try? folder.create(KnownFileList.newName)).flatMap { try? KnownFileList.Writer($0, of: repository) }
    }

    /// What a file holds, where nobody has touched it since it was read or restored. Ask for paths in the order of the walk.
    func take(_ path: RawName, _ status: FileStatus, log: FileStatus?) -> Content? {
        while let record = next, KnownFileList.isBefore(record.path, path) { next = list?.next() }
        if let record = next, record.path == path, record.status == KnownFileList.Status(status), record.log == log.map(KnownFileList.Status.init) {
            return record.content
        }
        return log == nil ? restored?.content(of: path, status) : nil
    }

    /// Notes what a file holds. What can't be written is not known the next time.
    func note(_ path: RawName, _ status: FileStatus, log: FileStatus?, _ content: Content) {
        guard let writer else { return }
        let record = KnownFileList.Record(path: path, status: .init(status), log: log.map(KnownFileList.Status.init), content: content)
        do { try writer.add(record) } catch {
            self.writer = nil
            try? folder?.remove(KnownFileList.newName)
        }
    }

    /// Writes what was noted. It counts from `commit` on.
    func finish() {
        do { try writer?.finish() } catch { try? folder?.remove(KnownFileList.newName) }
        writer = nil
    }

    /// What was noted counts from now on: it is stored. Does not wait for the disk: what is lost with it is not known.
    static func commit(in folder: Folder?) {
        guard let folder, folder.exists(KnownFileList.newName) else { return }
        try? folder.rename(KnownFileList.newName, to: folder, as: KnownFileList.name)
    }
}

/// A tree that a restore has put in place: what its files hold is known from the backup, until they are touched.
struct RestoredFiles {
    let tree: PreviousTree
    /// Files whose status has changed since are not known any more. By the clock of the tree's file system.
    let before: FileTime

    func content(of path: RawName, _ status: FileStatus) -> KnownFiles.Content? {
        guard status.changed < before, let node = (try? tree.node(path)) ?? nil, case .file(let size, let content) = node.kind else { return nil }
        guard size == status.size, node.modified == status.modified else { return nil }
        return KnownFiles.Content(size: size, bytes: min(size, status.allocated), isDatabase: false, content: content)
    }
}

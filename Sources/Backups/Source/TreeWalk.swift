import Archive
import Files

/// A file, folder or link as it was found, with the open folder that it lies in.
struct FoundMember {
    /// Its name in the archive.
    var path: RawName
    var name: RawName
    var folder: Folder
    var status: FileStatus
    /// The status of the write-ahead log beside a file, where there is one.
    var log: FileStatus?
}

/// Something that lies in a tree.
enum Found {
    case folder(FoundMember)
    case link(FoundMember, target: RawName)
    case file(FoundMember)
    /// Left out: it means something only to live processes.
    case volatile(RawName)
    case device(RawName)
    /// It could not be read, nor could anything below it.
    case unreadable(RawName, FileError)
    /// Its path is longer than a restore takes.
    case tooDeep(RawName)
}

/// Walks all that belongs into a backup: parents first, names by their bytes.
///
/// A few descriptors, and for each level of the path at hand the names of one folder: however deep or large the tree is.
struct TreeWalk {
    private struct Level {
        /// All names, by their bytes.
        let names: [RawName]
        var next = 0
        /// Bytes of the folder's path.
        let pathLength: Int
    }

    let items: [BackupSource.Item]
    private let source: BackupSource
    private let flag: CancelFlag
    private var upcoming: [BackupSource.Item]
    private var parentsSeen = Set<[RawName]>()
    private var cursor: FolderCursor?
    /// Where the cursor began.
    private var base: Folder?
    private var levels: [Level] = []
    /// The names of the folder at hand, from the item's top.
    private var names: [RawName] = []
    /// The same without the top, for patterns.
    private var below: [[UInt8]] = []
    private var path: [UInt8] = []
    private var waiting: [Found] = []
    private var descent: RawName?
    private let locks = Lazy()

    init(_ source: BackupSource, _ flag: CancelFlag) {
        self.source = source
        self.flag = flag
        items = source.presentItems()
        upcoming = items.reversed()
    }

    /// The next thing; nil at the end. Blocks.
    /// - Throws: What makes the walk pointless: an item that is not there, or no descriptors left. Cancelled, with `isCancelled`.
    mutating func next() throws(FileError) -> Found? {
        while true {
            if flag.isSet { throw FileError("read", source.base, code: ErrorNumber.cancelled) }
            if !waiting.isEmpty { return waiting.removeFirst() }
            if let name = descent {
                descent = nil
                if let failed = try descend(name) { return failed }
            } else if let level = levels.last, level.next < level.names.count {
                levels[levels.count - 1].next += 1
                if let found = try look(level.names[level.next]) { return found }
            } else if !levels.isEmpty {
                try leave()
            } else if let item = upcoming.popLast() {
                try begin(item)
            } else {
                return nil
            }
        }
    }

    // MARK: Items

    private mutating func begin(_ item: BackupSource.Item) throws(FileError) {
        // The folders between the base and what is backed up are members too, without what else they hold.
        var folder = try Folder.open(source.base)
        for (index, name) in item.member.dropLast().enumerated() {
            let here = Array(item.member.prefix(index + 1))
            let status = try folder.status(name)
            if parentsSeen.insert(here).inserted {
                waiting.append(.folder(FoundMember(path: TreeWalk.joined(here), name: name, folder: folder, status: status)))
            }
            folder = try folder.folder(name)
        }
        let parent = try Folder.open(item.parent)
        (base, cursor, names, below) = (parent, FolderCursor(at: parent), [], [])
        path = TreeWalk.joined(item.member.dropLast()).bytes
        let member = FoundMember(path: TreeWalk.joined(item.member), name: item.name, folder: parent, status: try parent.status(item.name))
        if let found = try found(member, isIncluded: true) { waiting.append(found) }
        // The archive names the top as the source does, wherever a link has led.
        if descent != nil { topPath = member.path.bytes }
    }

    private var topPath: [UInt8] = []

    private static func joined(_ names: some Sequence<RawName>) -> RawName { RawName(names.map(\.bytes).joined(separator: [47])) }

    // MARK: Down and up

    /// What could not be entered is given back; one that is gone is nothing.
    private mutating func descend(_ name: RawName) throws(FileError) -> Found? {
        let isTop = levels.isEmpty
        let here = isTop ? RawName(topPath) : path(to: name)
        let length = path.count
        do throws(FileError) {
            try cursor?.descend(name)
            do throws(FileError) {
                levels.append(Level(names: try cursor?.folder.names() ?? [], pathLength: length))
            } catch {
                _ = try? cursor?.ascend()
                throw error
            }
        } catch {
            if isTop || error.isShortage { throw error }
            return error.isMissing || error.isNoFolder ? nil : .unreadable(here, error)
        }
        names.append(name)
        if !isTop { below.append(name.bytes) }
        path = here.bytes
        return nil
    }

    private mutating func leave() throws(FileError) {
        guard let level = levels.popLast() else { return }
        path.removeLast(path.count - level.pathLength)
        names.removeLast()
        if !below.isEmpty { below.removeLast() }
        do { _ = try cursor?.ascend() } catch { try returnByNames() }
    }

    /// The folder was moved while it was walked: back to the one above by the names that led there, or as far as they still do.
    private mutating func returnByNames() throws(FileError) {
        guard let base else { return }
        var fresh = FolderCursor(at: base)
        var reached = 0
        for name in names {
            do throws(FileError) { try fresh.descend(name) } catch {
                if error.isShortage { throw error }
                break
            }
            reached += 1
        }
        cursor = fresh
        while levels.count > reached, let level = levels.popLast() {
            path.removeLast(path.count - level.pathLength)
            names.removeLast()
            if !below.isEmpty { below.removeLast() }
        }
    }

    private func path(to name: RawName) -> RawName { RawName(path.isEmpty ? name.bytes : path + [47] + name.bytes) }

    // MARK: One name

    private mutating func look(_ name: RawName) throws(FileError) -> Found? {
        if below.isEmpty, RestoreNames.isOwn(name) { return nil }
        guard let folder = cursor?.folder else { return nil }
        let here = path(to: name)
        let status: FileStatus
        do { status = try folder.status(name) } catch {
            if error.isShortage { throw error }
            return error.isMissing ? nil : .unreadable(here, error)
        }
        let verdict = source.filter.isEmpty ? .nothing : source.filter.verdict(on: below + [name.bytes], isFolder: status.kind == .folder)
        if verdict == .excluded { return nil }
        if here.bytes.count > ExtractionLimits.pathBytes { return .tooDeep(here) }
        return try found(FoundMember(path: here, name: name, folder: folder, status: status), isIncluded: verdict == .included)
    }

    private mutating func found(_ member: FoundMember, isIncluded: Bool) throws(FileError) -> Found? {
        switch member.status.kind {
        case .folder:
            descent = member.name
            return .folder(member)
        case .symbolicLink:
            do { return .link(member, target: try member.folder.target(ofLink: member.name)) } catch {
                return error.isMissing ? nil : .unreadable(member.path, error)
            }
        case .file:
            if SQLiteFile.isCompanion(member.name, in: member.folder) { return .volatile(member.path) }
            if !isIncluded, TransientFiles.isVolatile(member.name, member.status, in: member.folder, locks: { [locks] in locks.table }) {
                return .volatile(member.path)
            }
            var file = member
            let log = SQLiteFile.Companion.log.name(of: member.name)
            if let level = levels.last, TreeWalk.contains(level.names, log) { file.log = try? member.folder.status(log) }
            return .file(file)
        case .fifo, .socket: return .volatile(member.path)
        case .device: return .device(member.path)
        }
    }

    private static func contains(_ names: [RawName], _ name: RawName) -> Bool {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low < names.count && names[low] == name
    }

    /// Read when the first file calls itself a lock.
    private final class Lazy {
        lazy var table = LockTable()
    }
}

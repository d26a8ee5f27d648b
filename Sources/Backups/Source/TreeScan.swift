import Crypto
import Files
import Storage

/// A file, folder or link as it was found.
struct ScannedEntry {
    /// Its names in the archive.
    var path: [RawName]
    /// Which of the source's items it belongs to, and its names below that item's parent.
    var item: Int
    var place: [RawName]
    var status: FileStatus
    var target: RawName?
    /// The status of the write-ahead log beside a file, where there is one.
    var log: FileStatus?

    var readable: String { path.map(\.description).joined(separator: "/") }
}

/// What is there, in the order in which it is stored: parents first, names by their bytes.
struct TreeScan {
    private(set) var entries: [ScannedEntry] = []
    /// What could not be looked at.
    private(set) var incomplete = IncompleteFiles()
    /// What is left out and holds no data, with the reason.
    private(set) var notes: [String] = []
    /// How many volatile files were left out.
    private(set) var volatileCount = 0
    /// The first of them.
    private(set) var volatileNames: [String] = []
    private static let mostNames = 20
    private(set) var bytes: Int64 = 0
    private(set) var fileCount = 0
    let items: [BackupSource.Item]
    private let filter: PathFilter
    private let flag: CancelFlag
    private var item = 0

    init(_ source: BackupSource, _ flag: CancelFlag) throws(FileError) {
        filter = source.filter
        items = source.present
        self.flag = flag
        var parents = Set<[RawName]>()
        for index in items.indices {
            item = index
            try addParents(of: items[index].member, base: source.base, &parents)
            let parent = try Folder.open(items[index].parent)
            let (name, member) = (items[index].name, items[index].member)
            try add(name, in: parent, path: member, place: [name], parent.status(name))
        }
    }

    /// The folders between the base and what is backed up are members too, without what else they hold.
    private mutating func addParents(of path: [RawName], base: String, _ seen: inout Set<[RawName]>) throws(FileError) {
        var folder = try Folder.open(base)
        for (index, name) in path.dropLast().enumerated() {
            let here = Array(path.prefix(index + 1))
            let status = try folder.status(name)
            if seen.insert(here).inserted { entries.append(ScannedEntry(path: here, item: item, place: [], status: status)) }
            folder = try folder.folder(name)
        }
    }

    private mutating func scan(_ folder: Folder, path: [RawName], place: [RawName]) throws(FileError) {
        if flag.isSet { throw FileError("read", folder.path, code: ErrorNumber.cancelled) }
        for name in try folder.names() {
            guard let status = try? folder.status(name) else { continue }
            try add(name, in: folder, path: path + [name], place: place + [name], status)
        }
    }

    private mutating func add(
        _ name: RawName, in folder: Folder, path: [RawName], place: [RawName], _ status: FileStatus
    ) throws(FileError) {
        let below = Array(place.dropFirst())
        if !below.isEmpty {
            if RestoreNames.isOwn(name), below.count == 1 { return }
            if filter.excludes(below, isFolder: status.kind == .folder) { return }
        }
        let entry = ScannedEntry(path: path, item: item, place: place, status: status)
        switch status.kind {
        case .folder:
            entries.append(entry)
            do { try scan(folder.folder(name), path: path, place: place) } catch {
                if error.isCancelled || below.isEmpty { throw error }
                if !error.isMissing {
                    incomplete.append(IncompleteFile(path: entry.readable, reason: .unreadable, detail: error.cause, stored: .nothing))
                }
            }
        case .symbolicLink:
            guard let target = try? folder.target(ofLink: name) else { return }
            var link = entry
            link.target = target
            entries.append(link)
        case .file: addFile(name, in: folder, entry)
        case .fifo, .socket: noteVolatile(entry)
        case .device: if notes.count < TreeScan.mostNames { notes.append("\(entry.readable) is a device; it is left out") }
        }
    }

    private mutating func noteVolatile(_ entry: ScannedEntry) {
        volatileCount += 1
        if volatileNames.count < TreeScan.mostNames { volatileNames.append(entry.readable) }
    }

    private mutating func addFile(_ name: RawName, in folder: Folder, _ entry: ScannedEntry) {
        if let database = Volatile.database(ofCompanion: name), SQLiteFile.isDatabase(database, in: folder) {
            noteVolatile(entry)
            return
        }
        if Volatile.isVolatile(name) {
            noteVolatile(entry)
            return
        }
        var file = entry
        file.log = try? folder.status(RawName(name.bytes + Array("-wal".utf8)))
        entries.append(file)
        fileCount += 1
        bytes += entry.status.size
    }

    /// Differs when anything that would be stored may differ; the same for a tree nobody touched.
    var fingerprint: String {
        var hash = SHA256()
        for entry in entries {
            var text = entry.path.map(\.description).joined(separator: "/") + "\0\(entry.status)"
            if let log = entry.log { text += "\0\(log.size)\0\(log.modified)" }
            if let target = entry.target { text += "\0\(target)" }
            hash.update(data: Array(text.utf8))
        }
        return hash.finalize().hex
    }
}

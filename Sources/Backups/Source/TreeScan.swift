import Crypto
package import Files

/// A file, folder or link as it was found.
struct ScannedEntry {
    /// Names below the base.
    var path: [RawName]
    var status: FileStatus
    var target: RawName?
    /// The status of the write-ahead log beside a file, where there is one.
    var log: FileStatus?

    var readable: String { path.map(\.description).joined(separator: "/") }
}

/// What is there, in the order in which it is stored: parents first, names by their bytes.
struct TreeScan {
    private(set) var entries: [ScannedEntry] = []
    /// Things left out that belong to nobody's wish, with the reason.
    private(set) var skipped: [String] = []
    /// How many volatile files were left out.
    private(set) var volatileCount = 0
    private(set) var bytes: Int64 = 0
    private let filter: PathFilter
    private let flag: CancelFlag

    init(_ source: BackupSource, _ flag: CancelFlag) throws(FileError) {
        filter = source.filter
        self.flag = flag
        let base = try Folder.open(source.base)
        var parents = Set<[RawName]>()
        for path in source.paths {
            guard !path.isEmpty else {
                try scan(base, path: [], top: 0)
                continue
            }
            try addParents(of: path, base, &parents)
        }
    }

    /// The folders between the base and what is backed up are members too, without what else they hold.
    private mutating func addParents(of path: [RawName], _ base: Folder, _ seen: inout Set<[RawName]>) throws(FileError) {
        var folder = base
        for (index, name) in path.enumerated() {
            let here = Array(path.prefix(index + 1))
            let status = try folder.status(name)
            if index == path.count - 1 { return try add(name, in: folder, path: here, status, top: path.count) }
            if seen.insert(here).inserted { entries.append(ScannedEntry(path: here, status: status)) }
            folder = try folder.folder(name)
        }
    }

    private mutating func scan(_ folder: Folder, path: [RawName], top: Int) throws(FileError) {
        if flag.isSet { throw FileError("read", folder.path, code: 125) }
        for name in try folder.names() {
            guard let status = try? folder.status(name) else { continue }
            try add(name, in: folder, path: path + [name], status, top: top)
        }
    }

    private mutating func add(
        _ name: RawName, in folder: Folder, path: [RawName], _ status: FileStatus, top: Int
    ) throws(FileError) {
        let below = Array(path.dropFirst(top))
        if !below.isEmpty {
            if RestoreNames.isOwn(name), below.count == 1 { return }
            if filter.excludes(below, isFolder: status.kind == .folder) { return }
        }
        switch status.kind {
        case .folder:
            entries.append(ScannedEntry(path: path, status: status))
            do { try scan(folder.folder(name), path: path, top: top) } catch {
                if error.code == 125 || below.isEmpty { throw error }
                if !error.isMissing { skipped.append(error.description) }
            }
        case .symbolicLink:
            guard let target = try? folder.target(ofLink: name) else { return }
            entries.append(ScannedEntry(path: path, status: status, target: target))
        case .file: addFile(name, in: folder, path: path, status)
        case .fifo, .socket: volatileCount += 1
        case .device: skipped.append("\(folder.path(of: name)) is a device")
        }
    }

    private mutating func addFile(_ name: RawName, in folder: Folder, path: [RawName], _ status: FileStatus) {
        if let database = Volatile.database(ofCompanion: name), SQLiteFile.isDatabase(database, in: folder) {
            volatileCount += 1
            return
        }
        if Volatile.isVolatile(name) {
            volatileCount += 1
            return
        }
        let log = try? folder.status(RawName(name.bytes + Array("-wal".utf8)))
        entries.append(ScannedEntry(path: path, status: status, log: log))
        bytes += status.size
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

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

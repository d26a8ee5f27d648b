import Archive
import Buckets
import Crypto
import Files

/// Packs a tree into one archive: the same bytes for the same tree, in one pass, with a fixed amount of memory.
final class SnapshotWriter {
    let scan: TreeScan
    /// Where copies of databases lie meanwhile.
    let scratch: Folder
    let flag: CancelFlag
    private let cores: Int
    private let packing: BackupPacking
    private let previous: PreviousArchive
    private let onProgress: BackupProgressReceiver
    /// Bytes of the last report of progress.
    private var shownBytes: Int64 = 0
    /// Of a large file, after how many bytes progress is reported.
    private static let stride: Int64 = 1 << 20
    let databases: DatabaseCopier
    var report = SnapshotReport()
    private var earlier = EarlierCopies()
    private var members = 0
    /// A folder that was found, before it is known whether it can be looked into.
    private var folder: TreeEntry?
    /// Folders that can't be looked into.
    private var shut: [TreeEntry] = []
    /// The first names of files that have several.
    private var firstNames: [InodeKey: RawName] = [:]

    /// - Parameters:
    ///   - databasePatience: How long locked databases are waited for, all together, in seconds.
    ///   - previous: The last backup, for copies of what can't be read just now.
    init(
        scan: TreeScan, scratch: Folder, cores: Int, packing: BackupPacking, databasePatience: Double, previous: PreviousArchive, flag: CancelFlag,
        onProgress: @escaping BackupProgressReceiver
    ) {
        self.scan = scan
        self.scratch = scratch
        self.cores = cores
        self.packing = packing
        self.previous = previous
        self.flag = flag
        self.onProgress = onProgress
        databases = DatabaseCopier(scratch: scratch, patience: databasePatience, flag: flag, onProgress: onProgress)
    }

    private final class Digest {
        var value = SHA256()
    }

    private struct InodeKey: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// Blocks.
    func write(to file: OpenFile) throws(BackupError) -> SnapshotReport {
        let (packed, plain) = (Digest(), Digest())
        report.source = scan.state
        do {
            let out = WatchedSink(FileSink(file)) { packed.value.update(data: $0) }
            let gzip = GzipWriter(out, level: packing.level, cores: cores, rsyncable: packing.isRsyncable)
            let tar = TarWriter(WatchedSink(gzip) { plain.value.update(data: $0) })
            var walk = TreeWalk(scan.source, flag)
            while let found = try walk.next() { try add(found, tar) }
            try addFolder(tar)
            try addEarlierCopies(tar)
            for folder in shut { try tar.begin(folder) }
            try tar.finish()
            try gzip.finish()
            try file.sync()
            report.archiveBytes = try file.status().size
        } catch {
            throw flag.isSet ? .cancelled : BackupError(error)
        }
        report.checksum = packed.value.finalize().hex
        report.content = plain.value.finalize().hex
        return report
    }

    // MARK: Members

    private func add(_ found: Found, _ tar: TarWriter) throws {
        // Its earlier copy comes first: into one that is shut tar could put nothing.
        if case .unreadable(let path, _) = found, let folder, folder.path == path, shut.count < EarlierCopies.most {
            shut.append(folder)
            self.folder = nil
        }
        try addFolder(tar)
        switch found {
        case .folder(let member): if hasRoom(for: member) { folder = entry(member, .folder) }
        case .link(let member, let target):
            if hasRoom(for: member) { try tar.begin(entry(member, .symbolicLink(to: target))) }
        case .file(let member):
            if hasRoom(for: member) { try addFile(member, tar) }
            showProgress()
        case .volatile(let path): report.leaveOut(path.readable)
        case .device(let path): report.note("\(path.readable) is a device; it is left out")
        case .unreadable(let path, let error): lose(path, .unreadable, error.cause, otherwise: .nothing)
        case .tooDeep(let path): report.incomplete.append(.tooDeep(path))
        }
    }

    /// A member with its extended attributes.
    func entry(_ found: FoundMember, _ kind: TreeEntry.Kind, _ file: OpenFile? = nil) -> TreeEntry {
        var entry = TreeEntry(found, kind)
        let (attributes, note) = found.attributes(file)
        entry.attributes = attributes
        if let note { report.note(note) }
        return entry
    }

    /// Adds the folder that is waiting, if there is one.
    private func addFolder(_ tar: TarWriter) throws {
        guard let folder else { return }
        self.folder = nil
        try tar.begin(folder)
    }

    /// A restore takes so many members and no more.
    private func hasRoom(for member: FoundMember) -> Bool {
        let most = ExtractionLimits().members
        if members < most {
            members += 1
            return true
        }
        report.incomplete.append(
            IncompleteFile(path: member.path.readable, reason: .tooLarge, detail: "there are more than \(most) files and folders", stored: .nothing))
        return false
    }

    private func showProgress() {
        shownBytes = report.bytes
        onProgress(BackupProgress(.packing, files: report.files, of: scan.files, bytes: report.bytes, ofBytes: scan.bytes))
    }

    /// Counts bytes of a file that has not come to its end.
    func count(_ bytes: Int) {
        report.bytes += Int64(bytes)
        if report.bytes - shownBytes >= SnapshotWriter.stride { showProgress() }
    }

    private func addFile(_ found: FoundMember, _ tar: TarWriter) throws {
        do {
            let file = try found.folder.file(found.name)
            let status = try file.status()
            // Another thing has taken its place since it was found.
            guard status.kind == .file else { return }
            let key = InodeKey(device: status.device, inode: status.inode)
            if status.links > 1, let first = firstNames[key] {
                try tar.begin(TreeEntry(found, .hardLink(to: first)))
            } else {
                let isDatabase = try SQLiteHeader(of: file) != nil
                try isDatabase ? addDatabase(found, file, status, tar) : addContent(found, file, status, tar)
                if status.links > 1 { firstNames[key] = found.path }
            }
            report.files += 1
        } catch let error as FileError {
            try lose(found, error)
        }
    }

    /// A file that can't be read is kept as the last backup has it. One that is gone was deleted, and nothing is lost.
    private func lose(_ found: FoundMember, _ error: FileError) throws {
        if error.isMissing || error.isNoFolder || error.isNoDevice { return }
        // The archive's own trouble, or that of the whole process.
        if error.isDiskFull || error.isShortage || error.isCancelled || error.path.hasPrefix(scratch.path) { throw error }
        lose(found.path, .unreadable, error.cause, otherwise: .nothing)
    }

    /// Notes what is not stored as it is, and wants its earlier copy.
    func lose(_ path: RawName, _ reason: IncompleteFile.Reason, _ detail: String, otherwise: IncompleteFile.Stored) {
        if earlier.want(path, reason, detail, otherwise: otherwise) { return }
        report.incomplete.append(IncompleteFile(path: path.readable, reason: reason, detail: detail, stored: otherwise))
    }

    // MARK: Earlier copies

    private func addEarlierCopies(_ tar: TarWriter) throws {
        if earlier.isEmpty { return }
        var stored = Set<RawName>()
        var links: [RawName: [TreeEntry]] = [:]
        try previous.read(flag) { entry, reader in
            guard let wanted = earlier.wanted(entry.path), !scan.source.excludes(entry.path, isFolder: entry.kind == .folder) else { return }
            switch entry.kind {
            case .file:
                guard try addEarlier([entry], reader, tar) else { return }
                stored.insert(entry.path)
            case .hardLink(let first):
                guard stored.contains(first) else { return links[first, default: []].append(entry) }
                try tar.begin(entry)
                report.files += 1
            case .folder, .symbolicLink: try tar.begin(entry)
            case .fifo, .device: return
            }
            earlier.found(wanted)
        }
        // Their content stands under another name, which was passed by.
        if !links.isEmpty {
            try previous.read(flag) { entry, reader in
                guard let names = links[entry.path], entry.kind == .file, try addEarlier(names, reader, tar) else { return }
                for name in names { if let wanted = earlier.wanted(name.path) { earlier.found(wanted) } }
            }
        }
        for file in earlier.incomplete { report.incomplete.append(file) }
    }

    /// Stores the content at hand under names; false where it can't be read to its end.
    private func addEarlier(_ entries: [TreeEntry], _ reader: TarReader, _ tar: TarWriter) throws -> Bool {
        let name: RawName = "earlier"
        try? scratch.remove(name)
        defer { try? scratch.remove(name) }
        let copy = try scratch.create(name)
        do throws(ArchiveError) { try reader.copy(to: copy) } catch {
            if case .file = error { throw error }
            return false
        }
        for entry in entries {
            var member = entry
            member.kind = .file
            _ = try store(copy, copy.status(), member, tar)
            report.files += 1
        }
        return true
    }
}

extension TreeEntry {
    init(_ found: FoundMember, _ kind: Kind) {
        self.init(
            path: found.path, kind: kind, mode: found.status.mode, owner: UInt64(found.status.owner), group: UInt64(found.status.group),
            modified: found.status.modified)
    }
}

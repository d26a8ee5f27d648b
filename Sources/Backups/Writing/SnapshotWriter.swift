import Archive
import Crypto
import Files
import Foundation
import Storage

/// Packs a tree into one archive: the same bytes for the same tree, in one pass, with a fixed amount of memory.
struct SnapshotWriter {
    private static let readSize = 256 * 1024

    let scan: TreeScan
    /// Where copies of databases lie meanwhile.
    let scratch: Folder
    let cores: Int
    let packing: ArchiveRepository.Packing
    /// How long one locked database is waited for, in seconds.
    let databasePatience: Double
    /// Brings an earlier copy of a file that can't be read just now into the scratch folder; gives whether there was one.
    let earlierCopy: (_ member: RawName, _ name: RawName) -> Bool
    let now: Date
    let flag: CancelFlag
    let onProgress: @Sendable (PackingProgress) -> Void

    private final class Digest {
        var value = SHA256()
    }

    func write(to file: OpenFile) throws(BackupError) -> SnapshotReport {
        let (packed, plain) = (Digest(), Digest())
        var report = SnapshotReport()
        report.leftOut = scan.volatileCount
        report.leftOutNames = scan.volatileNames
        report.incomplete = scan.incomplete
        report.notes = scan.notes
        do {
            let out = WatchedSink(FileSink(file)) { packed.value.update(data: $0) }
            let gzip = GzipWriter(out, level: packing.level, cores: cores, rsyncable: packing.isRsyncable)
            let tar = TarWriter(WatchedSink(gzip) { plain.value.update(data: $0) })
            try members(tar, &report)
            try tar.finish()
            try gzip.finish()
            try file.sync()
            report.archiveBytes = try file.status().size
        } catch let error as BackupError {
            throw error
        } catch let error as ArchiveError {
            throw .archive(error)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .archive(.damaged("\(error)"))
        }
        report.checksum = packed.value.finalize().hex
        report.content = plain.value.finalize().hex
        return report
    }

    private func members(_ tar: TarWriter, _ report: inout SnapshotReport) throws {
        var folders = try scan.items.map { OpenFolders(base: try Folder.open($0.parent)) }
        var firstNames: [InodeKey: RawName] = [:]
        for entry in scan.entries {
            if flag.isSet { throw BackupError.cancelled }
            let path = RawName(entry.path.map(\.bytes).joined(separator: [47]))
            var member = TarEntry(
                path: path, kind: .folder, mode: entry.status.mode, owner: UInt64(entry.status.owner),
                group: UInt64(entry.status.group), modified: entry.status.modified)
            switch entry.status.kind {
            case .folder: try tar.begin(member)
            case .symbolicLink:
                member.kind = .symbolicLink(to: entry.target ?? "")
                try tar.begin(member)
            case .file:
                let key = InodeKey(device: entry.status.device, inode: entry.status.inode)
                if entry.status.links > 1, let first = firstNames[key] {
                    member.kind = .hardLink(to: first)
                    try tar.begin(member)
                } else {
                    member.kind = .file
                    if try addFile(entry, &member, &folders[entry.item], tar, &report) { firstNames[key] = path }
                }
                report.files += 1
            case .fifo, .socket, .device: break
            }
            onProgress(
                PackingProgress(
                    files: report.files, totalFiles: scan.fileCount, bytes: report.bytes, totalBytes: scan.bytes))
        }
    }

    private struct InodeKey: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    // MARK: Files

    /// Gives whether the file is in the archive.
    private func addFile(
        _ entry: ScannedEntry, _ member: inout TarEntry, _ folders: inout OpenFolders, _ tar: TarWriter, _ report: inout SnapshotReport
    ) throws -> Bool {
        guard let name = entry.place.last else { return false }
        let folder: Folder
        let file: OpenFile
        do {
            folder = try folders.parent(of: entry.place)
            if SQLiteFile.isDatabase(name, in: folder) {
                return try addDatabase(entry, &member, folder.path(of: name), tar, &report)
            }
            file = try folder.file(name)
        } catch let error as FileError {
            // A file that is gone since the scan is no trouble: it was deleted.
            if !error.isMissing {
                report.incomplete.append(IncompleteFile(path: entry.readable, reason: .unreadable, detail: error.cause, stored: .nothing))
            }
            return false
        }
        let before = try file.status()
        (member.mode, member.modified) = (before.mode, before.modified)
        member.size = try wholeLines(of: file, name, before)
        try file.seek(to: 0)
        try tar.begin(member)
        try copy(file, tar, &report)
        let after = try file.status()
        if tar.missing > 0 {
            try pad(tar)
            report.incomplete.append(IncompleteFile(path: entry.readable, reason: .changed, detail: "it became shorter", stored: .asRead))
        } else if (before.modified != after.modified || before.size != after.size) && member.size == before.size
            && !grewOnly(before, after, name)
        {
            report.incomplete.append(IncompleteFile(path: entry.readable, reason: .changed, detail: "it was written to", stored: .asRead))
        }
        return true
    }

    private func copy(_ file: OpenFile, _ tar: TarWriter, _ report: inout SnapshotReport) throws {
        while tar.missing > 0 {
            if flag.isSet { throw BackupError.cancelled }
            let bytes = try file.read(Int(min(Int64(SnapshotWriter.readSize), tar.missing)))
            if bytes.isEmpty { break }
            try tar.write(bytes)
            report.bytes += Int64(bytes.count)
        }
    }

    private func pad(_ tar: TarWriter) throws {
        while tar.missing > 0 { try tar.write([UInt8](repeating: 0, count: Int(min(tar.missing, 1 << 20)))) }
    }

    /// Names of text that programs add lines to.
    private func isAppendOnly(_ name: RawName) -> Bool {
        [".jsonl", ".ndjson", ".log"].contains { name.description.hasSuffix($0) }
    }

    private func grewOnly(_ before: FileStatus, _ after: FileStatus, _ name: RawName) -> Bool {
        isAppendOnly(name) && after.size >= before.size
    }

    /// The size up to the last newline for lines being written just now, else the whole size.
    private func wholeLines(of file: OpenFile, _ name: RawName, _ status: FileStatus) throws -> Int64 {
        let age = now.timeIntervalSince1970 - Double(status.modified.seconds)
        guard isAppendOnly(name), status.size > 0, age < 10 else { return status.size }
        let start = max(0, status.size - 65_536)
        try file.seek(to: start)
        let tail = try file.read(Int(status.size - start))
        guard tail.last != 10, let newline = tail.lastIndex(of: 10) else { return status.size }
        return start + Int64(newline) + 1
    }

    // MARK: Databases

    private func addDatabase(
        _ entry: ScannedEntry, _ member: inout TarEntry, _ path: String, _ tar: TarWriter, _ report: inout SnapshotReport
    ) throws -> Bool {
        let copyName: RawName = "database"
        try? scratch.remove(copyName)
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { try? scratch.remove(RawName("database\(suffix)")) } }
        do {
            try SQLiteFile.copy(path, to: scratch.path(of: copyName), deadline: databasePatience)
        } catch {
            if error == .diskFull { throw BackupError.file(FileError("write", scratch.path, code: ErrorNumber.diskFull)) }
            guard (try? copyQuietly(path, copyName)) == true else {
                try? scratch.remove(copyName)
                let hasEarlier = earlierCopy(member.path, copyName)
                report.incomplete.append(
                    IncompleteFile(path: entry.readable, reason: error.reason, detail: error.words, stored: hasEarlier ? .earlierCopy : .nothing))
                guard hasEarlier else { return false }
                return try store(copyName, &member, tar, &report)
            }
        }
        // The log's time counts too: in that mode the database file itself may not move for days.
        if let log = entry.log { member.modified = max(member.modified, log.modified) }
        report.databases += 1
        return try store(copyName, &member, tar, &report)
    }

    private func store(_ name: RawName, _ member: inout TarEntry, _ tar: TarWriter, _ report: inout SnapshotReport) throws -> Bool {
        let file = try scratch.file(name)
        member.size = try file.status().size
        try tar.begin(member)
        try copy(file, tar, &report)
        return true
    }

    /// For a database that SQLite won't let us read: a plain copy in a quiet moment, checked. Up to three tries.
    private func copyQuietly(_ path: String, _ copyName: RawName) throws -> Bool {
        let names = path.split(separator: "/").map(String.init)
        let folder = try Folder.open("/" + names.dropLast().joined(separator: "/"))
        let name = names.last ?? ""
        for _ in 0..<3 {
            if flag.isSet { throw BackupError.cancelled }
            let before = state(name, in: folder)
            Thread.sleep(forTimeInterval: 2)
            guard state(name, in: folder) == before else { continue }
            for suffix in ["", "-wal", "-journal"] {
                let target = RawName("\(copyName)\(suffix)")
                try? scratch.remove(target)
                guard let file = try? folder.file(RawName(name + suffix)) else { continue }
                let copy = try scratch.create(target)
                while case let bytes = try file.read(SnapshotWriter.readSize), !bytes.isEmpty { try copy.write(bytes) }
            }
            if state(name, in: folder) == before, (try? SQLiteFile.check(scratch.path(of: copyName))) != nil { return true }
        }
        return false
    }

    private func state(_ name: String, in folder: Folder) -> [FileStatus?] {
        ["", "-wal", "-journal"].map { try? folder.status(RawName(name + $0)) }
    }
}

extension SQLiteFile.CopyFailure {
    fileprivate var reason: IncompleteFile.Reason {
        switch self {
        case .busy: .locked
        case .damaged: .damaged
        case .failed, .diskFull: .unreadable
        }
    }

    fileprivate var words: String {
        switch self {
        case .busy(let words), .damaged(let words), .failed(let words): words
        case .diskFull: "the disk is full"
        }
    }
}

/// The open folders along a path, for entries come in order.
struct OpenFolders {
    let base: Folder
    private var stack: [(name: RawName, folder: Folder)] = []

    init(base: Folder) { self.base = base }

    mutating func parent(of path: [RawName]) throws(FileError) -> Folder {
        let names = path.dropLast()
        let shared = zip(stack, names).prefix { $0.0.name == $0.1 }.count
        stack.removeLast(stack.count - shared)
        for name in names.dropFirst(shared) { stack.append((name, try (stack.last?.folder ?? base).folder(name))) }
        return stack.last?.folder ?? base
    }
}

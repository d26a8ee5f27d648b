import Archive
import Crypto
import Files

/// How the content of a file is read that others may write to meanwhile.
///
/// Stored is what was there at one instant. A file that changes while it is read is read again; where two readings agree, what was read is
/// what was there, and the file has only grown.
extension SnapshotWriter {
    private static let tries = 3
    /// Files up to this size are read whole before anything of them is stored.
    private static let small: Int64 = 1 << 20
    /// Larger files are not read a third time.
    private static let mostReread: Int64 = 1 << 30

    func addContent(_ found: FoundMember, _ file: OpenFile, _ status: FileStatus, _ tar: TarWriter) throws {
        var member = entry(found, .file, file)
        (member.mode, member.modified) = (status.mode, status.modified)
        if status.size <= SnapshotWriter.small, status.allocated >= status.size || status.size < 65_536 {
            try addSmall(found, file, member, tar)
        } else {
            try addLarge(found, file, status, member, tar)
        }
    }

    // MARK: Small files

    private func addSmall(_ found: FoundMember, _ file: OpenFile, _ entry: TreeEntry, _ tar: TarWriter) throws {
        var member = entry
        var last: [UInt8] = []
        for round in 1...SnapshotWriter.tries {
            let before = try file.status()
            let bytes = try contents(of: file, most: min(before.size, 4 * SnapshotWriter.small))
            let isStable = try before.hasSameContent(as: file.status()) && Int64(bytes.count) == before.size
            if isStable || (round > 1 && bytes == last) {
                member.modified = before.modified
                return try put(bytes, member, tar)
            }
            if round > 1, bytes.starts(with: last) {
                report.note("\(found.path.readable) grew while it was read; it is stored up to \(last.count) bytes")
                return try put(last, member, tar)
            }
            (last, member.modified) = (bytes, before.modified)
        }
        try put(last, member, tar)
        markChanged(found)
    }

    private func contents(of file: OpenFile, most: Int64) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try file.read([0..<most], flag) { bytes += $0 }
        return bytes
    }

    private func put(_ bytes: [UInt8], _ entry: TreeEntry, _ tar: TarWriter) throws {
        var member = entry
        member.size = Int64(bytes.count)
        try tar.begin(member)
        try tar.write(bytes)
        report.bytes += member.size
    }

    private func markChanged(_ found: FoundMember) {
        report.incomplete.append(
            IncompleteFile(
                path: found.path.readable, reason: .changed, detail: "\(SnapshotWriter.tries) times it was written to meanwhile", stored: .asRead))
    }

    // MARK: Large files

    private func addLarge(_ found: FoundMember, _ file: OpenFile, _ status: FileStatus, _ member: TreeEntry, _ tar: TarWriter) throws {
        let first = try store(file, status, member, tar)
        if let failure = first.failure {
            if failure.isShortage || failure.isCancelled { throw failure }
            return lose(found.path, .unreadable, failure.cause, otherwise: .asRead)
        }
        let after = try file.status()
        if first.isWhole, status.hasSameContent(as: after) { return }
        if first.isWhole, try digest(file, first.ranges) == first.digest {
            if after.size > status.size { report.note("\(found.path.readable) grew while it was read; it is stored up to \(status.size) bytes") }
            return
        }
        try addAgain(found, file, member, tar)
    }

    /// Reads into the scratch folder until that is whole, and adds it once more: of two members of one name the later one counts.
    private func addAgain(_ found: FoundMember, _ file: OpenFile, _ entry: TreeEntry, _ tar: TarWriter) throws {
        guard try file.status().size <= SnapshotWriter.mostReread else { return markChanged(found) }
        let name: RawName = "again"
        defer { try? scratch.remove(name) }
        var isWhole = false
        for _ in 1..<SnapshotWriter.tries where !isWhole {
            try? scratch.remove(name)
            let before = try file.status()
            let copy = try scratch.create(name)
            try file.copyContent(to: copy, flag)
            isWhole = try before.hasSameContent(as: file.status())
            if !isWhole {
                let ranges = try copy.dataRanges(of: copy.status())
                isWhole = try digest(file, ranges) == digest(copy, ranges)
            }
        }
        var member = entry
        member.modified = try file.status().modified
        let copy = try scratch.file(name)
        _ = try store(copy, copy.status(), member, tar)
        if !isWhole { markChanged(found) }
    }

    private func digest(_ file: OpenFile, _ ranges: [Range<Int64>]) throws -> SHA256.Digest {
        var hash = SHA256()
        _ = try file.read(ranges, flag) { hash.update(data: $0) }
        return hash.finalize()
    }

    // MARK: Storing

    /// What became of a member.
    struct Stored {
        var ranges: [Range<Int64>]
        var digest: SHA256.Digest
        /// Whether there were as many bytes as expected; what was missing is zeros.
        var isWhole: Bool
        /// Why reading ended early, where it was an error.
        var failure: FileError?
    }

    /// Adds a member with the content that a file has now, holes as holes.
    /// - Throws: What ends the whole archive. That a file can't be read to its end is told in the result.
    func store(_ file: OpenFile, _ status: FileStatus, _ entry: TreeEntry, _ tar: TarWriter) throws -> Stored {
        var member = entry
        member.size = status.size
        let ranges = try file.dataRanges(of: status)
        if ranges == [0..<status.size] || status.size == 0 { try tar.begin(member) } else { try tar.begin(member, data: ranges) }
        var hash = SHA256()
        var failure: FileError?
        do {
            _ = try file.read(ranges, flag) { bytes in
                hash.update(data: bytes)
                try tar.write(bytes)
                count(bytes.count)
            }
        } catch let error as FileError {
            failure = error
        }
        let isWhole = tar.missing == 0
        while tar.missing > 0 { try tar.write([UInt8](repeating: 0, count: Int(min(tar.missing, 1 << 20)))) }
        return Stored(ranges: ranges, digest: hash.finalize(), isWhole: isWhole, failure: failure)
    }
}

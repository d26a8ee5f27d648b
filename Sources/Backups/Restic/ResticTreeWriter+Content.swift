import Archive
import Files
import Restic

/// How the content of a file becomes blobs that others may write to meanwhile.
///
/// Stored is what was there at one instant. A file that changes while it is read is read again; where two readings agree, what was read is what was there, and
/// the file has only grown.
extension ResticTreeWriter {
    private static let tries = 3
    /// Larger files are not read a third time.
    private static let mostReread: Int64 = 1 << 30
    private static let pieceSize = 1 << 20

    /// - Returns: The node of a file; nil where it was given another one, or is not stored.
    func content(of found: FoundMember, _ file: OpenFile, _ status: FileStatus) throws -> TreeNode? {
        if let kept = known.take(found.path, status, log: found.log), kept.content.allSatisfy({ blobs.contains(BlobKey($0, .data)) }) {
            var node = node(found, .file(size: kept.size, content: kept.content), file)
            (node.mode, node.modified) = (status.mode, kept.isDatabase ? found.modified(status) : status.modified)
            report.bytes += kept.bytes
            if kept.isDatabase { report.databases += 1 }
            known.note(found.path, status, log: found.log, kept)
            return node
        }
        guard try SQLiteHeader(of: file) != nil else { return try plain(found, file, status) }
        return try database(found, file, status)
    }

    // MARK: Plain files

    private struct Reading {
        var content: [BlobID] = []
        /// Of the file, with holes.
        var size: Int64 = 0
        /// Read.
        var bytes: Int64 = 0
        /// Whether all was there that was expected.
        var isWhole = true
    }

    private func plain(_ found: FoundMember, _ file: OpenFile, _ first: FileStatus) throws -> TreeNode? {
        var node = node(found, .file(size: 0, content: []), file)
        node.mode = first.mode
        let counted = report.bytes
        var last = Reading()
        for round in 1...ResticTreeWriter.tries {
            let before = try file.status()
            let ranges = try file.dataRanges(of: before)
            report.bytes = counted
            do { last = try read(file, ranges, size: before.size) } catch let error as FileError {
                if error.isShortage || error.isDiskFull || error.isCancelled { throw error }
                try lose(found.path, .unreadable, error.cause, instead: nil)
                return nil
            }
            let after = try file.status()
            node.kind = .file(size: last.size, content: last.content)
            node.modified = before.modified
            if last.isWhole, before.hasSameContent(as: after) {
                // A change within the same tick of the file system's clock could not be seen.
                if !after.changed.isJustNow {
                    known.note(found.path, after, log: nil, KnownFiles.Content(size: last.size, bytes: last.bytes, isDatabase: false, content: last.content))
                }
                return node
            }
            if last.isWhole {
                let again = try read(file, ranges, size: before.size, isCounted: false)
                if again.content == last.content {
                    if after.size > before.size { report.note("\(found.path.readable) grew while it was read; it is stored up to \(before.size) bytes") }
                    return node
                }
            }
            if round > 1, before.size > ResticTreeWriter.mostReread { break }
        }
        report.incomplete.append(
            IncompleteFile(
                path: found.path.readable, reason: .changed, detail: "\(ResticTreeWriter.tries) times it was written to meanwhile", stored: .asRead))
        return node
    }

    /// Cuts stretches of a file by their content. Holes become blobs of zeros, without being read.
    private func read(_ file: OpenFile, _ ranges: [Range<Int64>], size: Int64, isCounted: Bool = true) throws -> Reading {
        var reading = Reading()
        for range in ranges {
            try addHole(range.lowerBound - reading.size, &reading)
            try read(file, range, &reading, isCounted: isCounted)
            guard reading.isWhole else { return reading }
        }
        try addHole(size - reading.size, &reading)
        return reading
    }

    private func read(_ file: OpenFile, _ range: Range<Int64>, _ reading: inout Reading, isCounted: Bool) throws {
        let cutter = ContentCutter.files
        var (buffer, start, position) = ([UInt8](), 0, range.lowerBound)
        var isAtEnd = false
        while true {
            while !isAtEnd, buffer.count - start < cutter.largest {
                if flag.isSet { throw FileError("read", file.path, code: ErrorNumber.cancelled) }
                let piece = try file.read(Int(min(Int64(ResticTreeWriter.pieceSize), range.upperBound - position)), at: position)
                if start > 0 {
                    buffer.removeFirst(start)
                    start = 0
                }
                if buffer.isEmpty { buffer = piece } else { buffer += piece }
                position += Int64(piece.count)
                isAtEnd = piece.isEmpty || position == range.upperBound
                if isCounted { count(piece.count) }
            }
            if start == buffer.count { break }
            let length = cutter.next(buffer.span.extracting(start..<buffer.count))
            reading.content.append(try blobs.add(Array(buffer[start..<start + length]), .data))
            start += length
        }
        reading.size = position
        reading.bytes += position - range.lowerBound
        reading.isWhole = position == range.upperBound
    }

    private func addHole(_ length: Int64, _ reading: inout Reading) throws {
        var rest = length
        while rest > 0 {
            let piece = Int(min(rest, Int64(ZeroBlobs.largest)))
            let zeros = ZeroBlobs.of(piece)
            // Its content is made only where it is not stored yet.
            if blobs.contains(BlobKey(zeros, .data)) {
                reading.content.append(zeros)
            } else {
                reading.content.append(try blobs.add([UInt8](repeating: 0, count: piece), .data))
            }
            rest -= Int64(piece)
        }
        reading.size += max(0, length)
    }

    // MARK: Databases

    /// A copy of one instant, in blocks of whole pages, or the best there is.
    private func database(_ found: FoundMember, _ file: OpenFile, _ status: FileStatus) throws -> TreeNode? {
        defer { databases.clear() }
        let copy: DatabaseCopier.Copy
        do {
            copy = try databases.copy(found.name, in: found.folder)
        } catch {
            // Its log can't be read, or not all of the database.
            if error.isMissing || error.isShortage || error.isDiskFull || error.isCancelled { throw error }
            let asRead = try plain(found, file, status)
            if let asRead { try lose(found.path, .unreadable, error.cause, instead: asRead) }
            return nil
        }
        let reading = try blocks(of: DatabaseCopier.copy)
        var node = node(found, .file(size: reading.size, content: reading.content), file)
        (node.mode, node.modified) = (status.mode, found.modified(status))
        report.databases += 1
        switch copy.verdict {
        case .of(.whole):
            // Untouched since before it was copied, it need not be copied again.
            let log = found.log.flatMap { _ in try? found.folder.status(SQLiteFile.Companion.log.name(of: found.name)) }
            let after = try file.status()
            if copy.companions.isEmpty, status == after, log == found.log, !after.changed.isJustNow, !(log?.changed.isJustNow ?? false) {
                known.note(
                    found.path, after, log: log, KnownFiles.Content(size: reading.size, bytes: reading.bytes, isDatabase: true, content: reading.content))
            }
        case .of(.unchecked(let words)):
            report.note("\(found.path.readable) could not be checked (\(words)); it is stored as it was copied")
        case .of(.damaged(let words)):
            report.incomplete.append(IncompleteFile(path: found.path.readable, reason: .damaged, detail: words, stored: .asRead))
        case .locked(let words):
            try lose(found.path, .locked, words, instead: node)
            return nil
        case .moving:
            try lose(found.path, .changed, "it was written to each time it was copied", instead: node)
            return nil
        }
        for companion in copy.companions {
            let extra = try blocks(of: companion.name(of: DatabaseCopier.copy))
            var beside = node
            beside.name = companion.name(of: found.name)
            beside.kind = .file(size: extra.size, content: extra.content)
            put(beside)
        }
        return node
    }

    /// The content of a file in the scratch folder, in blocks of whole pages.
    private func blocks(of name: RawName) throws -> Reading {
        let copy = try scratch.file(name)
        let size = try copy.status().size
        let length = DatabaseBlocks.length(forSize: size)
        var reading = Reading()
        while reading.size < size {
            if flag.isSet { throw FileError("read", copy.path, code: ErrorNumber.cancelled) }
            var block: [UInt8] = []
            while block.count < length, case let piece = try copy.read(length - block.count, at: reading.size + Int64(block.count)), !piece.isEmpty {
                block += piece
            }
            guard !block.isEmpty else { break }
            reading.content.append(try blobs.add(block, .data))
            reading.size += Int64(block.count)
            count(block.count)
        }
        reading.bytes = reading.size
        return reading
    }
}

extension FoundMember {
    /// When a database was modified: its log's time counts too, for in that mode the database file itself may not move for days.
    func modified(_ status: FileStatus) -> FileTime { log.map { $0.size > 0 ? max(status.modified, $0.modified) : status.modified } ?? status.modified }
}

/// The ids of stretches of zeros.
enum ZeroBlobs {
    static let largest = 1 << 20
    private static let whole = BlobID(of: [UInt8](repeating: 0, count: largest))

    static func of(_ length: Int) -> BlobID { length == largest ? whole : BlobID(of: [UInt8](repeating: 0, count: length)) }
}

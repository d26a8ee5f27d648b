package import Files

/// Reads tar as GNU tar, bsdtar and Python write it, one member at a time and with a fixed amount of memory.
///
/// The end must be there: an archive cut at a member's boundary is an error.
package final class TarReader {
    private enum State {
        case atHeader
        case inData
        case ended
    }

    private let blocks: BlockReader
    private var state = State.atHeader
    private var global = PaxRecords()
    private var content = MemberContent(length: 0)
    /// What is left of a hole that is given out as zeros.
    private var zeros: Int64 = 0
    /// One line for each file that continues from another archive (GNU multi-volume, type `M`) and was skipped, and for each whose extended attributes were not
    /// all read; the first 20 only.
    package private(set) var passedOver: [String] = []
    private static let mostPassedOver = 20

    /// Reads nothing yet.
    /// - Parameter source: The uncompressed archive. It is read ahead, so it must not be read by anyone else.
    package init(_ source: any ByteSource) { blocks = BlockReader(source) }

    /// Skips what is unread of the current member and returns the next one; nil after the end mark of two zero blocks.
    /// - Throws: `damaged` for a header with a wrong checksum, a malformed extended header, or an archive without its end mark; `refused` for a
    ///   map of holes beyond `ExtractionLimits.sparsePieces` and for a second archive after the end mark; what the source throws.
    package func next() throws(ArchiveError) -> TreeEntry? {
        if state == .ended { return nil }
        try skipData()
        var extras = Extras()
        while true {
            guard let header = try nextHeader() else { return nil }
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                // Of several before one member the last one counts.
                extras.pax = PaxRecords()
                try extras.pax.add(size(header), from: blocks)
            case UInt8(ascii: "g"): try global.add(size(header), from: blocks)
            case UInt8(ascii: "L"): extras.name = try longName(header)
            case UInt8(ascii: "K"): extras.link = try longName(header)
            // A label, and what Solaris, star and old GNU tar record about other members.
            case UInt8(ascii: "V"), UInt8(ascii: "A"), UInt8(ascii: "E"), UInt8(ascii: "I"), UInt8(ascii: "N"): try pass(over: header, &extras)
            case UInt8(ascii: "M"):
                note("\(extras.path(header).readable): the rest of a file that begins in another archive")
                try pass(over: header, &extras)
            default: return try entry(header, extras)
            }
        }
    }

    /// The next stretch of the member's content: at most so many bytes, or a whole hole; nil at its end.
    package func piece(_ most: Int) throws(ArchiveError) -> ContentPiece? {
        guard state == .inData else { return nil }
        return try content.next(most, from: blocks)
    }

    /// The next bytes of the member's content, at most so many, with zeros for its holes; empty at its end. Not for files from
    /// elsewhere: a hole may be larger than any time allows.
    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        while true {
            if zeros > 0 {
                let count = Int(min(Int64(most), zeros))
                zeros -= Int64(count)
                return [UInt8](repeating: 0, count: count)
            }
            switch try piece(most) {
            case nil: return []
            case .bytes(let bytes): return bytes
            case .hole(let length): zeros = length
            }
        }
    }

    /// Writes the member's content to a new file, its holes as holes.
    package func copy(to file: OpenFile) throws(ArchiveError) {
        let copy = SparseFile(file)
        while let piece = try piece(256 * 1024) {
            do throws(FileError) {
                switch piece {
                case .bytes(let bytes): try copy.write(bytes)
                case .hole(let length): try copy.skip(length)
                }
            } catch {
                throw .file(error)
            }
        }
        do { try copy.finish() } catch { throw .file(error) }
    }

    private func skipData() throws(ArchiveError) {
        guard state == .inData else { return }
        zeros = 0
        try blocks.skipPadding()
        state = .atHeader
    }

    // MARK: Headers

    /// What is before a member's own header.
    private struct Extras {
        var pax = PaxRecords()
        var name: RawName?
        var link: RawName?

        func path(_ header: TarHeader) -> RawName { pax.name(.sparseName) ?? pax.name(.path) ?? name ?? header.name }
        func target(_ header: TarHeader) -> RawName { pax.name(.linkpath) ?? link ?? header.linkName }
    }

    private func nextHeader() throws(ArchiveError) -> TarHeader? {
        guard let block = try blocks.block() else { throw .damaged("it ends without its end mark") }
        guard block.allSatisfy({ $0 == 0 }) else { return try TarHeader(block) }
        if let second = try blocks.block() {
            if second.contains(where: { $0 != 0 }), (try? TarHeader(second)) != nil { throw .damaged("there is a gap between members") }
            try blocks.expectNoMember()
        }
        state = .ended
        return nil
    }

    private func size(_ header: TarHeader) throws(ArchiveError) -> Int64 {
        let size = try header.number(124..<136, "size")
        guard size >= 0 else { throw .damaged("a member of negative size") }
        return size
    }

    /// More than a path may have is read over: the name is then too long, and known to be.
    private func longName(_ header: TarHeader) throws(ArchiveError) -> RawName {
        let size = try size(header)
        blocks.begin(length: size)
        let bytes = try blocks.exactly(Int(min(size, Int64(ExtractionLimits.pathBytes + 2))))
        try blocks.skipPadding()
        return RawName(bytes.prefix { $0 != 0 })
    }

    private func pass(over header: TarHeader, _ extras: inout Extras) throws(ArchiveError) {
        blocks.begin(length: try size(header))
        try blocks.skipPadding()
        extras = Extras()
    }

    private func note(_ line: String) { if passedOver.count < TarReader.mostPassedOver { passedOver.append(line) } }

    private func entry(_ header: TarHeader, _ found: Extras) throws(ArchiveError) -> TreeEntry {
        var extras = found
        extras.pax = global.overridden(by: found.pax)
        let pax = extras.pax
        var path = extras.path(header)
        let hasSlash = path.bytes.last == 47
        while path.bytes.last == 47, path.bytes.count > 1 { path.bytes.removeLast() }
        let mode = UInt32(truncatingIfNeeded: header.lenientNumber(100..<108)) & 0o7777
        let owner = pax.lenientNumber(.uid) ?? header.lenientNumber(108..<116)
        let group = pax.lenientNumber(.gid) ?? header.lenientNumber(116..<124)
        var entry = TreeEntry(
            path: path, kind: kind(header.type, hasSlash: hasSlash, extras.target(header)), mode: mode, owner: UInt64(max(0, owner)),
            group: UInt64(max(0, group)), modified: pax.modified ?? FileTime(seconds: header.lenientNumber(136..<148)),
            attributes: pax.attributes.all)
        if let flaw = pax.attributes.flaw { note("\(path.readable): \(flaw)") }
        try beginContent(entry.kind, header, pax)
        entry.size = content.length
        state = .inData
        return entry
    }

    /// Files alone have data, and the lists in the folders of an incremental archive. What else a header says of a size means nothing.
    private func beginContent(_ kind: TreeEntry.Kind, _ header: TarHeader, _ pax: PaxRecords) throws(ArchiveError) {
        content = MemberContent(length: 0)
        guard kind == .file || header.type == UInt8(ascii: "D") else { return blocks.begin(length: 0) }
        let plain = try header.number(124..<136, "size")
        let stored = try pax.number(.size) ?? plain
        guard stored >= 0 else { throw .damaged("a member of negative size") }
        blocks.begin(length: stored)
        guard kind == .file else { return }
        content = try sparseMap(header, pax, stored: stored).map(MemberContent.init) ?? MemberContent(length: stored)
    }

    private func kind(_ type: UInt8, hasSlash: Bool, _ link: RawName) -> TreeEntry.Kind {
        switch type {
        case UInt8(ascii: "1"): .hardLink(to: link)
        case UInt8(ascii: "2"): .symbolicLink(to: link)
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .device
        case UInt8(ascii: "5"), UInt8(ascii: "D"): .folder
        case UInt8(ascii: "6"): .fifo
        case UInt8(ascii: "S"): .file
        default: hasSlash ? .folder : .file
        }
    }

    // MARK: Holes

    private func sparseMap(_ header: TarHeader, _ pax: PaxRecords, stored: Int64) throws(ArchiveError) -> SparseMap? {
        if header.type == UInt8(ascii: "S") { return try oldSparseMap(header) }
        if try pax.number(.sparseMajor) == 1 {
            let pairs = try SparseText.pairs(blocks)
            return try SparseMap(pairs, realSize: try pax.number(.sparseRealSize) ?? 0, stored: blocks.rest)
        }
        guard let size = try pax.number(.sparseSize) else { return nil }
        return try SparseMap(try pax.mapPairs ?? pax.sparsePairs, realSize: size, stored: stored)
    }

    /// Old GNU: four pieces in the header, more in blocks that follow it, before the data.
    private func oldSparseMap(_ header: TarHeader) throws(ArchiveError) -> SparseMap {
        let real = try header.number(483..<495, "real size")
        var pairs = try SparseText.binaryPairs(header, at: 386, count: 4)
        var isExtended = header.bytes[482] != 0
        while isExtended {
            let bytes = try blocks.extraBlock()
            guard pairs.count / 2 < ExtractionLimits.sparsePieces else { throw .refused("the map of a sparse file is too long") }
            for index in 0..<21 { pairs += try SparseText.binaryPair(bytes, at: index * 24) }
            isExtended = bytes[504] != 0
        }
        return try SparseMap(pairs, realSize: real, stored: blocks.rest)
    }
}

extension RawName {
    /// For messages: at most 200 bytes of it.
    var readable: String { bytes.count <= 200 ? description : RawName(bytes.prefix(200)).description + "…" }
}

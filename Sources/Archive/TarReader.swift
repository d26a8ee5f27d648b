import Files

/// Reads tar as GNU tar, bsdtar and Python write it, one member at a time and with a fixed amount of memory.
///
/// Files with holes come expanded. The end must be there: an archive cut at a member's boundary is an error.
package final class TarReader {
    private enum State {
        case atHeader
        case inData
        case ended
    }

    private let blocks: BlockReader
    private var state = State.atHeader
    private var global = PaxRecords()
    private var content: any TarContent = PlainContent(length: 0)

    package init(_ source: any ByteSource) { blocks = BlockReader(source) }

    /// The next member; nil at the archive's proper end.
    package func next() throws(ArchiveError) -> TarEntry? {
        if state == .ended { return nil }
        try skipData()
        var local = PaxRecords()
        var (longName, longLink): (RawName?, RawName?)
        while true {
            guard let header = try nextHeader() else { return nil }
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): try local.add(payload(header))
            case UInt8(ascii: "g"): try global.add(payload(header))
            case UInt8(ascii: "L"): longName = RawName(try payload(header).prefix { $0 != 0 })
            case UInt8(ascii: "K"): longLink = RawName(try payload(header).prefix { $0 != 0 })
            case UInt8(ascii: "V"): try blocks.skip(padded: header.number(124..<136, "size"))
            default: return try entry(header, global.overridden(by: local), longName, longLink)
            }
        }
    }

    /// The next bytes of the member's content, at most so many; empty at its end.
    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        guard state == .inData else { return [] }
        return try content.read(most, from: blocks)
    }

    private func skipData() throws(ArchiveError) {
        guard state == .inData else { return }
        while try !content.read(1 << 20, from: blocks).isEmpty {}
        try blocks.skipPadding()
        state = .atHeader
    }

    // MARK: Headers

    private func nextHeader() throws(ArchiveError) -> TarHeader? {
        guard let block = try blocks.block() else { throw .damaged("it ends without its end mark") }
        if block.allSatisfy({ $0 == 0 }) {
            guard let second = try blocks.block() else { throw .damaged("it ends without its end mark") }
            guard second.allSatisfy({ $0 == 0 }) else { throw .damaged("there is a gap between members") }
            try blocks.expectZerosToTheEnd()
            state = .ended
            return nil
        }
        return try TarHeader(block)
    }

    private func payload(_ header: TarHeader) throws(ArchiveError) -> [UInt8] {
        let size = try header.number(124..<136, "size")
        guard size >= 0, size <= PaxRecords.mostBytes else { throw .refused("an extended header of \(size) bytes") }
        let bytes = try blocks.bytes(Int(size))
        try blocks.skipPadding()
        return bytes
    }

    private func entry(
        _ header: TarHeader, _ pax: PaxRecords, _ longName: RawName?, _ longLink: RawName?
    ) throws(ArchiveError) -> TarEntry {
        var path = pax.name("GNU.sparse.name") ?? pax.name("path") ?? longName ?? header.name
        let hasSlash = path.bytes.last == 47
        while path.bytes.last == 47, path.bytes.count > 1 { path.bytes.removeLast() }
        let link = pax.name("linkpath") ?? longLink ?? header.linkName
        let mode = try header.number(100..<108, "mode")
        let owner = try header.number(108..<116, "owner")
        let group = try header.number(116..<124, "group")
        let seconds = try header.number(136..<148, "time")
        var entry = TarEntry(
            path: path, kind: kind(header.type, hasSlash: hasSlash, link), mode: UInt32(truncatingIfNeeded: mode) & 0o7777,
            owner: UInt64(max(0, try pax.number("uid") ?? owner)), group: UInt64(max(0, try pax.number("gid") ?? group)),
            modified: try pax.time("mtime") ?? FileTime(seconds: seconds))
        let plainSize = try header.number(124..<136, "size")
        let stored = try pax.number("size") ?? plainSize
        guard stored >= 0 else { throw .damaged("a member of negative size") }
        let hasData = header.type != UInt8(ascii: "5") && (entry.kind == .file || entry.kind == .folder)
        blocks.begin(length: hasData || entry.kind == .device ? stored : 0)
        content = PlainContent(length: entry.kind == .file ? stored : 0)
        if entry.kind == .file, let map = try sparseMap(header, pax, stored: stored) { content = SparseContent(map) }
        entry.size = content.length
        state = .inData
        return entry
    }

    private func kind(_ type: UInt8, hasSlash: Bool, _ link: RawName) -> TarEntry.Kind {
        switch type {
        case UInt8(ascii: "1"): .hardLink(to: link)
        case UInt8(ascii: "2"): .symbolicLink(to: link)
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .device
        case UInt8(ascii: "5"): .folder
        case UInt8(ascii: "6"): .fifo
        case 0 where hasSlash: .folder
        default: .file
        }
    }

    // MARK: Holes

    private func sparseMap(_ header: TarHeader, _ pax: PaxRecords, stored: Int64) throws(ArchiveError) -> SparseMap? {
        if header.type == UInt8(ascii: "S") { return try oldSparseMap(header) }
        if try pax.number("GNU.sparse.major") == 1 {
            let pairs = try SparseText.pairs(blocks)
            return try SparseMap(pairs, realSize: try pax.number("GNU.sparse.realsize") ?? 0, stored: blocks.rest)
        }
        guard let size = try pax.number("GNU.sparse.size") else { return nil }
        var pairs = pax.sparsePairs
        if let text = pax.values["GNU.sparse.map"] {
            pairs = text.split(separator: 44).compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        }
        return try SparseMap(pairs, realSize: size, stored: stored)
    }

    /// Old GNU: four pieces in the header, more in blocks that follow it, before the data.
    private func oldSparseMap(_ header: TarHeader) throws(ArchiveError) -> SparseMap {
        let real = try header.number(483..<495, "real size")
        var pairs = try SparseText.binaryPairs(header, at: 386, count: 4)
        var isExtended = header.bytes[482] != 0
        while isExtended {
            let bytes = try blocks.extraBlock()
            guard pairs.count / 2 < SparseMap.mostPieces else { throw .refused("the map of a sparse file is too long") }
            for index in 0..<21 { pairs += try SparseText.binaryPair(bytes, at: index * 24) }
            isExtended = bytes[504] != 0
        }
        while pairs.count >= 2, pairs[pairs.count - 1] == 0, pairs.count > 2 { pairs.removeLast(2) }
        return try SparseMap(pairs, realSize: real, stored: blocks.rest)
    }
}

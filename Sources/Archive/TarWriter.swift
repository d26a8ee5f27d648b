import Files

/// Writes POSIX tar with pax headers where a plain header is too small, the same bytes for the same members.
package final class TarWriter {
    private let sink: any ByteSink
    private var rest: Int64 = 0
    private var padding = 0

    /// - Parameter sink: Gets the uncompressed archive. It stays open after `finish`.
    package init(_ sink: any ByteSink) { self.sink = sink }

    /// Starts a member. A file's content follows through `write`, exactly `size` bytes of it; calling `begin` or `finish` before that is a
    /// programming error and traps. Throws only what the sink throws.
    package func begin(_ entry: TreeEntry) throws(ArchiveError) {
        precondition(rest == 0, "the member before is not complete")
        try extend(entry, TarWriter.records(of: entry))
        let isFile = entry.kind == .file
        let isFolder = entry.kind == .folder
        var name = entry.path.bytes
        if isFolder { name.append(47) }
        try sink.write(header(name: name, type: TarWriter.type(entry.kind), entry, size: isFile ? entry.size : 0, mode: entry.mode))
        rest = isFile ? entry.size : 0
        padding = TarWriter.fill(rest).count
    }

    /// Starts a file with holes, in GNU's sparse format 1.0. The data of the stretches follow through `write`, one after the other.
    /// - Parameter data: Stretches that hold data, in order; all else of the file's `size` bytes reads as zeros.
    package func begin(_ entry: TreeEntry, data: [Range<Int64>]) throws(ArchiveError) {
        precondition(rest == 0, "the member before is not complete")
        precondition(entry.kind == .file, "only a file has holes")
        var map = TarWriter.map(of: data, size: entry.size)
        map += TarWriter.fill(Int64(map.count))
        var stored = entry
        stored.size = data.reduce(Int64(map.count)) { $0 + Int64($1.count) }
        stored.path = TarWriter.path(entry.path, in: "GNUSparseFile.0")
        // The name in the header is for readers that know no holes; it need not be exact.
        var records: [(RawName, [UInt8])] = []
        if !TarWriter.isUTF8(entry.path.bytes) { records.append(("hdrcharset", Array("BINARY".utf8))) }
        records += [("GNU.sparse.major", [49]), ("GNU.sparse.minor", [48]), ("GNU.sparse.name", entry.path.bytes)]
        records.append(("GNU.sparse.realsize", Array("\(entry.size)".utf8)))
        records += TarWriter.records(of: stored).filter { $0.0 != "path" && $0.0 != "hdrcharset" }
        try extend(entry, records)
        try sink.write(header(name: stored.path.bytes, type: "0", entry, size: stored.size, mode: entry.mode))
        try sink.write(map)
        rest = stored.size - Int64(map.count)
        padding = TarWriter.fill(stored.size).count
        try completeIfDone()
    }

    /// Decimal lines: the number of stretches, then where each begins and how long it is; the last says where the file ends.
    private static func map(of data: [Range<Int64>], size: Int64) -> [UInt8] {
        let pieces = data.last?.upperBound == size ? data : data + [size..<size]
        return Array(([Int64(pieces.count)] + pieces.flatMap { [$0.lowerBound, Int64($0.count)] }).map { "\($0)\n" }.joined().utf8)
    }

    private func extend(_ entry: TreeEntry, _ records: [(RawName, [UInt8])]) throws(ArchiveError) {
        guard !records.isEmpty else { return }
        let body = records.flatMap { TarWriter.record($0, $1) }
        let name = Array(TarWriter.path(entry.path, in: "PaxHeaders").bytes.prefix(100))
        try sink.write(header(name: name, type: "x", entry, size: Int64(body.count), mode: 0o644))
        try sink.write(body + TarWriter.fill(Int64(body.count)))
    }

    private func completeIfDone() throws(ArchiveError) {
        guard rest == 0, padding > 0 else { return }
        try sink.write([UInt8](repeating: 0, count: padding))
        padding = 0
    }

    /// Adds to the content of the current member. More than `missing` bytes is a programming error and traps.
    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        precondition(Int64(bytes.count) <= rest, "more content than the member has room for")
        rest -= Int64(bytes.count)
        try sink.write(bytes)
        try completeIfDone()
    }

    /// Bytes of content that the current member still needs.
    package var missing: Int64 { rest }

    /// Writes the end mark of two zero blocks. The sink is neither flushed nor closed.
    package func finish() throws(ArchiveError) {
        precondition(rest == 0, "the last member is not complete")
        try sink.write([UInt8](repeating: 0, count: 1024))
    }

    // MARK: Extended headers

    private static func records(of entry: TreeEntry) -> [(RawName, [UInt8])] {
        var records: [(RawName, [UInt8])] = []
        let path = entry.path.bytes + (entry.kind == .folder ? [47] : [])
        let link: [UInt8] =
            switch entry.kind {
            case .symbolicLink(let target), .hardLink(let target): target.bytes
            case .file, .folder, .fifo, .device: []
            }
        if !isUTF8(path) || !isUTF8(link) { records.append(("hdrcharset", Array("BINARY".utf8))) }
        if path.count > 100 || !isASCII(path) { records.append(("path", path)) }
        if link.count > 100 || !isASCII(link) { records.append(("linkpath", link)) }
        if entry.size > 0o77777777777 { records.append(("size", Array("\(entry.size)".utf8))) }
        if entry.owner > 0o7777777 { records.append(("uid", Array("\(entry.owner)".utf8))) }
        if entry.group > 0o7777777 { records.append(("gid", Array("\(entry.group)".utf8))) }
        if let time = timeText(entry.modified) { records.append(("mtime", Array(time.utf8))) }
        for attribute in entry.attributes { records.append((PaxAttributes.key(attribute.name), attribute.value)) }
        return records
    }

    /// Nil where the header's own field holds all there is to say. Before 1970 fractions are left out: readers differ.
    private static func timeText(_ time: FileTime) -> String? {
        if time.seconds < 0 { return "\(time.seconds)" }
        if time.nanoseconds == 0 { return time.seconds > 0o77777777777 ? "\(time.seconds)" : nil }
        var digits = String(repeating: "0", count: 9 - "\(time.nanoseconds)".count) + "\(time.nanoseconds)"
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(time.seconds).\(digits)"
    }

    /// The length counts its own digits.
    private static func record(_ key: RawName, _ value: [UInt8]) -> [UInt8] {
        let body = [32] + key.bytes + [61] + value + [10]
        var length = body.count + 1
        while "\(length)".utf8.count + body.count != length { length = "\(length)".utf8.count + body.count }
        return Array("\(length)".utf8) + body
    }

    private static func isASCII(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 < 128 } }
    private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// The path with one more folder before its last name.
    private static func path(_ path: RawName, in folder: String) -> RawName {
        let parts = path.bytes.split(separator: 47)
        return RawName((parts.dropLast() + [Array(folder.utf8)[...]] + parts.suffix(1)).joined(separator: [47]))
    }

    // MARK: Headers

    private static func type(_ kind: TreeEntry.Kind) -> Character {
        switch kind {
        case .file: "0"
        case .hardLink: "1"
        case .symbolicLink: "2"
        case .device: "3"
        case .folder: "5"
        case .fifo: "6"
        }
    }

    private func header(
        name: [UInt8], type: Character, _ entry: TreeEntry, size: Int64, mode: UInt32
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, at start: Int, room: Int) {
            for (index, byte) in bytes.prefix(room).enumerated() { block[start + index] = byte }
        }
        func octal(_ value: UInt64, at start: Int, room: Int) {
            let most = UInt64(1) << (3 * UInt64(room - 1)) - 1
            let digits = String(min(value, most), radix: 8)
            put((String(repeating: "0", count: room - 1 - digits.count) + digits).utf8, at: start, room: room - 1)
        }
        put(name, at: 0, room: 100)
        octal(UInt64(mode), at: 100, room: 8)
        octal(entry.owner, at: 108, room: 8)
        octal(entry.group, at: 116, room: 8)
        octal(UInt64(max(0, size)), at: 124, room: 12)
        octal(UInt64(max(0, entry.modified.seconds)), at: 136, room: 12)
        put(type.utf8, at: 156, room: 1)
        switch entry.kind {
        case .symbolicLink(let target) where type != "x", .hardLink(let target) where type != "x":
            put(target.bytes, at: 157, room: 100)
        case .file, .folder, .fifo, .device, .symbolicLink, .hardLink: break
        }
        put("ustar\0".utf8, at: 257, room: 6)
        put("00".utf8, at: 263, room: 2)
        put(repeatElement(32, count: 8), at: 148, room: 8)
        let sum = block.reduce(0) { $0 + UInt64($1) }
        let digits = String(sum, radix: 8)
        put((String(repeating: "0", count: 6 - digits.count) + digits + "\0 ").utf8, at: 148, room: 8)
        return block
    }

    private static func fill(_ size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((512 - size % 512) % 512))
    }
}

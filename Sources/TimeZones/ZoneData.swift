/// The content of a compiled time zone file (TZif, RFC 9636, versions 1 to 4).
struct ZoneData: Hashable, Sendable {
    /// When the offset changes, in seconds after 1970, oldest first.
    private let changes: [Int]
    /// The offset from each of these instants on, in seconds ahead of UTC.
    private let offsets: [Int]
    /// The offset before the first of them.
    private let first: Int
    /// The rule after the last of them; nil where the last offset continues.
    private let rule: PosixZone?

    /// - Throws: `ZoneProblem.Damage` where the bytes are not such a file.
    init(_ bytes: [UInt8]) throws(Damage) {
        var reader = Reader(bytes)
        var header = try Header(&reader)
        var size = 4
        if header.version >= 2 {
            try reader.skip(header.length(timeSize: 4))
            header = try Header(&reader)
            size = 8
        }
        let end = reader.position + header.length(timeSize: size)
        var changes: [Int] = []
        for _ in 0..<header.times { changes.append(try reader.integer(size)) }
        var indices: [Int] = []
        for _ in 0..<header.times { indices.append(Int(try reader.byte())) }
        var types: [(offset: Int, isSummer: Bool)] = []
        for _ in 0..<header.types {
            let offset = try reader.integer(4)
            types.append((offset, try reader.byte() != 0))
            _ = try reader.byte()
        }
        guard !types.isEmpty, indices.allSatisfy(types.indices.contains), types.allSatisfy({ abs($0.offset) < 26 * 3600 }),
            zip(changes, changes.dropFirst()).allSatisfy({ $0 < $1 }), header.leaps == 0
        else { throw Damage() }
        self.changes = changes
        offsets = indices.map { types[$0].offset }
        first = (types.first { !$0.isSummer } ?? types[0]).offset
        guard header.version >= 2 else {
            rule = nil
            return
        }
        try reader.skip(end - reader.position)
        let footer = try reader.footer()
        rule = PosixZone(footer)
        guard rule != nil || footer.isEmpty else { throw Damage() }
    }

    /// Seconds that the wall is ahead of UTC at an instant, in seconds after 1970.
    func offset(at instant: Int) -> Int {
        guard let last = changes.last, instant < last else { return rule?.offset(at: instant) ?? offsets.last ?? first }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }

    /// The bytes are not a zone file, or one that counts leap seconds.
    struct Damage: Error {}

    private struct Header {
        let version: Int
        let utcMarks, standardMarks, leaps, times, types, letters: Int

        init(_ reader: inout Reader) throws(Damage) {
            guard try reader.integer(4) == 0x545a_6966 else { throw Damage() }
            let version = try reader.byte()
            self.version = version == 0 ? 1 : Int(version) - 48
            try reader.skip(15)
            utcMarks = try reader.integer(4)
            standardMarks = try reader.integer(4)
            leaps = try reader.integer(4)
            times = try reader.integer(4)
            types = try reader.integer(4)
            letters = try reader.integer(4)
            guard [utcMarks, standardMarks, leaps, times, types, letters].allSatisfy({ (0...100_000).contains($0) }), self.version >= 1
            else { throw Damage() }
        }

        /// Bytes of the block that follows.
        func length(timeSize: Int) -> Int { times * (timeSize + 1) + types * 6 + letters + leaps * (timeSize + 4) + standardMarks + utcMarks }
    }

    private struct Reader {
        private let bytes: [UInt8]
        private(set) var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func byte() throws(Damage) -> UInt8 {
            guard position < bytes.count else { throw Damage() }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func skip(_ count: Int) throws(Damage) {
            guard count >= 0, position + count <= bytes.count else { throw Damage() }
            position += count
        }

        /// A number with its sign, most significant byte first.
        mutating func integer(_ size: Int) throws(Damage) -> Int {
            var value: UInt64 = 0
            for _ in 0..<size { value = value << 8 | UInt64(try byte()) }
            return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(truncatingIfNeeded: value)
        }

        /// The text between the two line ends that close the file.
        mutating func footer() throws(Damage) -> String {
            guard try byte() == 10 else { throw Damage() }
            let text = bytes[position...].prefix { $0 != 10 }
            guard position + text.count < bytes.count else { throw Damage() }
            return String(decoding: text, as: UTF8.self)
        }
    }
}

/// Reads JSON from its beginning to its end, without a tree of values: an index names a hundred thousand blobs, of which each is read once.
///
/// What it does not expect is `malformed`. Keys that nobody asks for are skipped.
struct JSONReader {
    struct Malformed: Error {}

    private static let mostNested = 64

    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a group: `each` gets a key and reads its value, or says false to have it skipped. Of `null` nothing is read.
    mutating func group(_ each: (String, inout JSONReader) throws(Malformed) -> Bool) throws(Malformed) {
        if takesNull() { return }
        try take(0x7b)
        if takes(0x7d) { return }
        repeat {
            let key = try string()
            try take(0x3a)
            if try !each(key, &self) { try skip() }
        } while takes(0x2c)
        try take(0x7d)
    }

    /// Reads a list: `each` reads a value of it. Of `null` nothing is read.
    mutating func list(_ each: (inout JSONReader) throws(Malformed) -> Void) throws(Malformed) {
        if takesNull() { return }
        try take(0x5b)
        if takes(0x5d) { return }
        repeat { try each(&self) } while takes(0x2c)
        try take(0x5d)
    }

    mutating func string() throws(Malformed) -> String {
        let raw = try rawString()
        guard raw.contains(0x5c) else { return String(decoding: raw, as: UTF8.self) }
        return try unescaped(raw)
    }

    mutating func id() throws(Malformed) -> BlobID {
        guard let id = BlobID(hex: try rawString()) else { throw Malformed() }
        return id
    }

    mutating func number<Number: FixedWidthInteger>() throws(Malformed) -> Number {
        skipBlanks()
        let start = at
        while at < bytes.count, bytes[at] == 0x2d || (0x30...0x39).contains(bytes[at]) { at += 1 }
        guard let value = Number(String(decoding: bytes[start..<at], as: UTF8.self)) else { throw Malformed() }
        return value
    }

    mutating func bool() throws(Malformed) -> Bool {
        if takesWord("true") { return true }
        guard takesWord("false") else { throw Malformed() }
        return false
    }

    /// Whether nothing but blanks is left.
    mutating func isAtEnd() -> Bool {
        skipBlanks()
        return at == bytes.count
    }

    // MARK: Pieces

    private mutating func skip(depth: Int = 0) throws(Malformed) {
        guard depth < JSONReader.mostNested else { throw Malformed() }
        skipBlanks()
        guard at < bytes.count else { throw Malformed() }
        switch bytes[at] {
        case 0x22: _ = try rawString()
        case 0x7b:
            try group { _, reader throws(Malformed) in
                try reader.skip(depth: depth + 1)
                return true
            }
        case 0x5b: try list { reader throws(Malformed) in try reader.skip(depth: depth + 1) }
        default:
            let start = at
            while at < bytes.count, ![0x2c, 0x5d, 0x7d, 0x20, 0x0a, 0x0d, 0x09].contains(bytes[at]) { at += 1 }
            guard at > start else { throw Malformed() }
        }
    }

    private mutating func rawString() throws(Malformed) -> ArraySlice<UInt8> {
        try take(0x22)
        let start = at
        while at < bytes.count, bytes[at] != 0x22 { at += bytes[at] == 0x5c ? 2 : 1 }
        guard at < bytes.count else { throw Malformed() }
        at += 1
        return bytes[start..<at - 1]
    }

    private func unescaped(_ raw: ArraySlice<UInt8>) throws(Malformed) -> String {
        var units: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == 0x5c else {
                units.append(byte)
                continue
            }
            guard let letter = rest.popFirst() else { throw Malformed() }
            switch letter {
            case 0x22, 0x5c, 0x2f: units.append(letter)
            case 0x62: units.append(8)
            case 0x66: units.append(12)
            case 0x6e: units.append(10)
            case 0x72: units.append(13)
            case 0x74: units.append(9)
            case 0x75: units += Array(String(try scalar(&rest)).utf8)
            default: throw Malformed()
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// What `\u` names, with the second half of a pair.
    private func scalar(_ rest: inout ArraySlice<UInt8>) throws(Malformed) -> Unicode.Scalar {
        let first = try unit(&rest)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard rest.starts(with: [0x5c, 0x75]) else { return "\u{fffd}" }
        var ahead = rest.dropFirst(2)
        let second = try unit(&ahead)
        guard (0xd800..<0xdc00).contains(first), (0xdc00..<0xe000).contains(second) else { return "\u{fffd}" }
        rest = ahead
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
    }

    private func unit(_ rest: inout ArraySlice<UInt8>) throws(Malformed) -> UInt32 {
        guard rest.count >= 4, let value = UInt32(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) else { throw Malformed() }
        rest = rest.dropFirst(4)
        return value
    }

    private mutating func skipBlanks() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func take(_ byte: UInt8) throws(Malformed) {
        guard takes(byte) else { throw Malformed() }
    }

    private mutating func takesWord(_ word: String) -> Bool {
        skipBlanks()
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    private mutating func takesNull() -> Bool { takesWord("null") }
}

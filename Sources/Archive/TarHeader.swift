import Files

/// The fields of a 512-byte tar header as bytes and numbers.
struct TarHeader {
    static let size = 512

    let bytes: [UInt8]

    /// Checks the sum, signed or unsigned, as both are found in the wild.
    init(_ bytes: [UInt8]) throws(ArchiveError) {
        self.bytes = bytes
        let stored = try TarHeader.field(bytes[148..<156], "checksum")
        var (unsigned, signed) = (Int64(0), Int64(0))
        for (index, byte) in bytes.enumerated() {
            let value = (148..<156).contains(index) ? 32 : byte
            unsigned += Int64(value)
            signed += Int64(Int8(bitPattern: value))
        }
        guard stored == unsigned || stored == signed else { throw .damaged("a header's checksum is wrong") }
    }

    var type: UInt8 { bytes[156] }
    var isPOSIX: Bool { Array(bytes[257..<263]) == Array("ustar\0".utf8) }

    var name: RawName {
        let base = text(0..<100)
        let prefix = isPOSIX ? text(345..<500) : []
        return RawName(prefix.isEmpty ? base : prefix + [47] + base)
    }

    var linkName: RawName { RawName(text(157..<257)) }

    func text(_ range: Range<Int>) -> [UInt8] { Array(bytes[range].prefix { $0 != 0 }) }

    /// A size or an offset, without which the archive can't be read on.
    func number(_ range: Range<Int>, _ what: String) throws(ArchiveError) -> Int64 {
        try TarHeader.field(bytes[range], what)
    }

    /// An owner, a mode or a time: what is not a number there says nothing, as for other readers.
    func lenientNumber(_ range: Range<Int>) -> Int64 { (try? TarHeader.field(bytes[range], "field")) ?? 0 }

    /// Octal digits, or base 256 where the top bit of the first byte is set. What follows a blank or a zero byte does not count.
    static func field(_ field: ArraySlice<UInt8>, _ what: String) throws(ArchiveError) -> Int64 {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 { return try base256(field, first, what) }
        var value: Int64 = 0
        for digit in field.drop(while: isBlank).prefix(while: { !isBlank($0) }) {
            guard (48...55).contains(digit), value <= Int64.max >> 3 else {
                throw .damaged("the \(what) in a header is not a number")
            }
            value = value << 3 | Int64(digit - 48)
        }
        return value
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 0 }

    private static func base256(_ field: ArraySlice<UInt8>, _ first: UInt8, _ what: String) throws(ArchiveError) -> Int64 {
        let isNegative = first == 0xff
        var value: Int64 = isNegative ? -1 : Int64(first & 0x7f)
        for byte in field.dropFirst() {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            guard !overflow else { throw .damaged("the \(what) in a header is too large") }
            value = shifted | Int64(byte)
        }
        return value
    }
}

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

    func number(_ range: Range<Int>, _ what: String) throws(ArchiveError) -> Int64 {
        try TarHeader.field(bytes[range], what)
    }

    /// Octal digits, or base 256 where the top bit of the first byte is set.
    static func field(_ field: ArraySlice<UInt8>, _ what: String) throws(ArchiveError) -> Int64 {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 { return try base256(field, first, what) }
        var value: Int64 = 0
        let digits = field.drop { $0 == 32 || $0 == 0 }.prefix { $0 != 32 && $0 != 0 }
        let tail = field.drop { $0 == 32 || $0 == 0 }.dropFirst(digits.count)
        guard tail.allSatisfy({ $0 == 32 || $0 == 0 }) else { throw .damaged("the \(what) in a header is no number") }
        for digit in digits {
            guard (48...55).contains(digit), value <= Int64.max >> 3 else {
                throw .damaged("the \(what) in a header is no number")
            }
            value = value << 3 | Int64(digit - 48)
        }
        return value
    }

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

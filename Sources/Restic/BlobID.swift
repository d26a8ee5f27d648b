import Crypto

/// A SHA-256: of a blob's content before compression and encryption, or of a stored file as it is.
package struct BlobID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The bytes, in order, as four big-endian numbers.
    private let (a, b, c, d): (UInt64, UInt64, UInt64, UInt64)

    /// How many bytes it has.
    package static let length = 32

    /// - Parameter bytes: 32 of them; nil for any other number.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == BlobID.length else { return nil }
        var parts: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { parts[index / 8] = parts[index / 8] << 8 | UInt64(byte) }
        (a, b, c, d) = (parts[0], parts[1], parts[2], parts[3])
    }

    /// - Parameter text: 64 hexadecimal digits in lower case; nil for anything else.
    package init?(hex text: some Collection<UInt8>) {
        guard text.count == 2 * BlobID.length else { return nil }
        var parts: [UInt64] = [0, 0, 0, 0]
        for (index, character) in text.enumerated() {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x61...0x66: digit = character - 0x61 + 10
            default: return nil
            }
            parts[index / 16] = parts[index / 16] << 4 | UInt64(digit)
        }
        (a, b, c, d) = (parts[0], parts[1], parts[2], parts[3])
    }

    package init?(hex text: String) { self.init(hex: text.utf8) }

    /// The id of content.
    package init(of content: [UInt8]) {
        var hash = SHA256()
        hash.update(data: content)
        self.init(hash.finalize())
    }

    private init(_ digest: SHA256.Digest) {
        var parts: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in digest.enumerated() { parts[index / 8] = parts[index / 8] << 8 | UInt64(byte) }
        (a, b, c, d) = (parts[0], parts[1], parts[2], parts[3])
    }

    package var bytes: [UInt8] { [a, b, c, d].flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part >> (56 - 8 * UInt64($0))) } } }

    /// The 64 digits.
    package var hex: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    package var description: String { String(decoding: hex, as: UTF8.self) }

    /// The beginning, as restic shows it.
    package var short: String { String(description.prefix(8)) }

    package static func < (left: BlobID, right: BlobID) -> Bool { (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d) }
}

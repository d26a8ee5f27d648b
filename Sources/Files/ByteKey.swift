/// A name from a listing, compared as the bytes that it is.
///
/// Swift's `String` takes composed and decomposed letters for equal, while stores and file systems keep such names apart. Whatever is
/// looked up by a name that came from outside is looked up by this. The order is that of the UTF-8 bytes, as buckets list.
package struct ByteKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as it was listed, in whatever Unicode form.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ByteKey, right: ByteKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package static func < (left: ByteKey, right: ByteKey) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        // No byte of UTF-8: where one key ends and the next begins is part of the hash.
        hasher.combine(0xff as UInt8)
    }

    package var description: String { text }
}

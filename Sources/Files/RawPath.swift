/// The name or path of a file as Linux keeps it: bytes in any encoding, without a zero byte (path_resolution(7)). Ordered by its bytes.
package struct RawName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The bytes, without the zero at the end that C expects.
    package var bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(stringLiteral text: String) { self.init(text) }

    /// For messages only: bytes that are not UTF-8 are replaced by U+FFFD.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    package static func < (left: RawName, right: RawName) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    /// Calls `body` with the name as C wants it.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe (bytes + [0]).withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { chars in
                unsafe body(chars.baseAddress!)
            }
        }
    }
}

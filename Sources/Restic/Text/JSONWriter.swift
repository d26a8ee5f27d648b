/// Writes JSON piece by piece. Keys come in the order in which they are written, so equal values give equal bytes, on which ids depend.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether the next piece of the group or list at hand is its first.
    private var isFirst = true

    mutating func group(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }
    mutating func list(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

    /// Begins a key of the group at hand; its value comes next.
    mutating func key(_ name: StaticString) {
        separate()
        text(name.description)
        bytes.append(0x3a)
        isFirst = true
    }

    mutating func string(_ value: String) {
        separate()
        text(value)
    }

    mutating func number(_ value: some FixedWidthInteger) {
        separate()
        bytes += Array(String(value).utf8)
    }

    mutating func null() {
        separate()
        bytes += Array("null".utf8)
    }

    mutating func bool(_ value: Bool) {
        separate()
        bytes += Array((value ? "true" : "false").utf8)
    }

    mutating func id(_ id: BlobID) {
        separate()
        bytes.append(0x22)
        bytes += id.hex
        bytes.append(0x22)
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        isFirst = true
        body(&self)
        bytes.append(UInt8(ascii: close))
        isFirst = false
    }

    private mutating func separate() {
        if !isFirst { bytes.append(0x2c) }
        isFirst = false
    }

    private mutating func text(_ value: String) {
        bytes.append(0x22)
        for byte in value.utf8 {
            switch byte {
            case 0x22, 0x5c:
                bytes.append(0x5c)
                bytes.append(byte)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}

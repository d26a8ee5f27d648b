/// Names of files as the format writes them: quoted like a string of Go, so that any bytes can be written (strconv.Quote), and then as a string of JSON.
enum QuotedName {
    private static let shortcuts: [(byte: UInt8, letter: Character)] = [
        (7, "a"), (8, "b"), (12, "f"), (10, "n"), (13, "r"), (9, "t"), (11, "v"), (92, "\\"), (34, "\""),
    ]

    /// The text between Go's quotation marks.
    static func quote(_ bytes: [UInt8]) -> String {
        if bytes.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != 34 && $0 != 92 }) { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            if let shortcut = shortcuts.first(where: { $0.byte == first }) {
                text += "\\\(shortcut.letter)"
                rest = rest.dropFirst()
            } else if let (scalar, length) = scalar(at: rest) {
                text += isPrintable(scalar) ? String(scalar) : escape(scalar)
                rest = rest.dropFirst(length)
            } else {
                text += "\\x" + hex(UInt32(first), 2)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    /// The bytes of a quoted name; nil where it is not well formed.
    static func unquote(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        bytes.reserveCapacity(rest.count)
        while let first = rest.popFirst() {
            guard first == 92 else {
                if first == 34 || first == 10 { return nil }
                bytes.append(first)
                continue
            }
            guard let letter = rest.popFirst() else { return nil }
            func number(_ count: Int, radix: Int) -> UInt32? {
                guard rest.count >= count, let digits = String(bytes: rest.prefix(count)) else { return nil }
                rest = rest.dropFirst(count)
                return digits.first == "+" || digits.first == "-" ? nil : UInt32(digits, radix: radix)
            }
            switch letter {
            case 0x78:  // x
                guard let value = number(2, radix: 16) else { return nil }
                bytes.append(UInt8(value))
            case 0x75, 0x55:  // u, U
                guard let value = number(letter == 0x75 ? 4 : 8, radix: 16), let scalar = Unicode.Scalar(value) else { return nil }
                bytes += Array(String(scalar).utf8)
            case 0x30...0x37:
                guard let value = number(2, radix: 8), UInt32(letter - 0x30) * 64 + value < 256 else { return nil }
                bytes.append(UInt8(UInt32(letter - 0x30) * 64 + value))
            default:
                guard let shortcut = shortcuts.first(where: { $0.letter.asciiValue == letter }) else { return nil }
                bytes.append(shortcut.byte)
            }
        }
        return bytes
    }

    /// The character at the beginning of bytes, with its length in UTF-8.
    private static func scalar(at bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return (scalar, String(scalar).utf8.count)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0..<0x80: "\\x" + hex(scalar.value, 2)
        case 0x80..<0x10000: "\\u" + hex(scalar.value, 4)
        default: "\\U" + hex(scalar.value, 8)
        }
    }

    private static func hex(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }
}

extension String {
    /// ASCII text; nil for any other bytes.
    fileprivate init?(bytes: ArraySlice<UInt8>) {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        self.init(decoding: bytes, as: UTF8.self)
    }
}

/// Reads JSON and JSON5. See RFC 8259 and the JSON5 specification, version 1.0.0.
struct JSONParser {
    private static let mostDepth = 256

    let bytes: [UInt8]
    private(set) var at = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Continues reading at an offset that is between values.
    mutating func move(to offset: Int) { at = offset }

    static func tree(of bytes: [UInt8]) throws(JSONSyntaxError) -> JSONTree {
        var parser = JSONParser(bytes)
        parser.skipMark()
        try parser.skip()
        let tree = try parser.value()
        try parser.skip()
        guard parser.at == bytes.count else { throw parser.error("something follows the end of the value") }
        return tree
    }

    // MARK: Values

    private mutating func value() throws(JSONSyntaxError) -> JSONTree {
        guard depth < JSONParser.mostDepth else { throw error("more than \(JSONParser.mostDepth) levels deep") }
        depth += 1
        defer { depth -= 1 }
        let start = at
        let kind: JSONTree.Kind
        switch current {
        case UInt8(ascii: "{"): kind = .object(try object())
        case UInt8(ascii: "["): kind = .list(try list())
        case UInt8(ascii: "\""), UInt8(ascii: "'"): kind = .scalar(.text(try text()))
        case nil: throw error("the text ends where a value should be")
        default: kind = .scalar(try word())
        }
        return JSONTree(kind: kind, range: start..<at)
    }

    private mutating func object() throws(JSONSyntaxError) -> [JSONTree.Member] {
        let start = at
        at += 1
        var members: [JSONTree.Member] = []
        while true {
            try skip()
            if take("}") { return members }
            guard current != nil else { throw error("this { is never closed", at: start) }
            let keyStart = at
            let key = try key()
            try skip()
            guard take(":") else { throw error("a : is missing after \"\(key)\"") }
            try skip()
            members.append(JSONTree.Member(key: key, keyStart: keyStart, value: try value()))
            try skip()
            if take(",") { continue }
            guard take("}") else { throw error(current == nil ? "this { is never closed" : "a comma or } is missing", at: current == nil ? start : at) }
            return members
        }
    }

    private mutating func list() throws(JSONSyntaxError) -> [JSONTree] {
        let start = at
        at += 1
        var elements: [JSONTree] = []
        while true {
            try skip()
            if take("]") { return elements }
            guard current != nil else { throw error("this [ is never closed", at: start) }
            elements.append(try value())
            try skip()
            if take(",") { continue }
            guard take("]") else { throw error(current == nil ? "this [ is never closed" : "a comma or ] is missing", at: current == nil ? start : at) }
            return elements
        }
    }

    private mutating func key() throws(JSONSyntaxError) -> String {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try text() }
        let start = at
        while let byte = current, JSONParser.isWordByte(byte) { at += 1 }
        guard at > start, let first = bytes[start] as UInt8?, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw error("a name should be here", at: start)
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// `true`, `null`, numbers.
    private mutating func word() throws(JSONSyntaxError) -> JSONValue {
        let start = at
        while let byte = current, JSONParser.isWordByte(byte) || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte) { at += 1 }
        let word = String(decoding: bytes[start..<at], as: UTF8.self)
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        case "": throw error("a value should be here")
        default:
            let number = /[-+]?(0[xX][0-9a-fA-F]+|Infinity|NaN|(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?)/
            guard word.wholeMatch(of: number) != nil else { throw error("this is not a value; text needs quotes", at: start) }
            return .number(word)
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...: true
        default: false
        }
    }

    // MARK: Text

    private mutating func text() throws(JSONSyntaxError) -> String {
        let start = at
        let quote = bytes[at]
        at += 1
        var result: [UInt8] = []
        while let byte = current {
            at += 1
            switch byte {
            case quote: return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += try escape()
            case 10, 13: throw error("this text has no end on its line", at: start)
            default: result.append(byte)
            }
        }
        throw error("this text has no end", at: start)
    }

    private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
        guard let byte = current else { throw error("the text ends within an escape") }
        at += 1
        switch byte {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "v"): return [11]
        case UInt8(ascii: "0"): return [0]
        case UInt8(ascii: "x"): return JSONParser.utf8(try hexadecimal(2))
        case UInt8(ascii: "u"): return JSONParser.utf8(try codePoint())
        // A line that continues in the next one.
        case 13:
            if current == 10 { at += 1 }
            return []
        case 10: return []
        default: return [byte]
        }
    }

    private mutating func codePoint() throws(JSONSyntaxError) -> UInt32 {
        let first = try hexadecimal(4)
        guard (0xD800..<0xDC00).contains(first), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
            return first
        }
        let before = at
        at += 2
        let second = try hexadecimal(4)
        guard (0xDC00..<0xE000).contains(second) else {
            at = before
            return first
        }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexadecimal(_ count: Int) throws(JSONSyntaxError) -> UInt32 {
        // A number may begin with a sign, and an escape may not.
        guard at + count <= bytes.count, bytes[at] != UInt8(ascii: "+"),
            let value = UInt32(String(decoding: bytes[at..<at + count], as: UTF8.self), radix: 16)
        else {
            throw error("an escape needs \(count) hexadecimal digits")
        }
        at += count
        return value
    }

    /// Half of a pair without the other half is shown replaced.
    private static func utf8(_ codePoint: UInt32) -> [UInt8] {
        Array(String(Character(Unicode.Scalar(codePoint) ?? "\u{fffd}")).utf8)
    }

    // MARK: What is between values

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    /// A byte order mark has no meaning in UTF-8.
    private mutating func skipMark() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    /// Skips blanks and comments.
    mutating func skip() throws(JSONSyntaxError) {
        while let byte = current {
            if [9, 10, 11, 12, 13, 32].contains(byte) {
                at += 1
            } else if let length = blankLength {
                at += length
            } else if byte == UInt8(ascii: "/") {
                try skipComment()
            } else {
                return
            }
        }
    }

    /// Bytes of a blank beyond ASCII: no-break space, the spaces of U+2000, line and paragraph separators, a byte order mark.
    private var blankLength: Int? {
        let next = bytes[at..<min(bytes.count, at + 3)]
        if next.starts(with: [0xC2, 0xA0]) { return 2 }
        let isBlank =
            next.starts(with: [0xEF, 0xBB, 0xBF]) || next.starts(with: [0xE3, 0x80, 0x80]) || next.starts(with: [0xE1, 0x9A, 0x80])
            || next.starts(with: [0xE2, 0x81, 0x9F])
            || (next.starts(with: [0xE2, 0x80]) && next.last.map { (0x80...0x8A).contains($0) || [0xA8, 0xA9, 0xAF].contains($0) } == true)
        return isBlank ? 3 : nil
    }

    private mutating func skipComment() throws(JSONSyntaxError) {
        let start = at
        let next = at + 1 < bytes.count ? bytes[at + 1] : 0
        switch next {
        case UInt8(ascii: "/"):
            while let byte = current, byte != 10, byte != 13, !isLineSeparator { at += 1 }
        case UInt8(ascii: "*"):
            at += 2
            while at + 1 < bytes.count, !(bytes[at] == UInt8(ascii: "*") && bytes[at + 1] == UInt8(ascii: "/")) { at += 1 }
            guard at + 1 < bytes.count else { throw error("this comment has no end", at: start) }
            at += 2
        default: throw error("a / means nothing here")
        }
    }

    /// U+2028 and U+2029 end a line too. See the JSON5 specification §8.
    private var isLineSeparator: Bool {
        let next = bytes[at..<min(bytes.count, at + 3)]
        return next.starts(with: [0xE2, 0x80]) && next.last.map { $0 == 0xA8 || $0 == 0xA9 } == true
    }

    private func error(_ message: String, at place: Int? = nil) -> JSONSyntaxError {
        let before = bytes[..<min(bytes.count, place ?? at)]
        let line = before.count { $0 == 10 } + 1
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        return JSONSyntaxError(line: line, column: String(decoding: before[start...], as: UTF8.self).count + 1, message: message)
    }
}

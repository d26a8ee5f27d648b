/// An element of the small XML documents that object stores speak: names without name spaces, text, and elements below.
///
/// Attributes, comments and declarations are skipped; a document type is refused, and with it every custom entity.
struct XMLElement: Hashable, Sendable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// The text of the first child of a name.
    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Nil for what is not a well-formed document of this kind.
    static func parse(_ bytes: [UInt8]) -> XMLElement? {
        var parser = Parser(rest: bytes[...])
        return parser.document()
    }

    /// Text as it may be in an element. See XML 1.0 §2.4.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: scalar.value < 0x20 ? "&#\(scalar.value);" : String(scalar)
            }
        }.joined()
    }

    private struct Parser {
        private static let deepest = 64
        var rest: ArraySlice<UInt8>

        mutating func document() -> XMLElement? {
            guard skipMisc() else { return nil }
            guard let root = element(depth: 0), skipMisc() else { return nil }
            return rest.isEmpty ? root : nil
        }

        private mutating func take(_ text: String) -> Bool {
            guard rest.starts(with: text.utf8) else { return false }
            rest = rest.dropFirst(text.utf8.count)
            return true
        }

        /// What comes before the end mark, which is taken too.
        private mutating func until(_ end: String) -> ArraySlice<UInt8>? {
            let mark = Array(end.utf8)
            var index = rest.startIndex
            while index + mark.count <= rest.endIndex {
                if rest[index] == mark[0], rest[index..<index + mark.count].elementsEqual(mark) {
                    let found = rest[rest.startIndex..<index]
                    rest = rest[(index + mark.count)...]
                    return found
                }
                index += 1
            }
            return nil
        }

        /// Blanks, comments and instructions; false for a document type or one that does not end.
        private mutating func skipMisc() -> Bool {
            if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
            while true {
                rest = rest.drop { $0 == 32 || (9...13).contains($0) }
                if take("<!--") {
                    if until("-->") == nil { return false }
                } else if take("<?") {
                    if until("?>") == nil { return false }
                } else {
                    return !rest.starts(with: "<!".utf8)
                }
            }
        }

        private mutating func element(depth: Int) -> XMLElement? {
            guard depth < Parser.deepest, take("<"), let tag = until(">") else { return nil }
            let isEmpty = tag.last == 0x2f
            guard let name = Parser.name(isEmpty ? tag.dropLast() : tag) else { return nil }
            var element = XMLElement(name: name)
            if isEmpty { return element }
            var text: [UInt8] = []
            while true {
                guard let next = rest.first else { return nil }
                if next != 0x3c {
                    let piece = rest.prefix { $0 != 0x3c }
                    guard let plain = Parser.unescaped(piece) else { return nil }
                    text += plain
                    rest = rest.dropFirst(piece.count)
                } else if take("<![CDATA[") {
                    guard let piece = until("]]>") else { return nil }
                    text += piece
                } else if take("<!--") {
                    if until("-->") == nil { return nil }
                } else if take("</") {
                    guard let end = until(">"), Parser.name(end) == name else { return nil }
                    element.text = String(decoding: text, as: UTF8.self)
                    return element
                } else {
                    guard let child = self.element(depth: depth + 1) else { return nil }
                    element.children.append(child)
                }
            }
        }

        /// The name at the front of a tag, without its name space.
        private static func name(_ tag: ArraySlice<UInt8>) -> String? {
            let whole = tag.prefix { $0 != 32 && !(9...13).contains($0) }
            let name = whole.split(separator: 0x3a).last ?? []
            return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        }

        private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
            guard bytes.contains(0x26) else { return Array(bytes) }
            var result: [UInt8] = []
            var rest = bytes
            while let byte = rest.popFirst() {
                guard byte == 0x26 else {
                    result.append(byte)
                    continue
                }
                let name = rest.prefix { $0 != 0x3b }
                guard name.count < rest.count, let character = character(String(decoding: name, as: UTF8.self)) else { return nil }
                result += Array(String(character).utf8)
                rest = rest.dropFirst(name.count + 1)
            }
            return result
        }

        private static func character(_ entity: String) -> Unicode.Scalar? {
            switch entity {
            case "amp": return "&"
            case "lt": return "<"
            case "gt": return ">"
            case "quot": return "\""
            case "apos": return "'"
            default: break
            }
            guard entity.hasPrefix("#") else { return nil }
            let isHexadecimal = entity.hasPrefix("#x")
            let digits = entity.dropFirst(isHexadecimal ? 2 : 1)
            // A number may begin with a sign, and a reference may not.
            let number = digits.hasPrefix("+") ? nil : UInt32(digits, radix: isHexadecimal ? 16 : 10)
            return number.flatMap(Unicode.Scalar.init)
        }
    }
}

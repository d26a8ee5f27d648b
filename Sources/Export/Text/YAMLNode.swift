/// A value to be written as YAML, in the order that it was made in.
indirect enum YAMLNode: Sendable {
    /// Text of any content, in quotes where it needs them.
    case text(String)
    case integer(Int)
    case boolean(Bool)
    case list([YAMLNode])
    case map([Entry])

    struct Entry: Sendable {
        var key: String
        var value: YAMLNode
        /// Lines that are written above it.
        var comments: [String]

        init(_ key: String, _ value: YAMLNode, comments: [String] = []) { (self.key, self.value, self.comments) = (key, value, comments) }
    }

    /// A group of those entries that have a value.
    static func group(_ entries: [Entry?]) -> YAMLNode { .map(entries.compactMap(\.self)) }

    static func texts(_ texts: [String]) -> YAMLNode { .list(texts.map(YAMLNode.text)) }

    private static let widest = 110

    /// The whole of a file or of one document in it.
    var document: String { lines(indent: 0).joined(separator: "\n") + "\n" }

    private func lines(indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .text, .integer, .boolean: return [margin + inline]
        case .list(let items): return items.flatMap { $0.item(indent: indent) }
        case .map(let entries):
            return entries.flatMap { entry in
                entry.comments.map { "\(margin)# \($0)" } + entry.value.lines(after: "\(margin)\(YAMLNode.quoted(entry.key)):", indent: indent)
            }
        }
    }

    /// The value behind its key.
    private func lines(after head: String, indent: Int) -> [String] {
        if case .text(let text) = self, let block = YAMLNode.block(text, indent: indent + 2) { return [head + block.head] + block.lines }
        if let inline = shortForm(room: YAMLNode.widest - head.count) { return ["\(head) \(inline)"] }
        return [head] + lines(indent: indent + 2)
    }

    /// The value behind a dash.
    private func item(indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        if case .text(let text) = self, let block = YAMLNode.block(text, indent: indent + 2) { return ["\(margin)-\(block.head)"] + block.lines }
        if let inline = shortForm(room: YAMLNode.widest - indent) { return ["\(margin)- \(inline)"] }
        var inner = lines(indent: indent + 2)
        // The first key of a group is behind the dash.
        if let first = inner.first { inner[0] = "\(margin)- \(first.dropFirst(indent + 2))" }
        return inner
    }

    /// In one line: single values, lists of them, and what is empty.
    private func shortForm(room: Int) -> String? {
        switch self {
        case .text, .integer, .boolean: return inline
        case .map(let entries): return entries.isEmpty ? "{}" : nil
        case .list(let items):
            let isSimple = items.allSatisfy { if case .list = $0 { false } else if case .map = $0 { false } else { true } }
            return items.isEmpty || isSimple && inline.count < room && !inline.contains("\\n") ? inline : nil
        }
    }

    private var inline: String {
        switch self {
        case .text(let text): YAMLNode.quoted(text)
        case .integer(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .list(let items): "[\(items.map(\.inline).joined(separator: ", "))]"
        case .map(let entries): "{\(entries.map { "\(YAMLNode.quoted($0.key)): \($0.value.inline)" }.joined(separator: ", "))}"
        }
    }

    /// Text of several lines, as it is; nil where it must be in quotes.
    private static func block(_ text: String, indent: Int) -> (head: String, lines: [String])? {
        guard text.contains("\n"), text.first != "\n", text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 || $0 == "\n" || $0 == "\t" }) else {
            return nil
        }
        let isEnded = text.hasSuffix("\n")
        let body = isEnded ? String(text.dropLast()) : text
        // More than one line break at the end would need another form.
        guard !body.hasSuffix("\n"), !body.isEmpty else { return nil }
        let margin = String(repeating: " ", count: indent)
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : margin + $0 }
        return (" |\(text.first == " " ? "2" : "")\(isEnded ? "" : "-")", lines)
    }

    private static let reserved: Set = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", ".inf", ".nan"]

    /// The text, in quotes where YAML would take it for something else.
    static func quoted(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && ($0.isLetter || $0 == "/" || $0 == "_" || $0 == ".") } == true && text != "." && text.last != ":"
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./+=@%^~:".contains($0)) } && !reserved.contains(text.lowercased())
            && Double(text) == nil
        if isPlain || text.wholeMatch(of: /[0-9]{1,12}(m|s|b|[KMGT]i?)/) != nil { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127: result += "\\x" + String(scalar.value + 0x100, radix: 16).suffix(2)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

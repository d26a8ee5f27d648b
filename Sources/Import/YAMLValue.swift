/// A value to be written as YAML, in the order that it was made in.
indirect enum YAMLValue: Sendable {
    /// Text of any content, written in quotes where it needs them. A dollar that would begin a variable is doubled.
    case text(String)
    /// Text with variables of the configuration in it, `${NAME}`.
    case template(String)
    /// A number, a duration, `true`: written as it is.
    case word(String)
    case list([YAMLValue])
    case map([Entry])

    struct Entry: Sendable {
        var key: String
        var value: YAMLValue

        init(_ key: String, _ value: YAMLValue) { (self.key, self.value) = (key, value) }
    }

    /// In one line.
    var inline: String {
        switch self {
        case .text(let text): YAMLValue.quoted(YAMLValue.escapedDollars(text))
        case .template(let text): YAMLValue.quoted(text)
        case .word(let word): word
        case .list(let items): "[\(items.map(\.inline).joined(separator: ", "))]"
        case .map(let entries): entries.isEmpty ? "{}" : "{ \(entries.map { "\(YAMLValue.key($0.key)): \($0.value.inline)" }.joined(separator: ", ")) }"
        }
    }

    private static let widest = 120

    /// In lines: groups in a line each where they are short, else one key a line.
    func block(indent: Int) -> [String] {
        guard case .map(let entries) = self else { return [String(repeating: " ", count: indent) + inline] }
        let margin = String(repeating: " ", count: indent)
        return entries.flatMap { entry -> [String] in
            let key = "\(margin)\(YAMLValue.key(entry.key)):"
            if case .text(let text) = entry.value, text.contains("\n") { return [key + " |" + YAMLValue.chomping(text)] + YAMLValue.literal(text, indent + 2) }
            let line = "\(key) \(entry.value.inline)"
            guard case .map(let inner) = entry.value, !inner.isEmpty else { return [line] }
            let isShort = line.count <= YAMLValue.widest && inner.count <= 4 && entry.key != "with" && indent > 2 && !line.contains("\\n")
            return isShort ? [line] : [key] + entry.value.block(indent: indent + 2)
        }
    }

    private static func chomping(_ text: String) -> String { (text.hasPrefix(" ") ? "2" : "") + (text.hasSuffix("\n") ? "" : "-") }

    private static func literal(_ text: String, _ indent: Int) -> [String] {
        let body = text.hasSuffix("\n") ? String(text.dropLast()) : text
        return escapedDollars(body).split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "" : String(repeating: " ", count: indent) + $0
        }
    }

    /// `$` begins a variable before a brace, and two of them are one.
    static func escapedDollars(_ text: String) -> String {
        var result = ""
        for (index, letter) in text.enumerated() {
            result.append(letter)
            let next = text.dropFirst(index + 1).first
            if letter == "$", next == "{" || next == "$" { result.append("$") }
        }
        return result
    }

    private static let reserved: Set = ["true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"]

    /// The key of triggers is written without quotes, as everywhere.
    private static func key(_ text: String) -> String { text == "on" ? text : quoted(text) }

    /// The text, in quotes where YAML would take it for something else.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.first?.isASCII == true && (text.first?.isLetter == true || text.first == "/" || text.first == "_")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./+=@%^~".contains($0)) } && !reserved.contains(text.lowercased())
        if isPlain { return text }
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

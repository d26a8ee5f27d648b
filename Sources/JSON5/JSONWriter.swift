/// Writes values as JSON that every reader understands.
struct JSONWriter {
    /// What one level is indented by; nil to keep everything on one line.
    var unit: String?

    /// - Parameter indent: That of the line where the value begins.
    func text(_ value: JSONValue, indent: String = "") -> String {
        switch value {
        case .null: return "null"
        case .boolean(let value): return "\(value)"
        case .number(let text): return JSONNumber.plain(text) ?? text
        case .text(let text): return JSONWriter.quoted(text)
        case .list(let elements):
            // Lists of plain values are short: allowed origins, models, folders.
            let isFlat = elements.allSatisfy { if case .object = $0 { false } else { true } }
            let inner = isFlat ? indent : indent + (unit ?? "")
            return wrapped("[", "]", elements.map { text($0, indent: inner) }, indent, isFlat: isFlat)
        case .object(let members):
            let inner = indent + (unit ?? "")
            return wrapped("{", "}", members.map { member($0.key, $0.value, indent: inner) }, indent, isFlat: false)
        }
    }

    func member(_ key: String, _ value: JSONValue, indent: String) -> String { "\(JSONWriter.quoted(key)): \(text(value, indent: indent))" }

    private func wrapped(_ open: String, _ close: String, _ parts: [String], _ indent: String, isFlat: Bool) -> String {
        guard !parts.isEmpty else { return open + close }
        guard let unit, !isFlat else { return open + parts.joined(separator: ", ") + close }
        let inner = indent + unit
        return "\(open)\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)\(close)"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{2028}": result += "\\u2028"
            case "\u{2029}": result += "\\u2029"
            case "\0"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

import JSON5
import JobKit
import Settings

extension ConfigNode {
    /// The value as JSON has it: unquoted words are what YAML takes them for. See YAML 1.2.2 §10.3.
    var json: JSONValue {
        switch value {
        case .null: .null
        case .scalar(let text, isPlain: false): .text(text)
        case .scalar(let text, isPlain: true): ConfigNode.plain(text)
        case .sequence(let nodes): .list(nodes.filter { !$0.isLeftOut }.map(\.json))
        case .mapping(let entries): .object(entries.filter { !$0.value.isLeftOut }.map { ($0.key, $0.value.json) })
        }
    }

    /// An optional variable that is not set leaves its key out, and removes nothing.
    private var isLeftOut: Bool { if case .null = value { written != nil } else { false } }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "true", "True", "TRUE": .boolean(true)
        case "false", "False", "FALSE": .boolean(false)
        case "", "~", "null", "Null", "NULL": .null
        default: isNumber(text) ? .number(text.hasPrefix("+") ? String(text.dropFirst()) : text) : .text(text)
        }
    }

    /// A whole number with zeros in front is rather a name than a number.
    private static func isNumber(_ text: String) -> Bool {
        text.wholeMatch(of: /[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?|0x[0-9a-fA-F]+/) != nil
    }
}

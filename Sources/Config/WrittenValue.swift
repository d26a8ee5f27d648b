import Settings

/// The value that the file has at one key, for comparison.
package struct WrittenValue: Hashable, Sendable {
    /// The text after variables were put in. It may be a secret.
    private let text: String
    /// Whether it is in the file as it is, and not in a variable.
    private let isLiteral: Bool

    package init(_ text: String, isLiteral: Bool = true) {
        self.text = text
        self.isLiteral = isLiteral
    }

    /// The text where it may be shown: a number, a duration, a size, a percentage, or yes and no, and not from a variable. Nil for all others,
    /// since a token can look like any word.
    package var shown: String? {
        guard isLiteral else { return nil }
        if ["true", "false", "yes", "no", "on", "off"].contains(text) { return text }
        return text.count <= 12 && text.wholeMatch(of: /[0-9]{1,7}(\.[0-9]{1,3})?\s?[A-Za-z%]{0,3}/) != nil ? text : nil
    }

    /// All values below a node, by path. Lists count as one value.
    static func all(below node: ConfigNode, path: String = "") -> [String: WrittenValue] {
        guard let entries = node.entries else { return [path: WrittenValue(node)] }
        var values: [String: WrittenValue] = entries.isEmpty && !path.isEmpty ? [path: WrittenValue("{}")] : [:]
        for entry in entries { values.merge(all(below: entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)")) { $1 } }
        return values
    }

    private init(_ node: ConfigNode) {
        switch node.value {
        case .null: self.init("null")
        case .scalar(let text, _): self.init(text, isLiteral: node.written == nil)
        case .sequence(let nodes): self.init("[\(nodes.map { WrittenValue.listed($0) }.joined(separator: ","))]", isLiteral: false)
        case .mapping: self.init("{}")
        }
    }

    /// Differs when anything below differs.
    private static func listed(_ node: ConfigNode) -> String {
        switch node.value {
        case .null: "~"
        case .scalar(let text, _): "\(text.count):\(text)"
        case .sequence(let nodes): "[" + nodes.map(listed).joined(separator: ",") + "]"
        case .mapping(let entries): "{" + entries.map { "\($0.key)=\(listed($0.value))" }.sorted().joined(separator: ",") + "}"
        }
    }
}

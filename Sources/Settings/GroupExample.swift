/// What to write where a single value or a list is in the place of a group of keys.
enum GroupExample {
    /// Values of Docker's and systemd's key `restart`, which say what a service does anyway.
    private static let restartPolicies = ["always", "unless-stopped", "on-failure", "on_failure", "true", "yes"]

    /// - Parameter known: The keys of the group; with none there is no hint.
    static func hint(insteadOf node: ConfigNode, _ known: [SettingShape]) -> String? {
        guard !known.isEmpty else { return nil }
        let names = known.map(\.key)
        if let text = node.text, case let written = node.written ?? text {
            if names.contains("backoff"), restartPolicies.contains(text.lowercased()) { return "remove it: a service is always restarted" }
            if let key = known.first(where: { $0.kind.suits(text) })?.key { return "write { \(key): \(quoted(written)) }" }
            if let blank = blankAfterColon(written, names) { return blank }
        }
        let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        return node.elements == nil ? "its keys are \(shown)" : "write its keys without hyphens: \(shown)"
    }

    /// `key:value` is one text in YAML.
    private static func blankAfterColon(_ text: String, _ names: [String]) -> String? {
        guard let colon = text.firstIndex(of: ":"), names.contains(String(text[..<colon])) else { return nil }
        let value = text[text.index(after: colon)...]
        return value.first.map { !$0.isWhitespace } == true ? "write a blank after the colon: \(text[..<colon]): \(value)" : nil
    }

    /// As it has to be written in braces.
    private static func quoted(_ text: String) -> String {
        text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "%" } ? text : "\"\(text)\""
    }
}

extension SettingShape.Kind {
    /// Whether a text is most likely meant for a key of this kind: any text suits one that takes texts, so that says nothing.
    fileprivate func suits(_ text: String) -> Bool {
        switch self {
        case .integer(let range): Int(text).map(range.contains) == true
        case .duration: DurationText.parse(text) != nil
        case .choice(let words): words.contains(text)
        case .pattern(_, form: "URL"): text.hasPrefix("http://") || text.hasPrefix("https://")
        case .either(let kinds): kinds.contains { $0.suits(text) }
        case .text, .pattern, .boolean, .size, .list, .section, .map, .anything, .nothing: false
        }
    }
}

/// A value of a configuration file with its place; what YAML means by it is decided by its reader.
package struct ConfigNode: Sendable {
    package enum Value: Sendable {
        case null
        /// The text after variables were put in. `isPlain` is false for quoted and block text.
        case scalar(String, isPlain: Bool)
        case sequence([ConfigNode])
        case mapping([Entry])
    }

    package struct Entry: Sendable {
        package var key: String
        package var place: SourcePlace
        package var value: ConfigNode

        package init(key: String, place: SourcePlace, value: ConfigNode) {
            self.key = key
            self.place = place
            self.value = value
        }
    }

    package var value: Value
    package var place: SourcePlace
    /// Names of declared secrets this text refers to that have no value.
    package var missingSecrets: [String]
    /// The text as it is in the file, where variables were put in: for messages, which must show no secret.
    package var written: String?

    package init(_ value: Value, at place: SourcePlace, missingSecrets: [String] = [], written: String? = nil) {
        self.written = written
        self.value = value
        self.place = place
        self.missingSecrets = missingSecrets
    }

    package var entries: [Entry]? {
        if case .mapping(let entries) = value { entries } else { nil }
    }

    package var elements: [ConfigNode]? {
        if case .sequence(let nodes) = value { nodes } else { nil }
    }

    package var text: String? {
        if case .scalar(let text, _) = value { text } else { nil }
    }

    package subscript(key: String) -> ConfigNode? {
        entries?.first { $0.key == key }?.value
    }

    /// What the value is, in the words of an error message.
    package var kind: String {
        switch value {
        case .null: "nothing"
        case .scalar(let text, _): "\"\(written ?? text)\""
        case .sequence: "a list"
        case .mapping: "a group of keys"
        }
    }

    /// Every missing secret in this value and below it.
    package var allMissingSecrets: [String] {
        switch value {
        case .null, .scalar: missingSecrets
        case .sequence(let nodes): nodes.flatMap(\.allMissingSecrets)
        case .mapping(let entries): entries.flatMap(\.value.allMissingSecrets)
        }
    }
}

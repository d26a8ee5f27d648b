/// A value of a configuration file with its place. Plain text is not typed yet: whether `yes` is a boolean is for the key's reader to decide.
package struct ConfigNode: Sendable {
    /// The form of the value.
    package enum Value: Sendable {
        /// Nothing after the colon, `null` or `~`, or a variable with an empty value.
        case null
        /// The text after variables were put in. `isPlain` is false for quoted and block text.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([ConfigNode])
        /// A group of keys, in the file's order, merge keys (`<<`) resolved.
        case mapping([Entry])
    }

    /// A key with its value.
    package struct Entry: Sendable {
        package var key: String
        /// Where the key is.
        package var place: SourcePlace
        package var value: ConfigNode

        package init(key: String, place: SourcePlace, value: ConfigNode) {
            self.key = key
            self.place = place
            self.value = value
        }
    }

    package var value: Value
    /// Where the value begins.
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

    /// The keys of a group; nil for any other value.
    package var entries: [Entry]? {
        if case .mapping(let entries) = value { entries } else { nil }
    }

    /// The elements of a list; nil for any other value.
    package var elements: [ConfigNode]? {
        if case .sequence(let nodes) = value { nodes } else { nil }
    }

    /// The text of a single value; nil for any other.
    package var text: String? {
        if case .scalar(let text, _) = value { text } else { nil }
    }

    /// The value under a key of a group; nil where there is none, or this is not a group.
    package subscript(key: String) -> ConfigNode? {
        entries?.first { $0.key == key }?.value
    }

    /// What the value is, for error messages: a text in quotes as written, or "a list". Shows no value of a variable.
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

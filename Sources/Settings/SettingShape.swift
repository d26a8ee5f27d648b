/// What may be under one key: the source of the JSON Schema, of the tables in the documentation, and of the known keys in error messages.
package struct SettingShape: Sendable {
    /// The type of a value. Text with a variable (`${NAME}`) is allowed wherever a single value is.
    package indirect enum Kind: Sendable {
        /// Any text; numbers and booleans are read as text.
        case text
        /// Text of a given form: a regular expression that JSON Schema understands, and what tables call the form.
        case pattern(String, form: String = "text")
        case integer(ClosedRange<Int>)
        case boolean
        /// As `DurationText.parse` reads it.
        case duration
        /// Bytes, as `ByteSizeText.parse` reads them.
        case size
        /// One of these words.
        case choice([String])
        case list(Kind)
        /// A group of these keys.
        case section([SettingShape])
        /// A group of keys of the user's choice, with values of one kind.
        case map(Kind)
        /// Any of these kinds.
        case either([Kind])
        case anything
        /// No value.
        case nothing
    }

    package var key: String
    /// What the key is for, as a sentence without a period: the description in the schema, and part of the hint where the key is missing.
    package var about: String
    package var kind: Kind
    /// Whether a missing key is an error.
    package var isRequired: Bool
    /// The default as it would be written in the file.
    package var defaultText: String?
    /// The key's name in the last release, which is still read, with a warning.
    package var formerly: String?

    package init(_ key: String, _ about: String, _ kind: Kind, isRequired: Bool = false, default defaultText: String? = nil) {
        self.key = key
        self.about = about
        self.kind = kind
        self.isRequired = isRequired
        self.defaultText = defaultText
    }

    /// What to do where the key is missing and required.
    var missingHint: String {
        switch kind {
        case .choice(let words): "write one of \(words.joined(separator: ", "))"
        case .integer(let range) where range.lowerBound == range.upperBound: "write \(key): \(range.lowerBound)"
        case .map: "write \(key): with at least one name below it"
        default: "add it: \(uncapitalized(about))"
        }
    }

    private func uncapitalized(_ text: String) -> String {
        // "URL" stays as it is.
        guard text.dropFirst().first?.isUppercase != true else { return text }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

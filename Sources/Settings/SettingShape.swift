/// What may be under one key: the source of the JSON Schema and of "known keys" in error messages.
package struct SettingShape: Sendable {
    package indirect enum Kind: Sendable {
        case text
        /// Text of a given form: a regular expression that JSON Schema understands, and what tables call the form.
        case pattern(String, form: String = "text")
        case integer(ClosedRange<Int>)
        case boolean
        case duration
        case size
        case choice([String])
        case list(Kind)
        case section([SettingShape])
        case map(Kind)
        case either([Kind])
        case anything
        /// No value.
        case nothing
    }

    package var key: String
    package var about: String
    package var kind: Kind
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
}

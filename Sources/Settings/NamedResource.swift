/// Something that jobs refer to by name, such as a repository.
package struct NamedResource: Sendable {
    /// What the declaration was decoded to; `()` where it was invalid, which has been reported.
    package var value: any Sendable
    /// Declared secrets it needs that have no value.
    package var missingSecrets: [String]

    package init(_ value: any Sendable, missingSecrets: [String] = []) {
        self.value = value
        self.missingSecrets = missingSecrets
    }
}

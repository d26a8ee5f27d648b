/// Something that jobs refer to by name, such as a repository.
package struct NamedResource: Sendable {
    package var value: any Sendable
    /// Declared secrets it needs that have no value.
    package var missingSecrets: [String]

    package init(_ value: any Sendable, missingSecrets: [String] = []) {
        self.value = value
        self.missingSecrets = missingSecrets
    }
}

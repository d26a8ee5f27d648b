import Settings

/// What is wrong with the configuration on the disk, which is not in force. A value.
struct ConfigurationMistakes: Sendable {
    var problems: [Problem] = []
    /// Whether there was no other configuration before: nothing runs but the public port.
    var isHeld = false
}

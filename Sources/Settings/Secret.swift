/// A value that prints as `<secret>` wherever it is interpolated or dumped. It is not `Codable`, so it can't be stored by accident.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value itself: for the call that needs it, never for a message.
    package let revealed: String

    package init(_ value: String) { revealed = value }

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What an archive may at most ask for.
package struct ExtractionLimits: Hashable, Sendable {
    /// Bytes of all files together.
    package var bytes: Int64
    /// Members of any kind.
    package var members: Int
    /// Bytes of a path, and of one name in it.
    package static let pathBytes = 4096
    package static let nameBytes = 255
    /// Each level of a path holds a descriptor while it is worked on.
    package static let depth = 200

    package init(bytes: Int64 = 1 << 40, members: Int = 5_000_000) {
        self.bytes = bytes
        self.members = members
    }
}

/// What was unpacked.
package struct ExtractionReport: Hashable, Sendable {
    package var files = 0
    package var folders = 0
    package var links = 0
    package var bytes: Int64 = 0
    /// Members that were left out, with the reason.
    package var skipped: [String] = []

    package init() {}
}

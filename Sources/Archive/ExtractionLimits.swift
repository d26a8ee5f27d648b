/// What an archive may at most ask for.
///
/// The static limits hold for both sides: what is within them is restored, and what is beyond them is never stored as if it could be.
package struct ExtractionLimits: Hashable, Sendable {
    /// Bytes of content that are written, all files together; holes do not count.
    package var bytes: Int64
    /// Members of any kind; folders that are only implied by the paths of others count too.
    package var members: Int
    /// Bytes of a member's path, slashes included. More than the system takes in one call (4096): a path is opened in stretches. There is
    /// no limit on the number of names in it.
    package static let pathBytes = 16_384
    /// Bytes of one name.
    package static let nameBytes = 255
    /// Bytes of what a symbolic link leads to; at least one.
    package static let linkBytes = 4095
    /// Stretches of data between the holes of one file.
    package static let sparsePieces = 1 << 20

    /// Bytes of the extended attributes of one member, names and values together.
    package static let attributeBytes = 1 << 20
    /// Bytes of the extended attributes of all folders and links, which are kept in memory until the end.
    package static let keptAttributeBytes = 64 << 20

    package init(bytes: Int64 = .max, members: Int = 5_000_000) {
        self.bytes = bytes
        self.members = members
    }
}

/// What was unpacked.
package struct ExtractionReport: Hashable, Sendable {
    /// Regular files written; hard links count as `links`.
    package var files = 0
    /// Folders made for a member of their own; those that the path of an earlier member implies do not count.
    package var folders = 0
    /// Symbolic and hard links made.
    package var links = 0
    /// Bytes of content written; holes do not count.
    package var bytes: Int64 = 0
    /// One line for each member that was left out, with the reason, for messages: the first 100, then "and N more".
    package private(set) var skipped: [String] = []
    private var unnamed = 0
    private static let mostNamed = 100

    package init() {}

    mutating func skip(_ line: String) {
        if skipped.count < ExtractionReport.mostNamed { return skipped.append(line) }
        unnamed += 1
        if unnamed == 1 { skipped.append("") }
        skipped[ExtractionReport.mostNamed] = "and \(unnamed) more"
    }
}

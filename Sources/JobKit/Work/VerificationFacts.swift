package import Foundation

/// The result of looking at a repository in which nothing was found broken.
package struct VerificationFacts: Hashable, Sendable, Codable {
    /// A whole restore into a folder that was removed again.
    package struct Drill: Hashable, Sendable, Codable {
        /// When it ended.
        package var at: Date
        /// The id of the snapshot that was restored.
        package var snapshot: String
        /// Regular files.
        package var files: Int
        /// Bytes of their content.
        package var bytes: Int64

        package init(at: Date, snapshot: String, files: Int, bytes: Int64) {
            (self.at, self.snapshot, self.files, self.bytes) = (at, snapshot, files, bytes)
        }
    }

    package var snapshots: Int
    /// What the data are stored in: packs or archives.
    package var parts: Int
    /// Those that were read this time.
    package var readParts: Int
    package var readBytes: Int64
    /// The last drill that passed, be it of this run or of an earlier one; nil where none did.
    package var drill: Drill?

    package init(snapshots: Int, parts: Int, readParts: Int, readBytes: Int64, drill: Drill? = nil) {
        (self.snapshots, self.parts, self.readParts, self.readBytes, self.drill) = (snapshots, parts, readParts, readBytes, drill)
    }

    var outputs: [String: OutputValue] {
        var values: [String: OutputValue] = [
            "snapshots": .init(snapshots), "parts": .init(parts), "read_parts": .init(readParts), "read_bytes": .integer(readBytes),
        ]
        if let drill {
            values["drill_at"] = .text(drill.at.formatted(.iso8601))
            values["drill_snapshot"] = .text(drill.snapshot)
            values["drill_files"] = .init(drill.files)
            values["drill_bytes"] = .integer(drill.bytes)
        }
        return values
    }
}

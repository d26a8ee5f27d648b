/// What an archive holds, and what it lacks.
package struct SnapshotReport: Hashable, Sendable {
    /// Files that are in it, each name of a file counted.
    package var files = 0
    /// Bytes of their content, holes not counted.
    package var bytes: Int64 = 0
    package var archiveBytes: Int64 = 0
    /// SHA-256 of the archive.
    package var checksum = ""
    /// SHA-256 of what is in it: the same for equal trees.
    package var content = ""
    /// What the tree was when it was looked at before packing.
    package var source = SourceState.content
    package var databases = 0
    /// Transient files that were left out.
    package var leftOut = 0
    /// The first of them.
    package var leftOutNames: [String] = []
    /// What it lacks, or holds otherwise than it lies in the tree.
    package var incomplete = IncompleteFiles()
    /// What is worth a line and takes nothing from the backup; the first of them.
    package private(set) var notes: [String] = []
    private static let mostNotes = 20

    package init() {}

    mutating func note(_ line: String) {
        if notes.count < SnapshotReport.mostNotes { notes.append(line) }
    }

    mutating func leaveOut(_ path: String) {
        leftOut += 1
        if leftOutNames.count < SnapshotReport.mostNotes { leftOutNames.append(path) }
    }
}

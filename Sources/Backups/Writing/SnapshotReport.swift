/// How far packing has come.
package struct PackingProgress: Hashable, Sendable {
    package var files: Int
    package var totalFiles: Int
    package var bytes: Int64
    package var totalBytes: Int64
}

/// What an archive holds, and what it lacks.
package struct SnapshotReport: Hashable, Sendable {
    package var files = 0
    package var bytes: Int64 = 0
    package var archiveBytes: Int64 = 0
    /// SHA-256 of the archive.
    package var checksum = ""
    /// SHA-256 of what is in it: the same for equal trees.
    package var content = ""
    package var databases = 0
    /// Volatile files left out.
    package var leftOut = 0
    /// The first of them.
    package var leftOutNames: [String] = []
    /// What it lacks, or holds otherwise than it lies in the tree.
    package var incomplete = IncompleteFiles()
    /// What is worth a line and takes nothing from the backup.
    package var notes: [String] = []

    package init() {}
}

/// How far a backup, a restore or another reading of a backup has come.
package struct BackupProgress: Hashable, Sendable {
    /// What is done just now; the raw value is what people read.
    package enum Step: String, Hashable, Sendable {
        /// A snapshot of a live database is made.
        case copyingDatabase = "copying database"
        /// That snapshot is checked, page by page.
        case checkingDatabase = "checking database"
        case packing
        case uploading
        case downloading
        /// Archives, or the live tree, are read to be compared or listed.
        case reading
        case verifying
        case unpacking
        /// The restored tree is written to the disk for good and put in its place.
        case replacing
        case exporting
    }

    package var step: Step
    /// Files that are done; nil where they are not counted.
    package var files: Int?
    package var totalFiles: Int?
    /// Nil where none are counted.
    package var bytes: Int64?
    /// Nil while they are not known. May turn out to be less than `bytes`.
    package var totalBytes: Int64?

    package init(_ step: Step, files: Int? = nil, of totalFiles: Int? = nil, bytes: Int64? = nil, ofBytes totalBytes: Int64? = nil) {
        self.step = step
        self.files = files
        self.totalFiles = totalFiles
        self.bytes = bytes
        self.totalBytes = totalBytes
    }
}

/// Takes how far work has come, on any thread and as often as a piece of it is done. Must not block.
package typealias BackupProgressReceiver = @Sendable (BackupProgress) -> Void

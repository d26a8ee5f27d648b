package import Archive
package import Files

/// A snapshot that was opened, as a stream of entries. What is restored, checked, listed and compared comes from one of these, and never from a format.
package protocol TreeSource: Sendable {
    /// How many bytes of stored data one reading takes, for progress.
    var storedBytes: Int64 { get }
    /// How many bytes of content come out, holes included or not; nil where that is known only once all of it has been read.
    var contentBytes: Int64? { get }
    /// Reads all entries once. What `body` did with them counts only when this returns: only then is it known that every byte that it got is as it was
    /// stored. May be called again, for another reading. Blocks.
    /// - Parameters:
    ///   - flag: Ends the reading with `cancelled` once it is set.
    ///   - onRead: Called after each piece with how many of the stored bytes have been read.
    /// - Throws: `archive` where it is damaged or can't be understood, `store` where it can't be fetched, and what `body` throws as `archive`.
    func read<Value>(
        _ flag: CancelFlag, onRead: @escaping (Int64) -> Void, _ body: (any EntryReader) throws(ArchiveError) -> Value
    ) throws(BackupError) -> TreeReading<Value>
}

extension TreeSource {
    package var contentBytes: Int64? { nil }
}

/// The result of a reading, and messages for the operator.
package struct TreeReading<Value> {
    package var value: Value
    package var notes: [String]

    package init(value: Value, notes: [String]) { (self.value, self.notes) = (value, notes) }
}

/// Reads the entries of a stored tree one by one, each with its content: what is unpacked, whatever it comes from. For one thread.
package protocol EntryReader: AnyObject {
    /// Skips what is unread of the current entry and returns the next one; nil after the last. A folder may come after what it holds.
    /// - Throws: `damaged` where what was stored is not what it was; `refused` for what can't be understood.
    func next() throws(ArchiveError) -> TreeEntry?
    /// The next stretch of the entry's content: at most so many bytes, or a whole hole; nil at its end.
    func piece(_ most: Int) throws(ArchiveError) -> ContentPiece?
    /// One line for each entry that was skipped, and why; the first of them.
    var passedOver: [String] { get }
}

extension TarReader: EntryReader {}

/// Makes packs of blobs that a repository does not hold yet, on threads of its own. Each blob is compressed, sealed, and decoded again before it counts as
/// stored: memory that flips a bit, or a fault in a library, must not become a backup that can't be read.
///
/// For one caller. Memory: up to three blobs for each thread, one pack for each kind of blob, and one for each thread that stores a pack: 16 MiB at most each.
package final class BlobWriter {
    /// What came of a run so far.
    package struct Totals: Hashable, Sendable {
        /// Blobs that were new, and the bytes of their contents.
        package var (blobs, bytes): (Int, Int64) = (0, 0)
    }

    private let index: BlobIndex
    private let sealer: BlobSealer
    private var added: Set<BlobKey> = []
    package private(set) var totals = Totals()

    /// - Parameters:
    ///   - index: What the repository holds.
    ///   - threads: How many threads seal, at least 1; fewer where the system refuses some.
    ///   - emit: Stores a finished pack. Called on any of the threads, and by several of them at once. What it throws ends the run.
    /// - Throws: `unavailable` where libzstd can't be loaded or no thread starts.
    package init(key: SealingKey, index: BlobIndex, threads: Int, emit: @escaping @Sendable (Pack) throws -> Void) throws(ResticError) {
        self.index = index
        sealer = try BlobSealer(key: key, threads: threads, emit: emit)
    }

    deinit { sealer.stop() }

    /// Adds a blob, unless it is there already. Blocks while the threads are behind.
    /// - Returns: Its id.
    /// - Throws: What a thread has met.
    package func add(_ content: [UInt8], _ kind: BlobKind) throws -> BlobID {
        let id = BlobID(of: content)
        let blob = BlobKey(id, kind)
        guard !index.contains(blob), added.insert(blob).inserted else { return id }
        totals.blobs += 1
        totals.bytes += Int64(content.count)
        try sealer.add(blob, content)
        return id
    }

    /// Whether the repository, or this run, has a blob.
    package func contains(_ blob: BlobKey) -> Bool { index.contains(blob) || added.contains(blob) }

    /// Waits for the threads, finishes what is begun, and ends. Call it once; nothing may be added afterwards.
    /// - Returns: Which blobs are in which packs of this run.
    package func finish() throws -> [IndexFile.Entry] { try sealer.finish() }
}

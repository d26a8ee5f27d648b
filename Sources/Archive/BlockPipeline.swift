import Dispatch
import Synchronization

/// Compresses blocks on threads of its own, as many as it has cores, while its owner reads on. For one owner, on one thread.
final class BlockPipeline {
    /// A block that is being compressed.
    private final class Slot: Sendable {
        private let result = Mutex<DeflateBlock.Compressed?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func put(_ compressed: DeflateBlock.Compressed?) {
            result.withLock { $0 = compressed }
            done.signal()
        }

        func wait() -> DeflateBlock.Compressed? {
            done.wait()
            return result.withLock { $0 }
        }
    }

    private let queues: [DispatchQueue]
    private let most: Int
    private let level: Int32
    private var next = 0
    /// In their order; the oldest is first.
    private var slots: [Slot] = []

    /// - Parameter most: How many blocks are held at once.
    init(cores: Int, most: Int, level: Int32) {
        queues = (0..<max(1, cores)).map { DispatchQueue(label: "shipkeeper-gzip-\($0)") }
        (self.most, self.level) = (most, level)
    }

    /// Whether the oldest block must be taken before another is added.
    var isFull: Bool { slots.count >= most }

    func add(_ block: DeflateBlock) {
        let (slot, level) = (Slot(), level)
        slots.append(slot)
        queues[next % queues.count].async { slot.put(block.compressed(level: level)) }
        next += 1
    }

    /// Blocks until the oldest one is compressed, and removes it; nil where none is left.
    func takeOldest() throws(ArchiveError) -> DeflateBlock.Compressed? {
        if slots.isEmpty { return nil }
        guard let compressed = slots.removeFirst().wait() else { throw .damaged("zlib could not compress: out of memory") }
        return compressed
    }
}

import Dispatch
import Synchronization

/// Compresses to one ordinary gzip member, in blocks that all cores work on and that keep their order.
///
/// The same input always gives the same output, however many cores there are. See RFC 1952.
package final class GzipWriter: ByteSink {
    private static let historySize = 32 * 1024

    private let sink: any ByteSink
    private let level: Int32
    private let batch: Int
    private var cutter: BlockCutter
    private var block: [UInt8] = []
    private var waiting: [DeflateBlock] = []
    private var history: [UInt8] = []
    private var checksum: UInt = 0
    private var length: UInt64 = 0
    private var hasBegun = false

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - rsyncable: Whether a change of the input changes the output only nearby, for stores that keep equal stretches once.
    ///     Costs about one per cent of size.
    package init(_ sink: any ByteSink, level: Int32 = 6, cores: Int, rsyncable: Bool = false) {
        self.sink = sink
        self.level = level
        cutter = rsyncable ? .byContent() : .fixed()
        batch = max(1, cores) * (rsyncable ? 4 : 1)
    }

    /// Compresses once enough blocks have collected, on all cores, and blocks until the sink has taken them. Holds up to one block more than
    /// `cores` blocks of 512 KiB in memory (four times as many blocks, which are smaller on average, when rsyncable).
    /// - Throws: What the sink throws; `damaged` where zlib has no memory.
    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while let length = cutter.end(in: rest) {
            block += rest.prefix(length)
            rest = rest.dropFirst(length)
            waiting.append(DeflateBlock(history: history, input: block, isLast: false))
            history = cutter.isByContent ? [] : Array(block.suffix(GzipWriter.historySize))
            block = []
            if waiting.count == batch { try emitWaiting() }
        }
        block += rest
    }

    /// Compresses and writes what is left, then the trailer. Call it exactly once, also for empty input; the sink itself is not closed.
    package func finish() throws(ArchiveError) {
        waiting.append(DeflateBlock(history: history, input: block, isLast: true))
        try emitWaiting()
        let trailer = [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: length)]
        try sink.write(trailer.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }

    private func emitWaiting() throws(ArchiveError) {
        let blocks = waiting
        waiting = []
        try emit(blocks)
    }

    private func emit(_ blocks: [DeflateBlock]) throws(ArchiveError) {
        if !hasBegun {
            hasBegun = true
            try sink.write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
        }
        let results = Mutex([DeflateBlock.Compressed?](repeating: nil, count: blocks.count))
        let level = level
        DispatchQueue.concurrentPerform(iterations: blocks.count) { index in
            let compressed = blocks[index].compressed(level: level)
            results.withLock { $0[index] = compressed }
        }
        for compressed in results.withLock({ $0 }) {
            guard let compressed else { throw .damaged("zlib could not compress: out of memory") }
            checksum = DeflateBlock.combine(checksum, compressed.checksum, length: compressed.length)
            length += UInt64(compressed.length)
            try sink.write(compressed.bytes)
        }
    }
}

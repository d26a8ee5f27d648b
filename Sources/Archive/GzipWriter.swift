/// Compresses to one ordinary gzip member, in blocks that all cores work on and that keep their order.
///
/// The same input always gives the same output, however many cores there are. See RFC 1952.
package final class GzipWriter: ByteSink {
    private static let historySize = 32 * 1024

    private let sink: any ByteSink
    private let pipeline: BlockPipeline
    private var cutter: BlockCutter
    private var block: [UInt8] = []
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
        cutter = rsyncable ? .byContent() : .fixed()
        pipeline = BlockPipeline(cores: cores, most: max(1, cores) * (rsyncable ? 8 : 2), level: level)
    }

    /// Compresses on all cores, and blocks only where the sink does or all blocks that it may hold wait. Holds twice as many blocks of 512 KiB as it has cores
    /// in memory (eight times as many, which are smaller on average, when rsyncable).
    /// - Throws: What the sink throws; `damaged` where zlib has no memory.
    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while let length = cutter.end(in: rest) {
            block += rest.prefix(length)
            rest = rest.dropFirst(length)
            try add(DeflateBlock(history: history, input: block, isLast: false))
            history = cutter.isByContent ? [] : Array(block.suffix(GzipWriter.historySize))
            block = []
        }
        block += rest
    }

    /// Compresses and writes what is left, then the trailer. Call it exactly once, also for empty input; the sink itself is not closed.
    package func finish() throws(ArchiveError) {
        try add(DeflateBlock(history: history, input: block, isLast: true))
        while let compressed = try pipeline.takeOldest() { try emit(compressed) }
        let trailer = [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: length)]
        try sink.write(trailer.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }

    private func add(_ block: DeflateBlock) throws(ArchiveError) {
        while pipeline.isFull, let compressed = try pipeline.takeOldest() { try emit(compressed) }
        pipeline.add(block)
    }

    private func emit(_ compressed: DeflateBlock.Compressed) throws(ArchiveError) {
        if !hasBegun {
            hasBegun = true
            try sink.write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
        }
        checksum = DeflateBlock.combine(checksum, compressed.checksum, length: compressed.length)
        length += UInt64(compressed.length)
        try sink.write(compressed.bytes)
    }
}

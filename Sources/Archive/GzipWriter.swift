import Dispatch
import Synchronization

/// Compresses to one ordinary gzip member, in blocks that all cores work on and that keep their order.
///
/// The same input always gives the same output, however many cores there are. See RFC 1952.
package final class GzipWriter: ByteSink {
    /// Larger blocks compress no better and hold more memory.
    private static let blockSize = 512 * 1024
    private static let historySize = 32 * 1024

    private let sink: any ByteSink
    private let level: Int32
    private let cores: Int
    private var pending: [UInt8] = []
    private var history: [UInt8] = []
    private var checksum: UInt = 0
    private var length: UInt64 = 0
    private var hasBegun = false

    /// - Parameter level: 1 (fast) to 9 (small).
    package init(_ sink: any ByteSink, level: Int32 = 6, cores: Int) {
        self.sink = sink
        self.level = level
        self.cores = max(1, cores)
    }

    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        pending += bytes
        // One byte stays back, so that the last block is never empty but for empty input.
        while pending.count > GzipWriter.blockSize * cores { try compress(blocks: cores) }
    }

    /// Ends the member. The sink itself is not closed.
    package func finish() throws(ArchiveError) {
        while pending.count > GzipWriter.blockSize {
            try compress(blocks: min(cores, (pending.count - 1) / GzipWriter.blockSize))
        }
        try emit([DeflateBlock(history: history, input: pending, isLast: true)])
        let trailer = [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: length)]
        try sink.write(trailer.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }

    private func compress(blocks count: Int) throws(ArchiveError) {
        var blocks: [DeflateBlock] = []
        for index in 0..<count {
            let start = index * GzipWriter.blockSize
            let input = Array(pending[start..<start + GzipWriter.blockSize])
            blocks.append(DeflateBlock(history: history, input: input, isLast: false))
            history = Array(input.suffix(GzipWriter.historySize))
        }
        pending.removeFirst(count * GzipWriter.blockSize)
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

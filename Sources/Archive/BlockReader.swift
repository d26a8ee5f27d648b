/// Takes a tar stream apart into blocks of 512 bytes and the data between them.
final class BlockReader {
    static let blockSize = 512
    /// The size of the blocks that tar writes by default, in bytes.
    private static let recordSize: Int64 = 10_240

    private let source: any ByteSource
    private var buffer: ArraySlice<UInt8> = []
    /// Bytes of the stream taken so far.
    private var position: Int64 = 0
    /// Bytes of the current member not yet read.
    private(set) var rest: Int64 = 0
    private var padding = 0

    init(_ source: any ByteSource) { self.source = source }

    /// At least one byte and at most so many; empty at the end of the source.
    private func some(_ most: Int) throws(ArchiveError) -> ArraySlice<UInt8> {
        if buffer.isEmpty { buffer = try source.read(128 * 1024)[...] }
        let piece = buffer.prefix(most)
        buffer = buffer.dropFirst(piece.count)
        position += Int64(piece.count)
        return piece
    }

    private static var cut: ArchiveError { .damaged("it ends in the middle of a member") }

    // MARK: Blocks

    /// The next block; nil where the source is at its end.
    func block() throws(ArchiveError) -> [UInt8]? {
        var block: [UInt8] = []
        block.reserveCapacity(BlockReader.blockSize)
        while block.count < BlockReader.blockSize {
            let piece = try some(BlockReader.blockSize - block.count)
            if piece.isEmpty {
                if block.isEmpty { return nil }
                throw BlockReader.cut
            }
            block += piece
        }
        return block
    }

    /// A block that belongs to a header.
    func extraBlock() throws(ArchiveError) -> [UInt8] {
        guard let block = try block() else { throw BlockReader.cut }
        return block
    }

    // MARK: Data

    /// Starts a member's data.
    func begin(length: Int64) {
        rest = length
        padding = Int((Int64(BlockReader.blockSize) - length % Int64(BlockReader.blockSize)) % Int64(BlockReader.blockSize))
    }

    /// The next bytes of the member's data; empty at its end.
    func data(_ most: Int) throws(ArchiveError) -> [UInt8] { Array(try slice(Int64(most))) }

    private func slice(_ most: Int64) throws(ArchiveError) -> ArraySlice<UInt8> {
        guard rest > 0, most > 0 else { return [] }
        let piece = try some(Int(min(most, rest, 1 << 20)))
        if piece.isEmpty { throw BlockReader.cut }
        rest -= Int64(piece.count)
        return piece
    }

    func byte() throws(ArchiveError) -> UInt8 {
        guard let byte = try slice(1).first else { throw BlockReader.cut }
        return byte
    }

    /// So many bytes of the member's data.
    func exactly(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            let piece = try slice(Int64(count - result.count))
            if piece.isEmpty { throw BlockReader.cut }
            result += piece
        }
        return result
    }

    /// Passes over so many bytes of the member's data.
    func skip(_ count: Int64) throws(ArchiveError) {
        var left = count
        while left > 0 {
            let piece = try slice(left)
            if piece.isEmpty { throw BlockReader.cut }
            left -= Int64(piece.count)
        }
    }

    /// Skips what is left of the data and fills its last block.
    func skipPadding() throws(ArchiveError) {
        try skip(rest)
        while padding > 0 {
            let piece = try some(padding)
            if piece.isEmpty { throw BlockReader.cut }
            padding -= piece.count
        }
    }

    // MARK: After the end mark

    /// What is after the end mark is what a buffer happened to hold, for which some writers are known; another archive is not.
    func expectNoMember() throws(ArchiveError) {
        let start = position
        var holdsHeader = false
        while true {
            var block: [UInt8] = []
            while block.count < BlockReader.blockSize, case let piece = try some(BlockReader.blockSize - block.count), !piece.isEmpty { block += piece }
            if block.isEmpty { break }
            if !holdsHeader, block.count == BlockReader.blockSize, block.contains(where: { $0 != 0 }), (try? TarHeader(block)) != nil { holdsHeader = true }
        }
        // A buffer is one record, written whole; in it remains of earlier members may stand.
        let isBuffer = position % BlockReader.recordSize == 0 && position - start < BlockReader.recordSize
        if holdsHeader, !isBuffer { throw .refused("another archive follows its end mark") }
    }
}

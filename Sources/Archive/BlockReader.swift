/// Takes a tar stream apart into blocks of 512 bytes and the data between them.
final class BlockReader {
    private static let blockSize = 512

    private let source: any ByteSource
    private var buffer: ArraySlice<UInt8> = []
    /// Bytes of the current member not yet read.
    private(set) var rest: Int64 = 0
    private var padding = 0

    init(_ source: any ByteSource) { self.source = source }

    /// At least one byte and at most so many; empty at the end of the source.
    private func some(_ most: Int) throws(ArchiveError) -> ArraySlice<UInt8> {
        if buffer.isEmpty { buffer = try source.read(128 * 1024)[...] }
        defer { buffer = buffer.dropFirst(most) }
        return buffer.prefix(most)
    }

    /// Exactly so many bytes.
    func bytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            let piece = try some(count - result.count)
            if piece.isEmpty { throw .damaged("it ends in the middle of a member") }
            result += piece
        }
        padding = (BlockReader.blockSize - count % BlockReader.blockSize) % BlockReader.blockSize
        return result
    }

    /// The next block; nil where the source is at its end.
    func block() throws(ArchiveError) -> [UInt8]? {
        if buffer.isEmpty { buffer = try source.read(128 * 1024)[...] }
        if buffer.isEmpty { return nil }
        return try bytes(BlockReader.blockSize)
    }

    /// A block that belongs to a header.
    func extraBlock() throws(ArchiveError) -> [UInt8] {
        let (kept, pad) = (rest, padding)
        defer { (rest, padding) = (kept, pad) }
        return try bytes(BlockReader.blockSize)
    }

    /// Starts a member's data.
    func begin(length: Int64) {
        rest = length
        padding = Int((Int64(BlockReader.blockSize) - length % Int64(BlockReader.blockSize)) % Int64(BlockReader.blockSize))
    }

    /// The next bytes of the member's data; empty at its end.
    func data(_ most: Int) throws(ArchiveError) -> [UInt8] {
        guard rest > 0 else { return [] }
        let piece = try some(Int(min(Int64(most), rest)))
        if piece.isEmpty { throw .damaged("it ends in the middle of a member") }
        rest -= Int64(piece.count)
        return Array(piece)
    }

    /// Skips what is left of the data and fills its last block.
    func skipPadding() throws(ArchiveError) {
        while rest > 0 { _ = try data(1 << 20) }
        var left = padding
        while left > 0 {
            let piece = try some(left)
            if piece.isEmpty { throw .damaged("it ends in the middle of a member") }
            left -= piece.count
        }
        padding = 0
    }

    func skip(padded length: Int64) throws(ArchiveError) {
        begin(length: length)
        try skipPadding()
    }

    func expectZerosToTheEnd() throws(ArchiveError) {
        while true {
            let piece = try some(1 << 20)
            if piece.isEmpty { return }
            if piece.contains(where: { $0 != 0 }) { throw .damaged("there is something after its end") }
        }
    }
}

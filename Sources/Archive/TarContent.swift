/// A stretch of a file's content, in the order of the file.
package enum ContentPiece: Hashable, Sendable {
    case bytes([UInt8])
    /// So many bytes that are zero and take no room.
    case hole(Int64)
}

/// The stretches of the member being read, in their order.
struct MemberContent {
    /// Bytes of the file, holes included.
    let length: Int64
    private let pieces: [SparseMap.Piece]
    private var position: Int64 = 0
    private var index = 0

    init(length: Int64) {
        self.length = length
        pieces = length > 0 ? [SparseMap.Piece(offset: 0, length: length)] : []
    }

    init(_ map: SparseMap) {
        length = map.realSize
        pieces = map.pieces
    }

    /// At most so many bytes, or a whole hole; nil at the end.
    mutating func next(_ most: Int, from blocks: BlockReader) throws(ArchiveError) -> ContentPiece? {
        while index < pieces.count, position >= pieces[index].offset + pieces[index].length { index += 1 }
        let start = index < pieces.count ? pieces[index].offset : length
        if position < start {
            defer { position = start }
            return .hole(start - position)
        }
        guard index < pieces.count else { return nil }
        let bytes = try blocks.data(Int(min(Int64(most), start + pieces[index].length - position)))
        position += Int64(bytes.count)
        return .bytes(bytes)
    }
}

/// The written forms of a map of holes.
enum SparseText {
    /// Format 1.0: decimal lines at the front of the data, padded to a block. The first reports how many pairs follow.
    static func pairs(_ blocks: BlockReader) throws(ArchiveError) -> [Int64] {
        var numbers: [Int64] = []
        var digits: [UInt8] = []
        var wanted = 1
        while numbers.count < wanted {
            for byte in try blocks.exactly(BlockReader.blockSize) where numbers.count < wanted {
                guard byte == 10 else {
                    digits.append(byte)
                    guard digits.count < 32 else { throw .damaged("the map of a sparse file is malformed") }
                    continue
                }
                guard let number = Int64(String(decoding: digits, as: UTF8.self)), number >= 0 else {
                    throw .damaged("the map of a sparse file is malformed")
                }
                if numbers.isEmpty {
                    guard number <= ExtractionLimits.sparsePieces else { throw .refused("the map of a sparse file is too long") }
                    wanted += Int(number) * 2
                }
                numbers.append(number)
                digits = []
            }
        }
        return Array(numbers.dropFirst())
    }

    static func binaryPairs(_ header: TarHeader, at start: Int, count: Int) throws(ArchiveError) -> [Int64] {
        var pairs: [Int64] = []
        for index in 0..<count { pairs += try binaryPair(header.bytes, at: start + index * 24) }
        return pairs
    }

    static func binaryPair(_ bytes: [UInt8], at start: Int) throws(ArchiveError) -> [Int64] {
        let offset = try TarHeader.field(bytes[start..<start + 12], "offset")
        let length = try TarHeader.field(bytes[(start + 12)..<(start + 24)], "length")
        return offset == 0 && length == 0 ? [] : [offset, length]
    }
}

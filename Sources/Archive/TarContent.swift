/// The bytes of the member being read.
protocol TarContent {
    var length: Int64 { get }
    mutating func read(_ most: Int, from blocks: BlockReader) throws(ArchiveError) -> [UInt8]
}

struct PlainContent: TarContent {
    let length: Int64

    mutating func read(_ most: Int, from blocks: BlockReader) throws(ArchiveError) -> [UInt8] {
        try blocks.data(most)
    }
}

/// Gives a file's bytes with its holes filled with zeros.
struct SparseContent: TarContent {
    private let map: SparseMap
    private var position: Int64 = 0
    private var piece = 0

    init(_ map: SparseMap) { self.map = map }

    var length: Int64 { map.realSize }

    mutating func read(_ most: Int, from blocks: BlockReader) throws(ArchiveError) -> [UInt8] {
        while piece < map.pieces.count, position >= map.pieces[piece].offset + map.pieces[piece].length { piece += 1 }
        let next = piece < map.pieces.count ? map.pieces[piece] : SparseMap.Piece(offset: map.realSize, length: 0)
        if position < next.offset {
            let count = min(Int64(most), next.offset - position)
            position += count
            return [UInt8](repeating: 0, count: Int(count))
        }
        guard next.length > 0 else { return [] }
        let bytes = try blocks.data(Int(min(Int64(most), next.offset + next.length - position)))
        position += Int64(bytes.count)
        return bytes
    }
}

/// The written forms of a map of holes.
enum SparseText {
    /// Format 1.0: decimal lines at the front of the data, padded to a block.
    static func pairs(_ blocks: BlockReader) throws(ArchiveError) -> [Int64] {
        var numbers: [Int64] = []
        var digits: [UInt8] = []
        while numbers.isEmpty || numbers.count < 1 + Int(numbers[0]) * 2 {
            var block: [UInt8] = []
            while block.count < 512, case let piece = try blocks.data(512 - block.count), !piece.isEmpty { block += piece }
            guard block.count == 512 else { throw .damaged("the map of a sparse file is cut") }
            for byte in block {
                guard byte == 10 else {
                    digits.append(byte)
                    continue
                }
                guard let number = Int64(String(decoding: digits, as: UTF8.self)), number >= 0, numbers.first ?? 0 <= SparseMap.mostPieces,
                    !numbers.isEmpty || number <= SparseMap.mostPieces
                else { throw .damaged("the map of a sparse file is malformed") }
                numbers.append(number)
                digits = []
                if numbers.count == 1 + Int(numbers[0]) * 2 { break }
            }
            guard digits.count < 32 || numbers.count == 1 + Int(numbers[0]) * 2 else {
                throw .damaged("the map of a sparse file is malformed")
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

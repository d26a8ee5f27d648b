/// Where the stored bytes of a file with holes belong.
struct SparseMap {
    struct Piece: Hashable {
        var offset: Int64
        var length: Int64
    }

    let pieces: [Piece]
    let realSize: Int64

    /// - Parameter stored: The bytes that are in the archive for the pieces.
    init(_ pairs: [Int64], realSize: Int64, stored: Int64) throws(ArchiveError) {
        guard pairs.count % 2 == 0, pairs.count / 2 <= ExtractionLimits.sparsePieces, realSize >= 0 else {
            throw .damaged("the map of a sparse file is malformed")
        }
        var pieces: [Piece] = []
        var (end, total) = (Int64(0), Int64(0))
        for index in stride(from: 0, to: pairs.count, by: 2) {
            let (offset, length) = (pairs[index], pairs[index + 1])
            guard offset >= end, length >= 0, offset <= realSize, length <= realSize - offset else {
                throw .damaged("the map of a sparse file is out of order")
            }
            end = offset + length
            total &+= length
            if length > 0 { pieces.append(Piece(offset: offset, length: length)) }
        }
        guard total == stored else { throw .damaged("the map of a sparse file does not fit its data") }
        self.pieces = pieces
        self.realSize = realSize
    }
}

/// Finds where content is cut, by the content itself: after an insertion or a removal the cuts further on are the same, and so are the pieces. This is FastCDC
/// in its form of 2020 (Xia and others: The Design of Fast Content-Defined Chunking for Data Deduplication Based Storage Systems), with the cuts of its reference
/// implementation.
package struct ContentCutter: Sendable {
    package let smallest: Int
    package let largest: Int
    private let average: Int
    private let maskBefore: UInt64
    private let maskBehind: UInt64

    /// The sizes for files: 64 KiB to 1 MiB, 256 KiB on average.
    package static let files = ContentCutter(smallest: 64 << 10, average: 256 << 10, largest: 1 << 20)

    /// - Parameters:
    ///   - average: A power of two, between 4 KiB and 4 MiB.
    ///   - normalization: How strongly sizes keep to the average, 0 to 3.
    init(smallest: Int, average: Int, largest: Int, normalization: Int = 2) {
        precondition(average.nonzeroBitCount == 1 && smallest < average && average < largest)
        self.smallest = smallest
        self.average = average
        self.largest = largest
        let bits = average.trailingZeroBitCount
        maskBefore = GearTable.mask(bits: bits + normalization)
        maskBehind = GearTable.mask(bits: bits - normalization)
    }

    /// How many of the bytes are the next piece, at least one.
    /// - Parameter bytes: All that is left, or at least `largest` of it.
    package func next(_ bytes: Span<UInt8>) -> Int {
        guard bytes.count > smallest else { return bytes.count }
        let table = GearTable.numbers
        let numbers = table.span
        let end = min(bytes.count, largest)
        // Two bytes a step in the reference, hence even.
        let (middle, last) = (min(average, end) & ~1, end & ~1)
        var (hash, index): (UInt64, Int) = (0, smallest & ~1)
        while index < middle {
            hash = hash << 1 &+ numbers[Int(bytes[index])]
            if hash & maskBefore == 0 { return index }
            index += 1
        }
        while index < last {
            hash = hash << 1 &+ numbers[Int(bytes[index])]
            if hash & maskBehind == 0 { return index }
            index += 1
        }
        return end
    }
}

/// How the copy of a database is cut: databases write pages in place, so nothing moves, and blocks of whole pages are found again.
package enum DatabaseBlocks {
    /// The length of each block but the last, in bytes: 16 to 256 KiB, which holds whole pages of up to 16 KiB.
    /// - Parameter size: Of the database, in bytes.
    package static func length(forSize size: Int64) -> Int {
        var length = 16 << 10
        while length < 256 << 10, size > Int64(length) * 4096 { length *= 2 }
        return length
    }
}

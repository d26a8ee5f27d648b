import Archive
import Files

extension OpenFile {
    static let pieceSize = 256 * 1024

    /// The stretches of the file's first bytes that hold data: all of them where the file takes as much room as it is long.
    func dataRanges(of status: FileStatus) throws(FileError) -> [Range<Int64>] {
        if status.size == 0 { return [] }
        guard status.allocated < status.size else { return [0..<status.size] }
        return try dataRanges(size: status.size, most: ExtractionLimits.sparsePieces / 2)
    }

    /// Shows the bytes of stretches, a piece at a time, and stops where the file ends early.
    /// - Returns: How many bytes there were.
    func read(_ ranges: [Range<Int64>], _ flag: CancelFlag, _ body: ([UInt8]) throws -> Void) throws -> Int64 {
        var total: Int64 = 0
        for range in ranges {
            var position = range.lowerBound
            while position < range.upperBound {
                if flag.isSet { throw FileError("read", path, code: ErrorNumber.cancelled) }
                let bytes = try read(Int(min(Int64(OpenFile.pieceSize), range.upperBound - position)), at: position)
                if bytes.isEmpty { return total }
                try body(bytes)
                position += Int64(bytes.count)
                total += Int64(bytes.count)
            }
        }
        return total
    }

    /// Copies the content into a new file, holes as holes.
    /// - Parameter onCopied: Called with the number of bytes after each piece.
    func copyContent(to copy: OpenFile, _ flag: CancelFlag, onCopied: (Int) -> Void = { _ in }) throws(FileError) {
        let status = try status()
        var end: Int64 = 0
        for range in try dataRanges(of: status) {
            try copy.seek(to: range.lowerBound)
            do {
                let count = try read([range], flag) { bytes in
                    try copy.write(bytes)
                    onCopied(bytes.count)
                }
                end = range.lowerBound + count
            } catch let error as FileError {
                throw error
            } catch {
                throw FileError("read", path, code: ErrorNumber.inputOutput)
            }
            if end < range.upperBound { return }
        }
        if end < status.size { try copy.truncate(to: status.size) }
    }
}

package import Files

/// Writes a new file in order and leaves out what is zero: holes take no room and no time.
package final class SparseFile {
    /// Stretches of zeros at such a place and of such a length are not written.
    private static let grain = 16 * 1024

    /// The file being written. Move its position only after `finish`.
    package let file: OpenFile
    private var position: Int64 = 0
    /// Where writing is; less than `position` after a hole.
    private var written: Int64 = 0

    /// - Parameter file: New and empty, open for writing, at its beginning.
    package init(_ file: OpenFile) { self.file = file }

    /// Appends bytes. Aligned stretches of 16 KiB that are all zero become holes. Blocks for the disk.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let isZero = rest.first == 0
            var run = nextGrain(rest)
            guard isZero, SparseFile.isZero(run) else {
                // As much as holds no grain of zeros goes in one call.
                while run.endIndex < rest.endIndex, rest[run.endIndex] != 0 || !SparseFile.isZero(nextGrain(rest[run.endIndex...], at: run)) {
                    run = rest[run.startIndex..<nextGrain(rest[run.endIndex...], at: run).endIndex]
                }
                try put(run)
                rest = rest[run.endIndex...]
                continue
            }
            try skip(Int64(run.count))
            rest = rest[run.endIndex...]
        }
    }

    /// The bytes up to the next multiple of the grain in the file.
    private func nextGrain(_ rest: ArraySlice<UInt8>, at before: ArraySlice<UInt8> = []) -> ArraySlice<UInt8> {
        let offset = position + Int64(before.count)
        return rest.prefix(SparseFile.grain - Int(offset % Int64(SparseFile.grain)))
    }

    private static func isZero(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.last == 0 && bytes.allSatisfy { $0 == 0 } }

    private func put(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        if written != position { try file.seek(to: position) }
        try file.write(bytes)
        position += Int64(bytes.count)
        written = position
    }

    /// Appends a hole of `length` bytes, which reads as zeros. Writes nothing; `finish` gives the file its length.
    /// - Throws: `FileError` with code `EFBIG` where the file would exceed `Int64.max` bytes.
    package func skip(_ length: Int64) throws(FileError) {
        let (sum, overflow) = position.addingReportingOverflow(length)
        guard !overflow else { throw FileError("write", file.path, code: ErrorNumber.tooLarge) }
        position = sum
    }

    /// Extends the file over a hole at its end. Must be called once after the last byte; does not sync.
    package func finish() throws(FileError) {
        if written != position { try file.truncate(to: position) }
    }
}

import Files
import Restic

/// The file that `KnownFiles` is kept in. Each record ends with a part of its digest: one that was damaged must not pass for what a file holds.
enum KnownFileList {
    static let name: RawName = "files"
    static let newName: RawName = "files.new"
    private static let magic = Array("shipkeeper files 1\n".utf8)
    private static let digestBytes = 8
    /// The most bytes that a record may have: a content of 8 TB.
    private static let mostBytes = 256 << 20

    /// What tells that a file was touched.
    struct Status: Hashable {
        var size: Int64
        var modified: FileTime
        var changed: FileTime
        var device: UInt64
        var inode: UInt64

        init(_ status: FileStatus) {
            (size, modified, changed) = (status.size, status.modified, status.changed)
            (device, inode) = (status.device, status.inode)
        }

        fileprivate init(_ numbers: ArraySlice<UInt64>) {
            let at = numbers.startIndex
            func time(_ index: Int) -> FileTime {
                FileTime(seconds: Int64(bitPattern: numbers[at + index]), nanoseconds: Int64(bitPattern: numbers[at + index + 1]))
            }
            (size, modified, changed) = (Int64(bitPattern: numbers[at]), time(1), time(3))
            (device, inode) = (numbers[at + 5], numbers[at + 6])
        }

        fileprivate static let count = 7
        fileprivate var numbers: [UInt64] {
            [
                UInt64(bitPattern: size), UInt64(bitPattern: modified.seconds), UInt64(bitPattern: modified.nanoseconds),
                UInt64(bitPattern: changed.seconds), UInt64(bitPattern: changed.nanoseconds), device, inode,
            ]
        }
    }

    struct Record: Hashable {
        var path: RawName
        var status: Status
        var log: Status?
        var content: KnownFiles.Content
    }

    /// Whether a path comes before another in a walk: what a folder holds comes right after it.
    static func isBefore(_ left: RawName, _ right: RawName) -> Bool {
        for (first, second) in zip(left.bytes, right.bytes) where first != second {
            // No name has a zero in it.
            return (first == 47 ? 0 : first) < (second == 47 ? 0 : second)
        }
        return left.bytes.count < right.bytes.count
    }

    // MARK: Writing

    final class Writer {
        private let file: OpenFile
        private var buffer: [UInt8]

        init(_ file: OpenFile, of repository: BlobID) throws(FileError) {
            self.file = file
            buffer = magic + repository.bytes
        }

        func add(_ record: Record) throws(FileError) {
            let content = record.content
            var numbers = record.status.numbers + (record.log?.numbers ?? [])
            numbers += [UInt64(bitPattern: content.size), UInt64(bitPattern: content.bytes)]
            var bytes: [UInt8] = [(record.log == nil ? 0 : 1) | (content.isDatabase ? 2 : 0)]
            bytes += little(UInt64(record.path.bytes.count)) + record.path.bytes
            for number in numbers { bytes += little(number) }
            for id in content.content { bytes += id.bytes }
            buffer += little(UInt64(bytes.count)) + bytes + BlobID(of: bytes).bytes.prefix(digestBytes)
            if buffer.count > 1 << 18 { try flush() }
        }

        private func flush() throws(FileError) {
            try file.write(buffer)
            buffer = []
        }

        func finish() throws(FileError) { try flush() }
    }

    private static func little(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }

    // MARK: Reading

    final class Reader {
        private let file: OpenFile
        private var buffer: ArraySlice<UInt8> = []

        /// - Throws: Where it can't be read; nil where it is of another repository.
        init?(_ file: OpenFile, of repository: BlobID) throws(FileError) {
            self.file = file
            guard take(magic.count) == magic[...], take(BlobID.length).flatMap({ BlobID($0) }) == repository else { return nil }
        }

        /// nil at the end, and from the first damage on.
        func next() -> Record? {
            guard let length = number(), length <= mostBytes, let bytes = take(Int(length)), let digest = take(digestBytes) else { return nil }
            guard BlobID(of: Array(bytes)).bytes.prefix(digestBytes).elementsEqual(digest) else { return nil }
            return record(bytes)
        }

        private func record(_ bytes: ArraySlice<UInt8>) -> Record? {
            var rest = bytes
            func part(_ count: Int) -> ArraySlice<UInt8>? {
                guard count >= 0, rest.count >= count else { return nil }
                defer { rest = rest.dropFirst(count) }
                return rest.prefix(count)
            }
            func number() -> UInt64? { part(8).map(Reader.number) }
            guard let flags = rest.popFirst(), let length = number(), length <= UInt64(rest.count), let path = part(Int(length)) else { return nil }
            let hasLog = flags & 1 != 0
            let numbers = (0..<Status.count * (hasLog ? 2 : 1) + 2).compactMap { _ in number() }
            guard numbers.count == Status.count * (hasLog ? 2 : 1) + 2, rest.count % BlobID.length == 0 else { return nil }
            let ids = (0..<rest.count / BlobID.length).compactMap { _ in part(BlobID.length).flatMap { BlobID($0) } }
            let content = KnownFiles.Content(
                size: Int64(bitPattern: numbers[numbers.count - 2]), bytes: Int64(bitPattern: numbers[numbers.count - 1]), isDatabase: flags & 2 != 0,
                content: ids)
            return Record(
                path: RawName(path), status: Status(numbers[...]), log: hasLog ? Status(numbers[Status.count...]) : nil, content: content)
        }

        private func number() -> UInt64? { take(8).map(Reader.number) }

        private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

        private func take(_ count: Int) -> ArraySlice<UInt8>? {
            while buffer.count < count {
                guard let piece = try? file.read(1 << 18), !piece.isEmpty else { return nil }
                buffer = buffer.isEmpty ? piece[...] : Array(buffer + piece)[...]
            }
            defer { buffer = buffer.dropFirst(count) }
            return buffer.prefix(count)
        }
    }
}

import Archive
import Files

/// What is compared of a member of an archive.
struct MemberRecord: Hashable, Sendable {
    enum Kind: UInt8 {
        case file, folder, symbolicLink, hardLink, other
    }

    var path: RawName
    var kind: Kind
    /// Where a link leads.
    var target: RawName
    var mode: UInt32
    var size: Int64
    /// Of a file's content; empty for all else.
    var digest: [UInt8]
}

/// The members of an archive by their paths, with the digests of their contents.
///
/// A fixed number of them is held in memory. When there are more, they are sorted in stretches, which lie one after the other in a scratch file and are
/// merged when they are read. Of members with one path the one that came last counts, as it does for a restore.
struct SortedMembers {
    private let limit: Int
    private let file: OpenFile
    private var stretches: [Range<Int64>] = []
    private var end: Int64 = 0
    private var latest: [MemberRecord] = []
    /// What hard links lead to, and what is there.
    private var targets: [RawName: MemberRecord?] = [:]

    /// - Parameters:
    ///   - scratch: A folder in which the file has room for a line for each member.
    ///   - limit: So many members are held in memory.
    init(scratch: Folder, name: RawName, limit: Int = 20_000) throws(FileError) {
        self.limit = limit
        file = try scratch.create(name)
    }

    mutating func add(_ record: MemberRecord) throws(FileError) {
        if record.kind == .hardLink { targets.updateValue(nil, forKey: record.target) }
        latest.append(record)
        if latest.count >= limit { try spill() }
    }

    /// To be called once all are in: hard links get the content of what they lead to.
    mutating func finish() throws(FileError) {
        if !stretches.isEmpty { try spill() } else { latest = SortedMembers.sorted(latest) }
        guard !targets.isEmpty else { return }
        var records = Reader(self)
        while let record = try records.next() {
            if record.kind == .file, targets.keys.contains(record.path) { targets.updateValue(record, forKey: record.path) }
        }
    }

    private mutating func spill() throws(FileError) {
        let start = end
        for record in SortedMembers.sorted(latest) {
            let bytes = record.encoded
            try file.write(bytes)
            end += Int64(bytes.count)
        }
        if end > start { stretches.append(start..<end) }
        latest.removeAll(keepingCapacity: true)
    }

    /// By path; of equal ones the last.
    private static func sorted(_ records: [MemberRecord]) -> [MemberRecord] {
        var result: [MemberRecord] = []
        result.reserveCapacity(records.count)
        for (_, record) in records.enumerated().sorted(by: { ($0.element.path, $0.offset) < ($1.element.path, $1.offset) }) {
            if result.last?.path == record.path { result.removeLast() }
            result.append(record)
        }
        return result
    }

    /// Reads them in their order. A hard link to a file is read as that file under another name.
    struct Reader {
        private let targets: [RawName: MemberRecord?]
        private var inMemory: ArraySlice<MemberRecord>
        private var stretches: [Stretch]

        init(_ members: SortedMembers) {
            targets = members.targets
            inMemory = members.latest[...]
            stretches = members.stretches.map { Stretch(file: members.file, next: $0.lowerBound, end: $0.upperBound) }
        }

        mutating func next() throws(FileError) -> MemberRecord? {
            guard var record = try nextStored() else { return nil }
            if record.kind == .hardLink, let file = targets[record.target] ?? nil {
                (record.kind, record.target, record.size, record.digest) = (.file, RawName(""), file.size, file.digest)
            }
            return record
        }

        private mutating func nextStored() throws(FileError) -> MemberRecord? {
            if stretches.isEmpty { return inMemory.popFirst() }
            var least: MemberRecord?
            // Of equal paths that of the last stretch counts.
            for index in stretches.indices {
                guard let head = try stretches[index].head() else { continue }
                if let path = least?.path, path < head.path { continue }
                least = head
            }
            guard let least else { return nil }
            for index in stretches.indices where try stretches[index].head()?.path == least.path { stretches[index].pop() }
            return least
        }
    }

    /// One sorted part of the file, read a piece at a time.
    private struct Stretch {
        private static let pieceSize = 64 * 1024

        let file: OpenFile
        /// Of what is not in the buffer yet.
        var next: Int64
        let end: Int64
        private var buffer: ArraySlice<UInt8> = []
        private var record: MemberRecord?

        init(file: OpenFile, next: Int64, end: Int64) { (self.file, self.next, self.end) = (file, next, end) }

        mutating func head() throws(FileError) -> MemberRecord? {
            if let record { return record }
            while true {
                if let (found, length) = MemberRecord.decode(buffer) {
                    buffer = buffer.dropFirst(length)
                    record = found
                    return found
                }
                guard next < end else { return nil }
                let bytes = try file.read(Int(min(Int64(Stretch.pieceSize), end - next)), at: next)
                guard !bytes.isEmpty else { throw FileError("read", file.path, code: ErrorNumber.inputOutput) }
                next += Int64(bytes.count)
                buffer = ArraySlice(Array(buffer) + bytes)
            }
        }

        mutating func pop() { record = nil }
    }
}

extension MemberRecord {
    /// Its length and then, each with its own length: path, target, digest; kind, mode and size in front of them.
    fileprivate var encoded: [UInt8] {
        var body: [UInt8] = [kind.rawValue] + MemberRecord.bytes(Int64(mode)) + MemberRecord.bytes(size)
        for text in [path.bytes, target.bytes, digest] { body += MemberRecord.bytes(Int64(text.count)) + text }
        return MemberRecord.bytes(Int64(body.count)) + body
    }

    /// The first record of some bytes, and how many of them it takes; nil where it is not there as a whole.
    fileprivate static func decode(_ bytes: ArraySlice<UInt8>) -> (MemberRecord, Int)? {
        var rest = bytes
        guard bytes.count >= 8 else { return nil }
        let length = Int(number(&rest))
        guard rest.count >= length else { return nil }
        guard let kind = rest.popFirst().flatMap(Kind.init(rawValue:)) else { return nil }
        let (mode, size) = (number(&rest), number(&rest))
        var texts: [[UInt8]] = []
        for _ in 0..<3 {
            let count = Int(number(&rest))
            texts.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        let record = MemberRecord(
            path: RawName(texts[0]), kind: kind, target: RawName(texts[1]), mode: UInt32(truncatingIfNeeded: mode), size: size, digest: texts[2])
        return (record, 8 + length)
    }

    private static func bytes(_ number: Int64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int64 {
        let value = bytes.prefix(8).reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        bytes = bytes.dropFirst(8)
        return value
    }
}

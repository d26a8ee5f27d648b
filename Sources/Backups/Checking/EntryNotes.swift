import Archive
import Crypto
import Files

/// What is stored under a path, as a drill compares it.
struct EntryNote: Hashable {
    enum Kind: UInt8 {
        case file = 1
        case folder, link
    }

    var kind: Kind
    var path: RawName
    var mode: UInt32 = 0
    var size: Int64 = 0
    /// Of the last modification.
    var seconds: Int64 = 0
    /// The SHA-256 of a file's content, the target of a link.
    var sum: [UInt8] = []
}

/// The digest of a content; zeros that take no room count as zeros.
struct ContentSum {
    private static let zeros = [UInt8](repeating: 0, count: 1 << 18)

    private var digest = SHA256()

    mutating func add(_ bytes: [UInt8]) { digest.update(data: bytes) }

    mutating func add(zeros count: Int64) {
        var rest = count
        while rest > 0 {
            let next = Int(min(rest, Int64(ContentSum.zeros.count)))
            digest.update(data: ContentSum.zeros[..<next])
            rest -= Int64(next)
        }
    }

    var value: [UInt8] { Array(digest.finalize()) }
}

/// A tree that notes in a file what is read of it.
struct NotedTree: TreeSource {
    let tree: any TreeSource
    let file: OpenFile

    var storedBytes: Int64 { tree.storedBytes }
    var contentBytes: Int64? { tree.contentBytes }

    func read<Value>(
        _ flag: CancelFlag, onRead: @escaping (Int64) -> Void, _ body: (any EntryReader) throws(ArchiveError) -> Value
    ) throws(BackupError) -> TreeReading<Value> {
        do throws(FileError) {
            // It may be read more than once, and the last time counts.
            try file.truncate(to: 0)
            try file.seek(to: 0)
        } catch {
            throw .file(error)
        }
        return try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in
            let noting = NotingReader(reader, file)
            let value = try body(noting)
            try noting.finish()
            return value
        }
    }
}

/// Passes entries on, and notes what each of them is.
private final class NotingReader: EntryReader {
    private static let mostHeld = 1 << 16

    private let inner: any EntryReader
    private let file: OpenFile
    private var held: [UInt8] = []
    /// The file at hand, as far as it was read.
    private var current: (note: EntryNote, sum: ContentSum, count: Int64)?

    init(_ inner: any EntryReader, _ file: OpenFile) { (self.inner, self.file) = (inner, file) }

    var passedOver: [String] { inner.passedOver }

    func next() throws(ArchiveError) -> TreeEntry? {
        try end()
        guard let entry = try inner.next() else { return nil }
        var note = EntryNote(kind: .folder, path: entry.path, mode: entry.mode, size: entry.size, seconds: entry.modified.seconds)
        switch entry.kind {
        case .file:
            note.kind = .file
            current = (note, ContentSum(), 0)
        case .folder: try write(note)
        case .symbolicLink(let target):
            (note.kind, note.sum) = (.link, target.bytes)
            try write(note)
        // The other name of a file shares what that one holds; a pipe and a device are not restored.
        case .hardLink, .fifo, .device: break
        }
        return entry
    }

    func piece(_ most: Int) throws(ArchiveError) -> ContentPiece? {
        guard let piece = try inner.piece(most) else { return nil }
        switch piece {
        case .bytes(let bytes):
            current?.sum.add(bytes)
            current?.count += Int64(bytes.count)
        case .hole(let count):
            current?.sum.add(zeros: count)
            current?.count += count
        }
        return piece
    }

    /// What is not read to its end was left out, and is not looked for.
    private func end() throws(ArchiveError) {
        guard var ended = current else { return }
        current = nil
        guard ended.count == ended.note.size else { return }
        ended.note.sum = ended.sum.value
        try write(ended.note)
    }

    func finish() throws(ArchiveError) {
        try end()
        try flush()
    }

    private func write(_ note: EntryNote) throws(ArchiveError) {
        held += NoteReader.bytes(note)
        if held.count >= NotingReader.mostHeld { try flush() }
    }

    private func flush() throws(ArchiveError) {
        do throws(FileError) { try file.write(held) } catch { throw .file(error) }
        held = []
    }
}

/// Reads notes in the order in which they were written.
struct NoteReader {
    private static let pieceSize = 1 << 16

    private let file: OpenFile
    private var held: ArraySlice<UInt8> = []

    init(_ file: OpenFile) throws(FileError) {
        self.file = file
        try file.seek(to: 0)
    }

    static func bytes(_ note: EntryNote) -> [UInt8] {
        [note.kind.rawValue] + number(Int64(note.mode)) + number(note.size) + number(note.seconds) + number(Int64(note.path.bytes.count))
            + number(Int64(note.sum.count)) + note.path.bytes + note.sum
    }

    private static func number(_ value: Int64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// Nil at the end.
    mutating func next() throws(FileError) -> EntryNote? {
        guard let kind = try take(1).first.flatMap(EntryNote.Kind.init) else { return nil }
        var numbers: [Int64] = []
        for _ in 0..<5 { numbers.append(try take(8).reversed().reduce(0) { $0 << 8 | Int64($1) }) }
        let path = RawName(try take(Int(numbers[3])))
        return EntryNote(
            kind: kind, path: path, mode: UInt32(truncatingIfNeeded: numbers[0]), size: numbers[1], seconds: numbers[2], sum: Array(try take(Int(numbers[4]))))
    }

    private mutating func take(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
        while held.count < count, case let more = try file.read(max(count, NoteReader.pieceSize)), !more.isEmpty { held = held + more }
        defer { held = held.dropFirst(count) }
        return held.prefix(count)
    }
}

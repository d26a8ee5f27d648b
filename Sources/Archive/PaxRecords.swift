import Files

/// The records of pax extended headers, `length key=value`, that override what a header says.
///
/// Only those that mean something here are kept, and of each no more than may be meant, however long the headers are.
struct PaxRecords {
    enum Key: String, CaseIterable {
        case path, linkpath, size, uid, gid, mtime
        case sparseName = "GNU.sparse.name"
        case sparseMajor = "GNU.sparse.major"
        case sparseRealSize = "GNU.sparse.realsize"
        case sparseSize = "GNU.sparse.size"
        case sparseMap = "GNU.sparse.map"
        case sparseOffset = "GNU.sparse.offset"
        case sparseLength = "GNU.sparse.numbytes"

        /// Bytes of a value that are kept; one more than may be meant, so that what is too long is known to be.
        fileprivate var mostBytes: Int {
            switch self {
            case .path, .sparseName: ExtractionLimits.pathBytes + 1
            case .linkpath: ExtractionLimits.pathBytes + 1
            case .sparseMap: PaxRecords.mapBytes + 1
            case .size, .uid, .gid, .mtime, .sparseMajor, .sparseRealSize, .sparseSize, .sparseOffset, .sparseLength: 64
            }
        }

        var isOfOneFile: Bool { rawValue.hasPrefix("GNU.sparse.") }
    }

    fileprivate static let mapBytes = 8 << 20
    /// As many as the key of an attribute may have.
    private static let keyBytes = PaxAttributes.mostKeyBytes

    /// Empty where a record takes back what a header for all said.
    private var values: [Key: [UInt8]] = [:]
    /// Offsets and lengths of format 0.0, which repeats its keys.
    private(set) var sparsePairs: [Int64] = []
    private(set) var attributes = PaxAttributes()

    init() {}

    // MARK: Reading

    /// Adds the records of one header of so many bytes. Zeros after the last one are padding.
    mutating func add(_ size: Int64, from blocks: BlockReader) throws(ArchiveError) {
        blocks.begin(length: size)
        while blocks.rest > 0, let length = try PaxRecords.length(blocks) { try addRecord(length, blocks) }
        try blocks.skipPadding()
    }

    private static var malformed: ArchiveError { .damaged("an extended header is malformed") }

    /// Bytes of a record after the blank that follows its length; nil where zeros follow instead of a record.
    private static func length(_ blocks: BlockReader) throws(ArchiveError) -> Int64? {
        let start = blocks.rest
        var byte = try blocks.byte()
        if byte == 0 { return nil }
        while byte == 32 || byte == 9, blocks.rest > 0 { byte = try blocks.byte() }
        var (length, digits) = (Int64(0), 0)
        while (48...57).contains(byte), blocks.rest > 0, length < Int64.max / 100 {
            length = length * 10 + Int64(byte - 48)
            digits += 1
            byte = try blocks.byte()
        }
        length -= start - blocks.rest
        // At least "k=" and a newline follow.
        guard digits > 0, byte == 32, length >= 3, length <= blocks.rest else { throw malformed }
        return length
    }

    private mutating func addRecord(_ length: Int64, _ blocks: BlockReader) throws(ArchiveError) {
        var (left, name) = (length - 1, [UInt8]())
        while true {
            guard left > 0 else { throw PaxRecords.malformed }
            let byte = try blocks.byte()
            left -= 1
            if byte == 61 { break }
            if name.count <= PaxRecords.keyBytes { name.append(byte) }
        }
        if let key = Key(rawValue: String(decoding: name, as: UTF8.self)) {
            let value = try blocks.exactly(Int(min(left, Int64(key.mostBytes))))
            try blocks.skip(left - Int64(value.count))
            try set(key, value)
        } else if let attribute = attributes.begin(key: name, bytes: left) {
            attributes.add(attribute, try blocks.exactly(Int(left)))
        } else {
            try blocks.skip(left)
        }
        guard try blocks.byte() == 10 else { throw PaxRecords.malformed }
    }

    private mutating func set(_ key: Key, _ value: [UInt8]) throws(ArchiveError) {
        if key == .sparseOffset || key == .sparseLength, let number = PaxRecords.integer(value) {
            sparsePairs.append(number)
            guard sparsePairs.count <= ExtractionLimits.sparsePieces * 2 else { throw .refused("the map of a sparse file is too long") }
        }
        if key == .sparseMap, value.count > PaxRecords.mapBytes { throw .refused("the map of a sparse file is too long") }
        values[key] = value
    }

    /// The records of `self`, which hold for all members, overridden by those of a header for one.
    func overridden(by local: PaxRecords) -> PaxRecords {
        var result = local
        for (key, value) in values where !key.isOfOneFile && local.values[key] == nil { result.values[key] = value }
        return result
    }

    // MARK: Values

    private func value(_ key: Key) -> [UInt8]? { values[key].flatMap { $0.isEmpty ? nil : $0 } }

    func name(_ key: Key) -> RawName? { value(key).map { RawName($0) } }

    private static func integer(_ bytes: some Sequence<UInt8>) -> Int64? { Int64(String(decoding: Array(bytes), as: UTF8.self)) }

    /// A size, without which the archive can't be read on.
    func number(_ key: Key) throws(ArchiveError) -> Int64? {
        guard let value = value(key) else { return nil }
        guard let number = PaxRecords.integer(value) else { throw .damaged("\(key.rawValue) in an extended header is not a number") }
        return number
    }

    /// An owner; nil where it is not a number.
    func lenientNumber(_ key: Key) -> Int64? { value(key).flatMap(PaxRecords.integer) }

    /// The offsets and lengths of format 0.1, separated by commas.
    var mapPairs: [Int64]? {
        get throws(ArchiveError) {
            guard let text = value(.sparseMap) else { return nil }
            var pairs: [Int64] = []
            for number in text.split(separator: 44) {
                guard let number = PaxRecords.integer(number) else { throw .damaged("the map of a sparse file is malformed") }
                pairs.append(number)
            }
            return pairs
        }
    }

    /// The modification time; nil where the value is not a time.
    var modified: FileTime? { value(.mtime).flatMap { PaxTime.parse(String(decoding: $0, as: UTF8.self)) } }
}

/// Times of pax headers: decimal seconds with a fraction, and what else programs write for them, such as `1e-05`.
enum PaxTime {
    static func parse(_ text: String) -> FileTime? { decimal(text) ?? Double(text).flatMap(rounded) }

    /// A negative time counts its fraction away from zero.
    private static func decimal(_ text: String) -> FileTime? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : ""
        guard let first = parts.first, let seconds = Int64(first == "-0" || first == "-" ? "0" : first.isEmpty ? "0" : first), seconds > Int64.min,
            !(first.isEmpty && fraction.isEmpty), fraction.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        var nanoseconds = Int64(fraction.prefix(9)) ?? 0
        for _ in fraction.prefix(9).utf8.count..<9 { nanoseconds *= 10 }
        guard text.hasPrefix("-"), nanoseconds > 0 else { return FileTime(seconds: seconds, nanoseconds: nanoseconds) }
        return FileTime(seconds: seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }

    private static func rounded(_ seconds: Double) -> FileTime? {
        guard seconds.isFinite, let whole = Int64(exactly: seconds.rounded(.down)), whole > Int64.min else { return nil }
        let nanoseconds = Int64((seconds - seconds.rounded(.down)) * 1e9)
        return FileTime(seconds: whole, nanoseconds: min(nanoseconds, 999_999_999))
    }
}

import Files

/// The records of a pax extended header: `length key=value` lines that override what a header says.
struct PaxRecords {
    /// Larger headers are an attack on memory.
    static let mostBytes = 1 << 20

    private(set) var values: [String: [UInt8]] = [:]
    /// Offsets and lengths of format 0.0, which repeats its keys.
    private(set) var sparsePairs: [Int64] = []

    init() {}

    /// Adds the records of one header. Each is taken strictly by its stated length.
    mutating func add(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            guard !digits.isEmpty, digits.count < 8, digits.first != 48,
                let length = Int(String(decoding: digits, as: UTF8.self)), length >= 5, length <= rest.count,
                rest[rest.startIndex + digits.count] == 32, rest[rest.startIndex + length - 1] == 10
            else { throw .damaged("an extended header is malformed") }
            let record = rest[(rest.startIndex + digits.count + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: 61) else { throw .damaged("an extended header is malformed") }
            set(String(decoding: record[..<equals], as: UTF8.self), Array(record[(equals + 1)...]))
            rest = rest.dropFirst(length)
        }
    }

    private mutating func set(_ key: String, _ value: [UInt8]) {
        if key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes", let number = Int64(String(decoding: value, as: UTF8.self)) {
            sparsePairs.append(number)
        }
        values[key] = value.isEmpty ? nil : value
    }

    /// The records of `self`, overridden by those of a header for one member.
    func overridden(by local: PaxRecords) -> PaxRecords {
        var result = self
        result.values.merge(local.values) { _, new in new }
        result.sparsePairs = local.sparsePairs.isEmpty ? sparsePairs : local.sparsePairs
        return result
    }

    func name(_ key: String) -> RawName? { values[key].map { RawName($0) } }

    func number(_ key: String) throws(ArchiveError) -> Int64? {
        guard let value = values[key] else { return nil }
        guard let number = Int64(String(decoding: value, as: UTF8.self)) else {
            throw .damaged("\(key) in an extended header is no number")
        }
        return number
    }

    /// Decimal seconds with a fraction; a negative time counts its fraction away from zero.
    func time(_ key: String) throws(ArchiveError) -> FileTime? {
        guard let value = values[key] else { return nil }
        let text = String(decoding: value, as: UTF8.self)
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.count > 1 ? parts[1].prefix(9) : ""
        guard let seconds = Int64(parts[0] == "-0" ? "0" : parts[0]), seconds > Int64.min, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw .damaged("\(key) in an extended header is no time")
        }
        var nanoseconds = Int64(digits) ?? 0
        for _ in digits.count..<9 { nanoseconds *= 10 }
        guard text.hasPrefix("-"), nanoseconds > 0 else { return FileTime(seconds: seconds, nanoseconds: nanoseconds) }
        return FileTime(seconds: seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }
}

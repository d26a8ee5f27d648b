/// Cuts a stream of bytes into lines, whatever pieces it arrives in, and takes secrets out before anything leaves.
struct LineAssembler {
    /// Longer lines are cut.
    static let longestLine = 16 * 1024

    private let redactor: Redactor
    private var pending: [UInt8] = []

    init(redactor: Redactor) { self.redactor = redactor }

    /// Takes in bytes and gives the lines they complete. Invalid UTF-8 is shown replaced.
    mutating func take(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 10) {
            pending += rest[..<end]
            rest = rest[(end + 1)...]
            lines += flush()
        }
        pending += rest
        // What is left of an over-long line keeps as much as a secret could need to be seen whole.
        let overlap = redactor.longest
        if pending.count > LineAssembler.longestLine + overlap {
            let clean = redactor.redacted(pending)
            let keep = min(overlap, clean.count)
            lines.append(text(clean.dropLast(keep)))
            pending = Array(clean.suffix(keep))
        }
        return lines
    }

    /// The line begun and not ended, if there is one.
    mutating func finish() -> [String] { pending.isEmpty ? [] : flush() }

    private mutating func flush() -> [String] {
        if pending.last == 13 { pending.removeLast() }
        let clean = redactor.redacted(pending)
        pending = []
        var lines: [String] = []
        var rest = clean[...]
        repeat {
            lines.append(text(rest.prefix(LineAssembler.longestLine)))
            rest = rest.dropFirst(LineAssembler.longestLine)
        } while !rest.isEmpty
        return lines
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Cuts a stream of bytes into lines, whatever pieces it arrives in: in linear time, and keeping a bounded number of bytes.
package struct LineSplitter: Sendable {
    /// What the bytes are.
    package enum Kind: Sendable {
        /// Lines for a program: nothing is changed.
        case data
        /// What a process prints for a terminal: of a line that is written over and over the last state counts, of its
        /// control sequences only colours stay.
        case text
    }

    /// A line, or a part of one that is longer than a line may be.
    package struct Line: Hashable, Sendable {
        /// Without a line break.
        package var bytes: [UInt8]
        /// Whether the line is over; else what follows belongs to it.
        package var isEnd: Bool
    }

    private let longest: Int
    /// How many bytes at the end of a line that continues are held back, so that `clean` sees them together with what follows. For redaction, the
    /// length of the longest secret.
    package var held: Int
    private let clean: @Sendable ([UInt8]) -> [UInt8]
    private var terminal: TerminalFilter?
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - longest: The most bytes of a line that are handed over at once. Text is cut between characters.
    ///   - held: So many bytes at the end of a line that continues stay back, so that `clean` sees what they belong to.
    ///   - clean: Changes a line before it is cut. It may see the last `held` bytes of a part again.
    package init(_ kind: Kind, longest: Int, held: Int = 0, clean: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }) {
        self.longest = max(8, longest)
        self.held = held
        self.clean = clean
        terminal = kind == .text ? TerminalFilter() : nil
    }

    /// Takes in bytes and gives the lines they complete, without their newlines.
    package mutating func take(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var index = 0
        while index < bytes.count {
            if terminal?.isInSequence != true {
                let start = index
                index = terminal == nil ? LineSplitter.newline(in: bytes, from: start) : TerminalFilter.special(in: bytes, from: start)
                if index > start { append(bytes[start..<index], &lines) }
                if index == bytes.count { break }
            }
            if !takeSpecial(bytes[index], &lines) { continue }
            index += 1
        }
        return lines
    }

    /// The line begun and not ended, in parts; empty if there is none.
    package mutating func finish() -> [Line] {
        var lines: [Line] = []
        if !pending.isEmpty { endLine(&lines) }
        terminal = terminal.map { _ in TerminalFilter() }
        return lines
    }

    private static func newline(in bytes: [UInt8], from start: Int) -> Int { bytes[start...].firstIndex(of: 10) ?? bytes.count }

    /// Whether the byte was used up; else it is to be seen again.
    private mutating func takeSpecial(_ byte: UInt8, _ lines: inout [Line]) -> Bool {
        guard let action = terminal?.take(byte) else {
            endLine(&lines)
            return true
        }
        switch action {
        case .nothing: return true
        case .again: return false
        case .endLine: endLine(&lines)
        case .text(let bytes): append(bytes[...], &lines)
        case .againAfter(let bytes):
            append(bytes[...], &lines)
            return false
        case .colour(let bytes): if terminal?.rememberColour(bytes) != true { append(bytes[...], &lines) }
        case .erase: pending = []
        case .eraseLast: TerminalFilter.removeLastCharacter(of: &pending)
        }
        return true
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, _ lines: inout [Line]) {
        if let colours = terminal?.takeReturn() { pending = colours }
        pending += bytes
        let step = max(longest, held)
        guard pending.count >= step + held + 8 else { return }
        // A line as long as that loses its colours: they must not hide what is to be cleaned.
        if terminal != nil { pending = TerminalFilter.withoutColours(pending) }
        pending = clean(pending)
        var start = 0
        while pending.count - start - held >= longest + 8 { start = cut(from: start, isEnd: false, &lines) }
        pending.removeFirst(start)
    }

    private mutating func endLine(_ lines: inout [Line]) {
        pending = clean(pending)
        var start = 0
        while pending.count - start > longest { start = cut(from: start, isEnd: false, &lines) }
        lines.append(Line(bytes: finished(pending[start...]), isEnd: true))
        pending = []
        terminal?.endLine()
    }

    /// Hands over a part as long as may be; gives where the next one begins.
    private func cut(from start: Int, isEnd: Bool, _ lines: inout [Line]) -> Int {
        var end = start + longest
        if terminal != nil { end = TerminalFilter.boundary(in: pending, before: end, after: start) }
        lines.append(Line(bytes: finished(pending[start..<end]), isEnd: isEnd))
        return end
    }

    private func finished(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        terminal == nil ? Array(bytes) : Array(bytes) + TerminalFilter.colourReset(after: bytes)
    }
}

/// Reads what is written to a terminal byte by byte, and says what of it belongs to the text. See ECMA-48 §5.
struct TerminalFilter: Sendable {
    private enum State: Sendable {
        case text
        /// After the first byte of a character that may be a control one (U+0080 to U+009F).
        case control
        case escape
        /// A sequence of intermediate bytes, then a final one.
        case intermediate
        case sequence(parameters: [UInt8])
        /// A title, a link or another string for the terminal, up to BEL or ST.
        case string
        case stringEscape
    }

    enum Action {
        case nothing
        /// The byte is to be given once more.
        case again
        case text([UInt8])
        case againAfter([UInt8])
        case colour([UInt8])
        case endLine
        /// What was written of the line is gone.
        case erase
        case eraseLast
    }

    private static let escape: UInt8 = 27
    private static let longestSequence = 64

    private var state = State.text
    /// Set after a return to the line's begin: the colours since then. What is written next replaces the line.
    private var returned: [UInt8]?

    var isInSequence: Bool { if case .text = state { false } else { true } }

    static func isSpecial(_ byte: UInt8) -> Bool { byte < 32 && byte != 9 || byte == 0xc2 || byte == 127 }

    /// Where the next byte is that does not simply belong to the text, or the end.
    static func special(in bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 32 ? byte != 9 : byte == 0xc2 || byte == 127 { return index }
            index += 1
        }
        return index
    }

    mutating func take(_ byte: UInt8) -> Action {
        switch state {
        case .text: return takeText(byte)
        case .control: return takeControl(byte)
        case .escape: return takeEscape(byte)
        case .intermediate:
            if 0x20...0x2f ~= byte { return .nothing }
            state = .text
            return 0x30...0x7e ~= byte ? .nothing : .again
        case .sequence(let parameters): return takeSequence(byte, parameters)
        case .string:
            switch byte {
            case 7, 24, 26: state = .text
            case TerminalFilter.escape: state = .stringEscape
            case 10:
                // One that was never ended must not swallow the lines after it.
                state = .text
                return .again
            default: break
            }
            return .nothing
        case .stringEscape:
            state = byte == UInt8(ascii: "\\") ? .text : .escape
            return byte == UInt8(ascii: "\\") ? .nothing : .again
        }
    }

    private mutating func takeText(_ byte: UInt8) -> Action {
        switch byte {
        case 10: return .endLine
        case 13:
            returned = []
            return .nothing
        case 8: return .eraseLast
        case TerminalFilter.escape: state = .escape
        case 0xc2: state = .control
        case 7, 14, 15, 127: break
        // Others could forge a line.
        default: return .text([32])
        }
        return .nothing
    }

    private mutating func takeControl(_ byte: UInt8) -> Action {
        state = .text
        switch byte {
        case 0x9b: state = .sequence(parameters: [])
        case 0x90, 0x98, 0x9d, 0x9e, 0x9f: state = .string
        case 0x80...0x9f: break
        default: return .againAfter([0xc2])
        }
        return .nothing
    }

    private mutating func takeEscape(_ byte: UInt8) -> Action {
        switch byte {
        case UInt8(ascii: "["): state = .sequence(parameters: [])
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"): state = .string
        case 0x20...0x2f: state = .intermediate
        case TerminalFilter.escape: break
        case 0x30...0x7e: state = .text
        default:
            state = .text
            return .again
        }
        return .nothing
    }

    private mutating func takeSequence(_ byte: UInt8, _ parameters: [UInt8]) -> Action {
        if 0x20...0x3f ~= byte {
            if parameters.count <= TerminalFilter.longestSequence { state = .sequence(parameters: parameters + [byte]) }
            return .nothing
        }
        state = .text
        guard 0x40...0x7e ~= byte else { return .again }
        let isFirst = parameters.isEmpty || parameters == [UInt8(ascii: "0")] || parameters == [UInt8(ascii: "1")]
        switch byte {
        case UInt8(ascii: "m") where parameters.count <= TerminalFilter.longestSequence && parameters.allSatisfy { 0x30...0x3b ~= $0 }:
            return .colour([TerminalFilter.escape, UInt8(ascii: "[")] + parameters + [byte])
        // To the first column, as a return does; the whole line erased.
        case UInt8(ascii: "G") where isFirst: returned = []
        case UInt8(ascii: "K") where parameters == [UInt8(ascii: "2")]: return .erase
        default: break
        }
        return .nothing
    }

    // MARK: The line

    /// The colours with which a line begins that replaces the one before; nil where none is to be replaced.
    mutating func takeReturn() -> [UInt8]? {
        defer { returned = nil }
        return returned
    }

    /// Whether the colour belongs to what is to replace the line, if that comes.
    mutating func rememberColour(_ bytes: [UInt8]) -> Bool {
        guard let colours = returned else { return false }
        returned = colours.count < TerminalFilter.longestSequence ? colours + bytes : bytes
        return true
    }

    mutating func endLine() { returned = nil }

    /// The reset that a line needs which ends in colour.
    static func colourReset(after line: ArraySlice<UInt8>) -> [UInt8] {
        guard let last = line.lastIndex(of: escape) else { return [] }
        let parameters = line[(last + 1)...].dropFirst().prefix { $0 != UInt8(ascii: "m") }
        return parameters.allSatisfy { $0 == UInt8(ascii: "0") } ? [] : Array("\u{1b}[0m".utf8)
    }

    static func withoutColours(_ line: [UInt8]) -> [UInt8] {
        guard line.contains(escape) else { return line }
        var result: [UInt8] = []
        var isInside = false
        for byte in line {
            if byte == escape { isInside = true } else if !isInside { result.append(byte) } else if byte == UInt8(ascii: "m") { isInside = false }
        }
        return result
    }

    /// The last place that is not beyond `end` and cuts neither a character nor a colour.
    static func boundary(in line: [UInt8], before end: Int, after start: Int) -> Int {
        var cut = end
        while cut > start, end - cut < 3, line[cut] & 0xc0 == 0x80 { cut -= 1 }
        // Where it is no character at all.
        if line[cut] & 0xc0 == 0x80 { cut = end }
        let window = line[max(start, cut - longestSequence - 3)..<cut]
        if let begin = window.lastIndex(of: escape), begin > start, !window[begin...].contains(UInt8(ascii: "m")) { cut = begin }
        return cut > start ? cut : end
    }

    /// What a step back removes; a colour stays.
    static func removeLastCharacter(of line: inout [UInt8]) {
        let isColour =
            line.last == UInt8(ascii: "m")
            && line.suffix(longestSequence + 3).lastIndex(of: escape).map { begin in
                line[(begin + 1)...].dropFirst().dropLast().allSatisfy { 0x30...0x3b ~= $0 }
            } == true
        if isColour { return }
        while let last = line.popLast(), last & 0xc0 == 0x80 {}
    }
}

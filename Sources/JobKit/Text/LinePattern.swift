/// Words that a line is to contain, in which `*` stands for any text: `Listening on *:80`. Case matters, and nothing else is special.
package struct LinePattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// What must follow each other.
    private let parts: [[UInt8]]

    /// Nil for a text that every line would fit.
    package init?(_ text: String) {
        description = text
        parts = text.utf8.split(separator: UInt8(ascii: "*")).map(Array.init)
        if parts.isEmpty { return nil }
    }

    package func fits(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        for part in parts {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}

/// Looks for a line in what a process prints. A value: bytes in as they come, the verdict out.
package struct LineWatch: Sendable {
    /// Of a longer line only the beginning is looked at.
    package static let longest = 8192

    private let pattern: LinePattern
    private var splitters: [LogStream: LineSplitter] = [:]
    /// Streams whose line has been looked at, and is not over.
    private var continued: Set<LogStream> = []

    package init(_ pattern: LinePattern) { self.pattern = pattern }

    /// Whether one of the lines that the bytes complete fits. Colours in it don't count.
    package mutating func take(_ bytes: [UInt8], _ stream: LogStream) -> Bool {
        var isFound = false
        for line in splitters[stream, default: LineSplitter(.text, longest: LineWatch.longest)].take(bytes) {
            if !continued.contains(stream), pattern.fits(TerminalFilter.withoutColours(line.bytes)) { isFound = true }
            if line.isEnd { continued.remove(stream) } else { continued.insert(stream) }
        }
        return isFound
    }
}

import Settings

/// A key that a group sets twice, each on a line of its own.
struct DoubledKey {
    private let key: String
    private let first: SourceLine
    private let second: SourceLine
    /// The text with empty lines instead of the second one and what belongs to it.
    let remaining: String

    private struct SourceLine {
        /// From 0.
        var index: Int
        /// Blanks before the key.
        var margin: Int
    }

    /// - Parameters:
    ///   - line: Where the group begins, from 1.
    ///   - column: The same.
    /// - Returns: Nil where the two can't be distinguished by lines, as in a group in braces.
    init?(_ key: String, line: Int, column: Int, in text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard line >= 1, column >= 1, lines.indices.contains(line - 1) else { return nil }
        let margin = String(repeating: " ", count: column - 1)
        let found = lines.indices.dropFirst(line - 1).filter { index in
            // The first key of a group may be behind the dash of a list.
            let isOfGroup = index == line - 1 || lines[index].hasPrefix(margin)
            return isOfGroup && DoubledKey.begins(lines[index].dropFirst(column - 1), with: key)
        }
        guard found.count >= 2 else { return nil }
        self.key = key
        first = SourceLine(index: found[0], margin: column - 1)
        second = SourceLine(index: found[1], margin: column - 1)
        let end = lines[(found[1] + 1)...].firstIndex { !DoubledKey.belongs($0, below: column - 1) } ?? lines.endIndex
        remaining = lines.enumerated().map { found[1]..<end ~= $0.offset ? "" : $0.element }.joined(separator: "\n")
    }

    func problem(file: String) -> Problem {
        Problem(
            at: SourcePlace(file: file, line: second.index + 1, column: second.margin + 1),
            "\"\(key)\" is set twice in one group, first in line \(first.index + 1)", hint: "keep one of them; what follows was checked with the first")
    }

    /// Whether a line begins with a key and its colon; the key may be in quotes.
    private static func begins(_ line: Substring, with key: String) -> Bool {
        [key, "\"\(key)\"", "'\(key)'"].contains { written in
            guard line.hasPrefix(written) else { return false }
            let rest = line.dropFirst(written.count).drop { $0 == " " }
            return rest.first == ":" && (rest.dropFirst().first?.isWhitespace ?? true)
        }
    }

    /// Whether a line is part of the value of a key with this indentation: deeper, empty, a comment, or an element of its list.
    private static func belongs(_ line: Substring, below margin: Int) -> Bool {
        let content = line.drop { $0 == " " }
        let depth = line.count - content.count
        return content.isEmpty || content.hasPrefix("#") || depth > margin || depth == margin && (content == "-" || content.hasPrefix("- "))
    }
}

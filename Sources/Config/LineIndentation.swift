import Settings

/// Says how a line is indented wrongly, by the lines above it.
struct LineIndentation {
    let file: String
    let lines: [Substring]

    /// - Parameter line: Counted from 1.
    /// - Returns: Nil where the line fits to those above.
    func problem(line: Int) -> Problem? {
        guard lines.indices.contains(line - 1), let margin = margin(lines[line - 1]) else { return nil }
        var above: (text: Substring, margin: Int)?
        // Where the groups begin that the lines above are in, the innermost first.
        var margins: [Int] = []
        for text in lines[..<(line - 1)].reversed() {
            guard let other = self.margin(text) else { continue }
            above = above ?? (text, other)
            if other < margins.last ?? .max { margins.append(other) }
            // The keys of a list's element begin behind the hyphen.
            if text.dropFirst(other).hasPrefix("- ") { margins.append(other + 2) }
            if other == 0 { break }
        }
        guard let above else { return nil }
        let place = SourcePlace(file: file, line: line, column: margin + 1)
        if margin > above.margin, above.text.contains(/^[\s-]*[^:#]+:\s+[^\s|>&{\[#]/) {
            return Problem(
                at: place, "this line has \(margin.counted("blank")) in front of it, and the line above, which has a value, has \(above.margin)",
                hint: "indent both alike: keys of one group all begin in one column")
        }
        guard margin < above.margin, !margins.contains(margin) else { return nil }
        let allowed = Set(margins).sorted().map { "\($0)" }
        return Problem(
            at: place, "this line has \(margin.counted("blank")) in front of it, and the groups that it may be in have \(allowed.joined(separator: ", "))",
            hint: "keys of one group all begin in one column")
    }

    /// The blanks in front of a line; nil for one that is empty or a comment.
    private func margin(_ line: Substring) -> Int? {
        let blanks = line.prefix { $0 == " " }
        guard let first = line[blanks.endIndex...].first, first != "#", !first.isWhitespace else { return nil }
        return blanks.count
    }
}

/// The line at the top of each file that records how it was written: `# written by shipkeeper 0.1.0 init --platform fly --app n8n`.
package struct RecipeMark: Equatable, Sendable {
    /// Of the program that wrote the file.
    package var version: String
    /// The arguments of `init`, unquoted.
    package var options: [String]

    package init(version: String, options: [String]) {
        self.version = version
        self.options = options
    }

    /// The line, without a line break; words are quoted for a shell.
    package var line: String { "# written by shipkeeper \(version) init \(options.map(RecipeMark.quoted).joined(separator: " "))" }

    /// The mark in a file's text; nil where it has none.
    package init?(in text: String) {
        let begin = "# written by shipkeeper "
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(begin) }) else { return nil }
        let words = RecipeMark.words(line.dropFirst(begin.count))
        guard words.count >= 2, words[1] == "init" else { return nil }
        self.init(version: words[0], options: Array(words.dropFirst(2)))
    }

    /// A word as a shell takes it.
    private static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=@%+,".contains($0) }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The words of a line, with quotes and backslashes as `quoted` writes them.
    private static func words(_ line: Substring) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        var isEscaped = false
        for character in line {
            switch character {
            case _ where isEscaped:
                word = (word ?? "") + String(character)
                isEscaped = false
            case "'":
                isQuoted.toggle()
                word = word ?? ""
            case "\\" where !isQuoted: isEscaped = true
            case " " where !isQuoted:
                if let done = word { words.append(done) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}

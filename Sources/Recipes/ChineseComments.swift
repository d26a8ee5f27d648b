/// Comments of the generated files in Chinese.
enum ChineseComments {
    /// The text with each known comment translated.
    static func translated(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard let start = begin(of: line) else { return String(line) }
            let comment = line[start...]
            let key = normalised(comment)
            guard let chinese = table[key] else { return String(line) }
            // Blanks behind the number sign put it in line with others.
            let margin = comment.dropFirst().prefix { $0 == " " }
            return line[..<start] + "#" + margin + chinese
        }.joined(separator: "\n")
    }

    /// Where the comment of a line begins: at a number sign at its start or after a blank, outside of quotes.
    private static func begin(of line: Substring) -> Substring.Index? {
        var quote: Character?
        var isAfterBlank = true
        for index in line.indices {
            let character = line[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "#", isAfterBlank {
                return index
            } else if character == "\"" || character == "'" {
                quote = character
            }
            isAfterBlank = character == " "
        }
        return nil
    }

    private static func normalised(_ comment: Substring) -> String { comment.dropFirst().split(separator: " ").joined(separator: " ") }
}

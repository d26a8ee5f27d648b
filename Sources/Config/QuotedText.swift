/// Text of a variable without the quotes and blanks that other programs' files leave around it.
struct QuotedText {
    let text: String
    /// What was taken off, as a noun; nil where nothing was.
    let taken: String?

    init(_ whole: String) {
        var text = whole.trimmed
        var hasQuotes = false
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            text = String(text.dropFirst().dropLast()).trimmed
            hasQuotes = true
        }
        self.text = text
        taken = text == whole ? nil : hasQuotes ? "quotes" : "blanks or line ends"
    }
}

extension String {
    /// Without blanks and line ends around it.
    fileprivate var trimmed: String {
        let rest = drop { $0.isWhitespace }
        // By index: the first use of a reversed collection costs the start of the program a millisecond. See docs/decisions/014-size-and-start.md.
        var end = rest.endIndex
        while end > rest.startIndex, case let last = rest.index(before: end), rest[last].isWhitespace { end = last }
        return String(rest[..<end])
    }
}

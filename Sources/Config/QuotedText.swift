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
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// One line of text as it may be shown: no control characters that could forge a line or steer a terminal; colours stay.
package enum PrintedText {
    /// The text with line breaks and other control characters replaced by blanks or removed, and colours kept.
    package static func line(_ text: String) -> String {
        guard text.utf8.contains(where: { TerminalFilter.isSpecial($0) }) else { return text }
        var splitter = LineSplitter(.text, longest: .max / 4)
        let lines = splitter.take(Array(text.utf8)) + splitter.finish()
        return lines.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: " ")
    }

    /// The same without colours.
    package static func plain(_ line: [UInt8]) -> [UInt8] { TerminalFilter.withoutColours(line) }
}

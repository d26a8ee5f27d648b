/// One line of text as it may be shown: no control characters that could forge a line or steer a terminal; colours stay.
package enum PrintedText {
    /// The text with line breaks and other control characters replaced by blanks or removed, and colours kept.
    package static func line(_ text: String) -> String {
        guard isSpecial(text) else { return text }
        var splitter = LineSplitter(.text, longest: .max / 4)
        let lines = splitter.take(Array(text.utf8)) + splitter.finish()
        return lines.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: " ")
    }

    /// Whether there may be anything in a text but characters to show and tabs.
    /// - Parameters:
    ///   - besides: A byte that counts as well.
    ///   - except: One that does not.
    package static func isSpecial(_ text: String, besides: UInt8? = nil, except: UInt8? = nil) -> Bool {
        // By a span: bytes of a string that are taken one by one cost more than all else on a line's way to the log.
        let bytes = text.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == besides || TerminalFilter.isSpecial(byte) && byte != except { return true }
        }
        return false
    }

    /// The same without colours.
    package static func plain(_ line: [UInt8]) -> [UInt8] { TerminalFilter.withoutColours(line) }
}

import Settings

/// The likely mistake behind text that is not YAML, found on the line where the parser gave up, or the one before.
struct SyntaxAdvice {
    let file: String
    private let lines: [Substring]

    init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// What the parser was reading when it gave up.
    struct Begun {
        /// In the parser's words, such as `while scanning a quoted scalar`.
        var what: String
        /// Where that begins.
        var place: SourcePlace
    }

    /// - Parameters:
    ///   - line: Where the parser gave up, counted from 1.
    ///   - message: Its own words.
    func problem(line: Int, message: String, _ begun: Begun?) -> Problem? {
        if let begun, begun.what.contains("quoted scalar"), line > begun.place.line {
            return Problem(at: begun.place, "the quotes that begin here are not closed", hint: "close them on the same line")
        }
        if message.contains("another document") {
            return Problem(at: SourcePlace(file: file, line: line, column: 1), "another document begins here", hint: "keep one, and remove the line ---")
        }
        for number in [line, line - 1] where lines.indices.contains(number - 1) {
            let text = lines[number - 1]
            for look in [tab, variableInFlow, unquoted, quoteInQuotes, colonInValue, colonWithoutBlank] {
                if let (index, message, hint) = look(text) {
                    let column = text.distance(from: text.startIndex, to: index) + 1
                    return Problem(at: SourcePlace(file: file, line: number, column: column), message, hint: hint)
                }
            }
        }
        return unclosed(begun) ?? LineIndentation(file: file, lines: lines).problem(line: line)
    }

    /// A list or a group in brackets without its end.
    private func unclosed(_ begun: Begun?) -> Problem? {
        guard let begun, begun.what.contains("flow") else { return nil }
        let isList = begun.what.contains("sequence")
        return Problem(
            at: begun.place, "the \(isList ? "[" : "{") that is here is not closed, or a comma is missing after it",
            hint: "write \(isList ? "]" : "}") at the end, and a comma between two values")
    }

    private typealias Advice = (Substring.Index, message: String, hint: String)

    private func tab(_ line: Substring) -> Advice? {
        guard let index = line.firstIndex(where: { $0 != " " }), line[index] == "\t" else { return nil }
        return (index, "a tab is used for indentation", "YAML wants spaces: replace each tab with two")
    }

    /// `${NAME}` without quotes in `{ … }` or `[ … ]`, whose braces it would end.
    private func variableInFlow(_ line: Substring) -> Advice? {
        guard let found = line.firstMatch(of: /[{,\[]\s*(?:[A-Za-z0-9_.-]+\s*:\s*)?([^"'{},\[\]\s]*\$\{[^}]*\}[^,}\]]*)/) else { return nil }
        return (found.output.1.startIndex, "a variable inside { } or [ ] needs quotes", "write \"\(trimmed(found.output.1))\"")
    }

    /// A cron expression or its like without quotes: `*`, `@` and `%` begin something else in YAML.
    private func unquoted(_ line: Substring) -> Advice? {
        let found = line.firstMatch(of: /(?:^|[:\[,\-{])\s+([*@%][^"',}\]#]*)/) ?? line.firstMatch(of: /\[([*@%][^"',}\]#]*)/)
        guard let value = found?.output.1, let first = value.first else { return nil }
        return (value.startIndex, "a value that begins with \(first) needs quotes", "put it in quotes: \"\(trimmed(value))\"")
    }

    /// `key: "echo "hi""`.
    private func quoteInQuotes(_ line: Substring) -> Advice? {
        guard let found = line.firstMatch(of: /:\s+("[^"]*"[^\s,}\]#"][^#]*)/) else { return nil }
        let value = trimmed(found.output.1)
        guard value.count >= 2, value.hasSuffix("\""), !value.contains("'") else {
            return (found.output.1.startIndex, "the quotes end before the value does", "put the whole value in single quotes")
        }
        return (found.output.1.startIndex, "the quotes end before the value does", "put single quotes around it: '\(value.dropFirst().dropLast())'")
    }

    /// `key: echo: hi`.
    private func colonInValue(_ line: Substring) -> Advice? {
        guard let found = line.firstMatch(of: /^[\s-]*[^\s:"'{\[#][^:"'{\[#]*:\s+([^\s"'{\[#|>][^"'#]*:(?:\s[^#]*)?)$/) else { return nil }
        return (found.output.1.startIndex, "a value with \": \" in it needs quotes", "put it in quotes: \"\(trimmed(found.output.1))\"")
    }

    /// `key:value`, which is one text.
    private func colonWithoutBlank(_ line: Substring) -> Advice? {
        guard let found = line.firstMatch(of: /^[\s-]*([A-Za-z_][A-Za-z0-9_-]*):([^\s:\/#][^:#]*)$/) else { return nil }
        return (found.output.2.startIndex, "a blank is missing after the colon", "write \(found.output.1): \(trimmed(found.output.2))")
    }

    private func trimmed(_ text: Substring) -> String { String(text.reversed().drop(while: \.isWhitespace).reversed()) }
}

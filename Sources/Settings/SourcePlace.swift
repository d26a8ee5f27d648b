/// A place in a configuration file. Line and column count from 1; line 0 is the file as a whole.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    /// The file as the user named it.
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, as compilers write it.
    package var description: String { line == 0 ? file : "\(file):\(line):\(column)" }
}

/// Something wrong in a configuration: what, where, and what to do.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// An error makes the configuration invalid; a warning does not.
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var place: SourcePlace
    /// What is wrong, without a period at its end. Of a long one the middle is cut out (above 4000 characters).
    package var message: String
    /// What to do about it; follows the message after a semicolon.
    package var hint: String?

    package init(_ severity: Severity = .error, at place: SourcePlace, _ message: String, hint: String? = nil) {
        self.severity = severity
        self.place = place
        self.message = Problem.shortened(message)
        self.hint = hint
    }

    /// A file may hold anything, and a message quotes it: what is longer than a page loses its middle.
    private static func shortened(_ message: String) -> String {
        let (longest, kept) = (4000, 1000)
        guard message.utf8.count > longest, message.count > longest else { return message }
        return "\(message.prefix(kept)) … \(message.suffix(kept))"
    }

    /// One line in the form that editors and terminals recognise: `file:line:col: error: …`.
    package var description: String { "\(place): \(severity.rawValue): \(sentence)" }

    /// The same for a log, where the line has a level already: `file:line:col: …`.
    package var logText: String { "\(place): \(sentence)" }

    private var sentence: String { message + (hint.map { "; \($0)" } ?? "") }
}

extension [Problem] {
    /// The problems in the order a reader of the file meets them, each once.
    package var inReadingOrder: [Problem] {
        var seen = Set<Problem>()
        return filter { seen.insert($0).inserted }.enumerated().sorted { left, right in
            let (a, b) = (left.element.place, right.element.place)
            return (a.file, a.line, a.column, left.offset) < (b.file, b.line, b.column, right.offset)
        }.map(\.element)
    }

    /// Whether the configuration is invalid.
    package var hasErrors: Bool { contains { $0.severity == .error } }
}

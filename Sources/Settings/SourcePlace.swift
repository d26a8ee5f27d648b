/// A place in a configuration file, as people count: lines and columns from 1.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

/// Something wrong in a configuration: what, where, and what to do.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var place: SourcePlace
    package var message: String
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
    package var description: String {
        "\(place): \(severity.rawValue): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
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

    package var hasErrors: Bool { contains { $0.severity == .error } }
}

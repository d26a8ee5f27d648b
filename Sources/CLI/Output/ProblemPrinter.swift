import Control
import Foundation
import JobKit
import Processes
import Settings

/// Says problems of a configuration: on standard error a line each, with the place in the file below it on a terminal; with `--json` in the report.
struct ProblemPrinter {
    enum Form: String, CaseIterable, Sendable {
        case text
        /// Annotations of a workflow run on GitHub.
        case github
    }

    private let form: Form
    private let isTerminal: Bool
    private var files: [String: [Substring]] = [:]

    init(form: Form = .text, isTerminal: Bool = Terminal.isError) {
        self.form = form
        self.isTerminal = isTerminal
    }

    /// Prints all of them, and how many there are of each kind where there is an error.
    /// - Parameter consequence: What follows from the errors, such as `nothing was started`.
    mutating func print(_ problems: [Problem], file: String, consequence: String? = nil) {
        if Console.isJSON { return problems.forEach { Console.problem(ProblemAnswer($0)) } }
        for problem in problems { Console.errorRaw(text(problem) + "\n") }
        let errors = problems.count { $0.severity == .error }
        guard errors > 0 else { return }
        let warnings = problems.count - errors
        let counts = [errors.counted("error"), warnings > 0 ? warnings.counted("warning") : nil].compactMap(\.self).joined(separator: " and ")
        Console.errorRaw("\(file): \(counts)\(consequence.map { "; \($0)" } ?? "")\n")
    }

    mutating func text(_ problem: Problem) -> String {
        switch form {
        case .github: return ProblemPrinter.annotation(problem)
        case .text where !isTerminal: return problem.description
        case .text:
            let colour: Console.Colour = problem.severity == .error ? .red : .yellow
            let (whole, severity) = (wrapped(problem.description, width: Console.width, indent: ""), "\(problem.severity.rawValue):")
            let head = whole.replacing(severity, with: Console.paintError(severity, colour), maxReplacements: 1)
            return ([head] + excerpt(problem.place, colour)).joined(separator: "\n")
        }
    }

    /// The line of the file with a caret below the column; none where the file has no such line.
    private mutating func excerpt(_ place: SourcePlace, _ colour: Console.Colour) -> [String] {
        let lines = lines(of: place.file)
        guard lines.indices.contains(place.line - 1), !lines[place.line - 1].allSatisfy(\.isWhitespace) else { return [] }
        // A tab has no width of its own.
        let line = PrintedText.line(String(lines[place.line - 1].replacing("\t", with: " ")))
        let gutter = String(place.line)
        let room = max(20, Console.width - gutter.count - 5)
        let before = DisplayWidth.of(line.prefix(place.column - 1))
        guard before < room else { return [] }
        return [
            Console.paintError("  \(gutter) | ", .grey) + TextTable.cut(line, to: room),
            Console.paintError("  \(String(repeating: " ", count: gutter.count)) | ", .grey) + String(repeating: " ", count: before)
                + Console.paintError("^", colour),
        ]
    }

    private mutating func lines(of file: String) -> [Substring] {
        if let known = files[file] { return known }
        let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        files[file] = lines
        return lines
    }

    /// See https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
    private static func annotation(_ problem: Problem) -> String {
        func property(_ text: String) -> String {
            data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
        }
        func data(_ text: String) -> String { text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A") }
        let message = problem.message + (problem.hint.map { "; \($0)" } ?? "")
        let place = problem.place.line == 0 ? "" : ",line=\(problem.place.line),col=\(problem.place.column)"
        return "::\(problem.severity.rawValue) file=\(property(problem.place.file))\(place)::\(data(message))"
    }
}

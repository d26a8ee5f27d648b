import Control
import Foundation
import Init
import JobKit
import Processes
import Scheduler
import Synchronization

/// What people see: results on standard output, everything else on standard error, colours only on a terminal. With `--json` programs read
/// it instead: answers and problems are collected, and standard output gets the report alone.
enum Console {
    /// The report of this command; nil where people read.
    static let report: JSONReport? = OwnStart.arguments.prefix { $0 != "--" }.contains("--json") ? JSONReport() : nil
    static var isJSON: Bool { report != nil }

    // MARK: For people and programs

    /// Says what is wrong.
    static func problem(_ problem: ProblemAnswer) {
        if let report { return report.add(problem) }
        errorRaw(fitted(problem.message + (problem.hint.map { "\n→ \($0)" } ?? ""), Terminal.isError) + "\n")
    }

    static func error(_ message: String, hint: String? = nil, code: ProblemCode? = nil) {
        problem(ProblemAnswer(message, hint: hint, code: code))
    }

    static func warning(_ message: String, hint: String? = nil) { problem(ProblemAnswer(message, severity: .warning, hint: hint)) }

    /// Says on standard error what is under way, which only people read.
    static func note(_ text: String) { if !isJSON { errorRaw(fitted(text, Terminal.isError) + "\n") } }

    /// Gives the answer to programs; false where people read, who get text instead.
    @discardableResult
    static func answered(_ value: some Encodable & Sendable) -> Bool {
        report?.answer(value)
        return isJSON
    }

    /// Says that items follow, each as a line for programs; there may be none.
    static func beginLines() { report?.beginLines() }

    /// Gives programs one item of what is being followed; false where people read.
    @discardableResult
    static func answeredLine(_ value: some Encodable) -> Bool {
        if let report { write(report.line(value) + "\n") }
        return isJSON
    }

    /// Ends the program. To be called once, when everything is said.
    static func end(_ code: Int32) -> Never {
        if let report { write(report.text(exitCode: code) + "\n") }
        OwnProcess.leave(code: code)
    }

    // MARK: For people

    /// Prints lines. What would steer the terminal is taken out, whether a plug-in, a server or the name of a file brought it.
    static func out(_ text: String) { raw(printable(text) + "\n") }

    /// The same of many lines, written at once; nothing where there is none.
    static func out(_ lines: [String]) { if !lines.isEmpty { out(lines.joined(separator: "\n")) } }

    /// The text without control characters; colours and line breaks stay.
    static func printable(_ text: String) -> String {
        guard PrintedText.isSpecial(text, except: UInt8(ascii: "\n")) else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { PrintedText.line(String($0)) }.joined(separator: "\n")
    }

    /// A sentence: on a terminal broken between words where it is too wide; a script reads it as one line.
    static func say(_ text: String) { out(fitted(text, Terminal.isOutput)) }

    private static func fitted(_ text: String, _ isTerminal: Bool) -> String {
        guard isTerminal else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { wrapped(String($0), width: width, indent: "") }.joined(separator: "\n")
    }

    /// Ends the program with 1 where it can't be written: who asked would take a part for the whole.
    static func raw(_ text: String) { if !isJSON { write(text) } }

    private static func write(_ text: String) {
        clearProgress()
        do throws(StandardStream.Failure) { try StandardStream.output.write(Array(text.utf8)) } catch {
            if !error.isClosed { errorRaw("the output can't be written: \(error)\n") }
            OwnProcess.leave(code: 1)
        }
    }

    /// Where it can't be written, there is nobody to tell.
    static func errorRaw(_ text: String) {
        clearProgress()
        writeError(printable(text))
    }

    private static func writeError(_ text: String) { try? StandardStream.error.write(Array(text.utf8)) }

    // MARK: Progress

    private static let isProgressShown = Mutex(false)

    /// A line on standard error that whatever is written next takes the place of; nothing where nobody looks at a terminal.
    static func progress(_ text: String) {
        guard Terminal.isError else { return }
        isProgressShown.withLock { $0 = true }
        writeError("\r\u{1b}[K\(TextTable.cut(text, to: width - 1))")
    }

    static func clearProgress() {
        let isShown = isProgressShown.withLock { isShown in
            defer { isShown = false }
            return isShown
        }
        if isShown { writeError("\r\u{1b}[K") }
    }

    /// Columns of the terminal; 80 where there is none.
    static var width: Int {
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns >= 40 { return columns }
        return Terminal.width ?? 80
    }

    enum Colour: String {
        case green = "32"
        case yellow = "33"
        case red = "31"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"
        case grey = "90"
        case bold = "1"
    }

    static let hasColours = areColoursWanted(onTerminal: Terminal.isOutput)
    private static let hasErrorColours = areColoursWanted(onTerminal: Terminal.isError)

    /// As https://no-color.org and https://bixense.com/clicolors say; a terminal that calls itself dumb shows none.
    private static func areColoursWanted(onTerminal isTerminal: Bool) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty && $0 != "0" } ?? false }
        if !(environment["NO_COLOR"] ?? "").isEmpty { return false }
        if isSet("FORCE_COLOR") || isSet("CLICOLOR_FORCE") { return true }
        return isTerminal && environment["TERM"] != "dumb"
    }

    static func paint(_ text: String, _ colour: Colour?) -> String { paint(text, colour, hasColours) }
    /// For standard error.
    static func paintError(_ text: String, _ colour: Colour?) -> String { paint(text, colour, hasErrorColours) }

    private static func paint(_ text: String, _ colour: Colour?, _ hasColours: Bool) -> String {
        guard let colour, hasColours else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }
}

extension Console.Colour {
    /// The colour of an outcome; nil for one that is neither good nor bad.
    init?(_ outcome: RunOutcome) {
        switch outcome {
        case .succeeded: self = .green
        case .incomplete: self = .yellow
        case .failed, .timedOut, .interrupted: self = .red
        case .cancelled, .skipped: return nil
        }
    }
}

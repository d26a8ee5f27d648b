import Foundation
import Scheduler
import Processes

/// What people see: results on standard output, everything else on standard error, colours only on a terminal.
enum Console {
    static func out(_ text: String) { raw(text + "\n") }

    /// Ends the program with 1 where it can't be written: who asked would take a part for the whole.
    static func raw(_ text: String) {
        do throws(StandardStream.Failure) { try StandardStream.output.write(Array(text.utf8)) } catch {
            if !error.isClosed { Console.error("the output can't be written: \(error)") }
            OwnProcess.leave(code: 1)
        }
    }

    static func error(_ text: String) { errorRaw(text + "\n") }
    /// Where it can't be written, there is nobody to tell.
    static func errorRaw(_ text: String) { try? StandardStream.error.write(Array(text.utf8)) }

    /// Columns of the terminal; 80 where there is none.
    static var width: Int {
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns >= 40 { return columns }
        return Terminal.width ?? 80
    }

    enum Colour: String {
        case green = "32"
        case yellow = "33"
        case red = "31"
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

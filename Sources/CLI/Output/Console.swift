import Foundation
import Processes

/// What people see: results on standard output, everything else on standard error, colours only on a terminal.
enum Console {
    static func out(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    static func raw(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
    static func errorRaw(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

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

    static let hasColours = Terminal.isOutput && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    static func paint(_ text: String, _ colour: Colour?) -> String {
        guard let colour, hasColours else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }
}

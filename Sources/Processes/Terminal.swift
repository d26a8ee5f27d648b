import CProcess
import Glibc

/// The terminal that standard output or standard error is, where it is one.
package enum Terminal {
    package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    package static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    package static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether questions can be asked and their answers read.
    package static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isOutput && isError }

    /// Shows a prompt and returns the line that is typed, without its end; nil at the end of input. Blocks.
    package static func line(_ prompt: String) -> String? {
        try? StandardStream.error.write(Array(prompt.utf8))
        return readLine()
    }

    /// Asks on the terminal; blocks until there is an answer. True without a terminal: a script has decided already.
    package static func ask(_ question: String) -> Bool {
        guard isInput else { return true }
        // Who types with both outputs sent elsewhere sees no question, and so has not agreed.
        guard isError || isOutput else { return false }
        try? (isError ? StandardStream.error : StandardStream.output).write(Array(question.utf8))
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Columns; nil without a terminal.
    package static var width: Int? {
        let columns = cprocess_terminal_columns(STDOUT_FILENO)
        return columns > 0 ? Int(columns) : nil
    }

    /// Rows; nil without a terminal.
    package static var height: Int? {
        let rows = cprocess_terminal_rows(STDOUT_FILENO)
        return rows > 0 ? Int(rows) : nil
    }
}

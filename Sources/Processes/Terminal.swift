import CProcess
import Glibc

/// The terminal that standard output or standard error is, where it is one.
package enum Terminal {
    package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    package static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns; nil without a terminal.
    package static var width: Int? {
        let columns = cprocess_terminal_columns(STDOUT_FILENO)
        return columns > 0 ? Int(columns) : nil
    }
}

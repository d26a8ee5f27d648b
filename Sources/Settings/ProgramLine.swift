/// A program to run: the words of a command, or a line for the shell.
package enum ProgramLine: Hashable, Sendable, CustomStringConvertible {
    /// The program and its arguments; not empty.
    case command([String])
    /// A line for `/bin/sh -c`.
    case shell(String)

    /// What is executed: the shell line runs in `/bin/sh`.
    package var arguments: [String] {
        switch self {
        case .command(let words): words
        case .shell(let line): ["/bin/sh", "-c", line]
        }
    }

    /// For messages; words are joined without quoting, so it can't be run again.
    package var description: String {
        switch self {
        case .command(let words): words.joined(separator: " ")
        case .shell(let line): line
        }
    }
}

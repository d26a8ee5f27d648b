/// The words of a command, or a line for the shell.
package enum ProgramLine: Hashable, Sendable, CustomStringConvertible {
    case command([String])
    case shell(String)

    /// What is executed: the shell line runs in `/bin/sh`.
    package var arguments: [String] {
        switch self {
        case .command(let words): words
        case .shell(let line): ["/bin/sh", "-c", line]
        }
    }

    package var description: String {
        switch self {
        case .command(let words): words.joined(separator: " ")
        case .shell(let line): line
        }
    }
}

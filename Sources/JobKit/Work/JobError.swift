/// Why an attempt failed, in words a person can act on.
package struct JobError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether another attempt may end differently.
    package enum Retry: Hashable, Sendable {
        case worthwhile
        case pointless
        /// A server said how long to wait.
        case after(Duration)
    }

    /// One sentence with the value that was wrong.
    package var summary: String
    /// What to do about it.
    package var hint: String?
    package var retry: Retry
    /// The exit code of the process that failed, where there was one.
    package var exitCode: Int32?

    package init(_ summary: String, hint: String? = nil, retry: Retry = .pointless, exitCode: Int32? = nil) {
        self.summary = summary
        self.hint = hint
        self.retry = retry
        self.exitCode = exitCode
    }

    package var description: String { hint.map { "\(summary) (\($0))" } ?? summary }
}

/// Why an attempt failed, with what to do about it.
package struct JobError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether another attempt may end differently.
    package enum Retry: Hashable, Sendable {
        /// Another attempt may succeed, after the policy's own wait.
        case worthwhile
        /// The same would happen again until something was changed manually.
        case pointless
        /// A server asked to wait this long: the run is deferred, which does not count as an attempt.
        case after(Duration)
    }

    /// One sentence with the value that was wrong.
    package var summary: String
    /// What to do about it.
    package var hint: String?
    /// Advice for the retry policy of the job, which may allow fewer attempts.
    package var retry: Retry
    /// The exit code of the process that failed, where there was one.
    package var exitCode: Int32?

    package init(_ summary: String, hint: String? = nil, retry: Retry = .pointless, exitCode: Int32? = nil) {
        self.summary = summary
        self.hint = hint
        self.retry = retry
        self.exitCode = exitCode
    }

    /// The summary with the hint in brackets.
    package var description: String { hint.map { "\(summary) (\($0))" } ?? summary }
}

/// One thing that a job or a plug-in was tried for, and how it went.
package struct JobCheck: Hashable, Sendable, Encodable {
    package enum Verdict: String, Hashable, Sendable, Encodable {
        case ok, warning, failed, skipped
    }

    /// What was tried, in a few words.
    package var name: String
    package var verdict: Verdict
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ name: String, _ verdict: Verdict, _ message: String, hint: String? = nil) {
        self.name = name
        self.verdict = verdict
        self.message = message
        self.hint = hint
    }

    package init(_ name: String, _ error: JobError) {
        self.init(name, .failed, error.summary, hint: error.hint)
    }
}

/// One check of `doctor` or `plugins check`, and its result.
package struct JobCheck: Hashable, Sendable, Encodable {
    /// `warning`: it works, with a risk; `skipped`: it could not be tried. The raw values are part of JSON outputs.
    package enum Verdict: String, Hashable, Sendable, Encodable {
        case ok, warning, failed, skipped
    }

    /// What was tried, in a few words.
    package var name: String
    package var verdict: Verdict
    /// The result, for people, without a period at its end.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ name: String, _ verdict: Verdict, _ message: String, hint: String? = nil) {
        self.name = name
        self.verdict = verdict
        self.message = message
        self.hint = hint
    }

    /// A failed check, with the error's summary and hint.
    package init(_ name: String, _ error: JobError) {
        self.init(name, .failed, error.summary, hint: error.hint)
    }
}

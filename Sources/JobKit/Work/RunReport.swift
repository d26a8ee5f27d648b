/// What an attempt that did its work reports.
package struct RunReport: Hashable, Sendable {
    /// One line for people: `stored 214 files, 12.3 MB`. The program never parses it.
    package var summary: String
    /// The facts, typed by family of job.
    package var result: RunResult
    /// What needs manual action although the attempt did its work. It is shown until a later run of the job reports.
    package var attention: [Attention]

    package init(summary: String, result: RunResult, attention: [Attention] = []) {
        self.summary = summary
        self.result = result
        self.attention = attention
    }

    /// A report whose figures the program only stores and shows, such as a plug-in's.
    package init(summary: String, outputs: [String: OutputValue] = [:]) {
        self.init(summary: summary, result: .values(outputs))
    }

    /// The figures for other programs.
    package var outputs: [String: OutputValue] { result.outputs }
}

/// Something that needs manual action, reported by the part of the program that knows the fact.
package struct Attention: Hashable, Sendable, Codable {
    /// One sentence, without a period at its end.
    package var message: String
    /// What to do about it; nil where the message says all.
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

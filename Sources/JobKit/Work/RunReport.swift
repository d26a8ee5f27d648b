/// What a successful attempt has to say.
package struct RunReport: Hashable, Sendable {
    /// One line for people: `stored 214 files, 12.3 MB`.
    package var summary: String
    /// Figures for other programs, such as `bytes` or `latency_ms`.
    package var outputs: [String: String]

    package init(summary: String, outputs: [String: String] = [:]) {
        self.summary = summary
        self.outputs = outputs
    }
}

/// How far an attempt has come.
package struct RunProgress: Hashable, Sendable, Codable {
    package var done: Int64
    /// Nil while the whole is not known.
    package var total: Int64?
    /// What is counted: `files`, `bytes`.
    package var unit: String
    /// The step at hand, such as `packing` or `unpacking`.
    package var step: String
    /// Bytes moved so far, where bytes are not what is counted.
    package var bytes: Int64?

    package init(step: String, done: Int64, total: Int64? = nil, unit: String, bytes: Int64? = nil) {
        self.step = step
        self.done = done
        self.total = total
        self.unit = unit
        self.bytes = bytes
    }
}

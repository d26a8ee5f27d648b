/// How far an attempt has come: a step, and how much of it is done, in things, in bytes, or in both.
package struct RunProgress: Hashable, Sendable {
    /// Things that are done one after the other, such as files.
    package struct Count: Hashable, Sendable {
        package var done: Int64
        /// Nil while the whole is not known.
        package var total: Int64?
        /// What is counted: `files`.
        package var unit: String

        package init(done: Int64, total: Int64? = nil, unit: String) {
            self.done = done
            self.total = total
            self.unit = unit
        }
    }

    /// Bytes that have been read, sent or received in this step.
    package struct Bytes: Hashable, Sendable {
        /// At least 0.
        package let done: Int64
        /// Nil while the whole is not known; never less than `done`.
        package let total: Int64?

        /// What grows while it is read may become more than was expected.
        package init(done: Int64, total: Int64? = nil) {
            self.done = max(0, done)
            self.total = total.map { max(0, done, $0) }
        }
    }

    /// The step at hand, such as `packing` or `unpacking`.
    package var step: String
    package var count: Count?
    package var bytes: Bytes?

    package init(step: String, count: Count? = nil, bytes: Bytes? = nil) {
        self.step = step
        self.count = count
        self.bytes = bytes
    }

    /// Progress in things alone.
    package init(step: String, done: Int64, total: Int64? = nil, unit: String) {
        self.init(step: step, count: Count(done: done, total: total, unit: unit))
    }
}

/// How far an attempt has come, and how fast it is at that instant.
package struct MeasuredProgress: Hashable, Sendable {
    package var progress: RunProgress
    package var pace: Pace

    package init(_ progress: RunProgress, _ pace: Pace = Pace()) {
        self.progress = progress
        self.pace = pace
    }
}

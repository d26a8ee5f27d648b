import Control
import Foundation
import JobKit

/// One line of a job's log, as it is printed and as `--json` has it.
struct LogEntry: Encodable, Sendable {
    var job: String
    var run: Int64
    /// Nil for lines of versions that did not record it.
    var at: Date?
    var source: LogLine.Source
    var text: String

    init(_ line: LogAnswer.Line, job: String, run: Int64) {
        self.job = job
        self.run = run
        at = line.at
        source = line.source
        text = line.text
    }
}

/// The lines of a command that does not follow, as `--json` has them.
struct LogEntries: Encodable, Sendable {
    var lines: [LogEntry]
}

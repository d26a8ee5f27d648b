package import Foundation
package import JobKit
import Scheduler

/// A part of a run's log.
package struct LogAnswer: ValueAnswer {
    package struct Line: Codable, Hashable, Sendable {
        /// Nil for lines of versions that did not record it.
        package var at: Date?
        package var source: LogLine.Source
        package var text: String

        package init(_ line: LogLine) {
            at = line.at
            source = line.source
            text = line.text
        }

        /// As people read it: shipkeeper's own lines begin with `#`.
        package var displayText: String { LogLine(at: at, source: source, text: text).displayText }
    }

    package var job: String
    package var run: Int64
    package var lines: [Line]
    /// Where the next part begins, as an offset in bytes.
    package var next: Int64
    /// Whether there was nothing behind these lines when they were read.
    package var isLast: Bool
    /// Whether the run has ended.
    package var isFinished: Bool

    init(_ run: Run, _ page: LogPage?, from start: LogStart) {
        job = run.job
        self.run = run.id
        lines = page?.lines.map(Line.init) ?? []
        let beginning: Int64 = if case .offset(let offset) = start { offset } else { 0 }
        next = page?.next ?? beginning
        isLast = page?.isLast ?? true
        isFinished = run.state.outcome != nil
    }
}

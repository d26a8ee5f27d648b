package import Foundation

/// Where to begin to read a log.
package enum LogStart: Hashable, Sendable {
    /// At a byte of the log, counted from the first one ever written: 0, or `next` of an earlier page.
    case offset(Int64)
    /// At the last so many lines.
    case last(Int)
    /// At the first line of an instant or later.
    case since(Date)
}

/// A part of a run's log.
package struct LogPage: Hashable, Sendable {
    package var lines: [LogLine]
    /// Where the next page begins, as an offset in bytes.
    package var next: Int64
    /// Whether there was nothing behind it when it was read.
    package var isLast: Bool

    package init(lines: [LogLine], next: Int64, isLast: Bool) {
        self.lines = lines
        self.next = next
        self.isLast = isLast
    }
}

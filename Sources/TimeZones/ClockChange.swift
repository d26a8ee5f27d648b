package import Foundation

/// A change of a zone's clocks.
package struct ClockChange: Hashable, Sendable {
    /// The first instant at which the wall shows the new time.
    package let at: Date
    /// Seconds ahead of UTC, before and after.
    package let before: Int
    package let after: Int
}

extension Zone {
    /// The changes in [start, end), oldest first. Looks once for each half day.
    package func changes(from start: Date, to end: Date) -> [ClockChange] {
        var (found, cursor) = ([ClockChange](), start)
        while cursor < end {
            let next = min(end, cursor + 43_200)
            let (before, after) = (offset(at: cursor), offset(at: next))
            if before != after { found.append(ClockChange(at: change(between: cursor, and: next, from: before), before: before, after: after)) }
            cursor = next
        }
        return found
    }

    private func change(between start: Date, and end: Date, from before: Int) -> Date {
        var (low, high) = (start.timeIntervalSince1970.rounded(.down), end.timeIntervalSince1970.rounded(.up))
        while low + 1 < high {
            let middle = ((low + high) / 2).rounded(.down)
            if offset(at: Date(timeIntervalSince1970: middle)) == before { low = middle } else { high = middle }
        }
        return Date(timeIntervalSince1970: high)
    }
}

package import Foundation
package import TimeZones

extension CronExpression {
    /// The first scheduled time after `instant`, by the local time of `zone`; nil beyond the years that dates are computed for.
    ///
    /// A fixed local time that a change of the clocks skips comes just after the gap; one that is repeated comes once, the
    /// first time. A schedule that follows elapsed time comes in both passes and not in the gap.
    package func next(after instant: Date, in zone: Zone) -> Date? {
        followsElapsedTime ? nextElapsed(after: instant, in: zone) : nextFixed(after: instant, in: zone)
    }

    /// How many scheduled times are in (start, end]. Whole days are counted at once where no change of the clocks is near.
    package func count(after start: Date, upTo end: Date, in zone: Zone) -> Int {
        var (total, cursor) = (0, start)
        while cursor < end {
            // From the last second of one day to that of the next, so that midnight belongs to the day that it begins.
            let wall = zone.wallSeconds(at: cursor) + 1
            let day = CivilDate.floorDivide(wall, 86_400)
            let last = Date(timeIntervalSince1970: Double((day + 1) * 86_400 - 1 - zone.offset(at: cursor)))
            if wall == day * 86_400, last <= end, zone.isSteady(around: cursor) {
                total += timesOn(day: day)
            } else {
                var fire = next(after: cursor, in: zone)
                while let found = fire, found <= min(last, end) { (total, fire) = (total + 1, next(after: found, in: zone)) }
            }
            cursor = last
        }
        return total
    }

    private func nextFixed(after instant: Date, in zone: Zone) -> Date? {
        var wall = CivilTime(seconds: zone.wallSeconds(at: instant) + 1)
        for _ in 0..<100_000 {
            guard let match = firstMatch(from: wall) else { return nil }
            let found = zone.firstInstant(showing: match)
            if found > instant { return found }
            // In the second pass: all that the wall has shown in the first one has come.
            wall = max(CivilTime(seconds: match.seconds + 1), zone.endOfFirstPass(at: instant) ?? match)
        }
        return nil
    }

    private func nextElapsed(after instant: Date, in zone: Zone) -> Date? {
        var start = Date(timeIntervalSince1970: instant.timeIntervalSince1970.rounded(.down) + 1)
        for _ in 0..<10_000 {
            let offset = zone.offset(at: start)
            guard let match = firstMatch(from: CivilTime(seconds: zone.wallSeconds(at: start))) else { return nil }
            let found = Date(timeIntervalSince1970: Double(match.seconds - offset))
            // What a later change repeats has been shown before it, so only one that is near can bring what comes before the match.
            let near = min(found, start.addingTimeInterval(Zone.longestShift))
            if zone.offset(at: near) != offset {
                start = zone.change(between: start, and: near)
            } else if near == found {
                return found
            } else {
                // The clocks may have changed twice until then: the wall may show the match twice, or not at all.
                let first = zone.firstInstant(showing: match)
                if zone.wallSeconds(at: first) == match.seconds { return first }
                start = first
            }
        }
        return nil
    }
}

extension Zone {
    /// No wall was ever set by more than this, in seconds.
    fileprivate static let longestShift = 26.0 * 3600

    /// Whether the clocks do not change within three days of `instant`.
    fileprivate func isSteady(around instant: Date) -> Bool {
        let offsets = [-3.0, 0, 3].map { offset(at: instant.addingTimeInterval($0 * 86_400)) }
        return offsets.allSatisfy { $0 == offsets[0] }
    }

    /// Seconds that the wall shows at `instant`, counted like a UTC time.
    fileprivate func wallSeconds(at instant: Date) -> Int {
        Int(instant.timeIntervalSince1970.rounded(.down)) + offset(at: instant)
    }

    /// What the wall showed when it was set back shortly before `instant`; nil where it was not, or shows later times by now.
    fileprivate func endOfFirstPass(at instant: Date) -> CivilTime? {
        let before = instant.addingTimeInterval(-Zone.longestShift)
        let old = offset(at: before)
        guard old > offset(at: instant) else { return nil }
        let end = CivilTime(seconds: Int(change(between: before, and: instant).timeIntervalSince1970) + old)
        return end.seconds > wallSeconds(at: instant) ? end : nil
    }

    /// The first instant at which the wall shows `time`, or the end of the gap that skips it.
    fileprivate func firstInstant(showing time: CivilTime) -> Date {
        let wall = Double(time.seconds)
        let before = offset(at: Date(timeIntervalSince1970: wall - Zone.longestShift))
        let after = offset(at: Date(timeIntervalSince1970: wall + Zone.longestShift))
        let steady = Date(timeIntervalSince1970: wall - Double(before))
        if before == after, offset(at: steady) == before { return steady }
        let candidates = Set([before, after]).map { (offset: $0, instant: Date(timeIntervalSince1970: wall - Double($0))) }
        let shown = candidates.filter { offset(at: $0.instant) == $0.offset }.map(\.instant)
        if let first = shown.min() { return first }
        let instants = candidates.map(\.instant)
        return change(between: (instants.min() ?? .distantPast).addingTimeInterval(-60), and: instants.max() ?? .distantFuture)
    }

    /// The first second in (start, end] whose offset differs from that of `start`, where there is one change.
    fileprivate func change(between start: Date, and end: Date) -> Date {
        let before = offset(at: start)
        var (low, high) = (Int(start.timeIntervalSince1970.rounded(.down)), Int(end.timeIntervalSince1970.rounded(.up)))
        while low + 1 < high {
            let middle = (low + high) / 2
            if offset(at: Date(timeIntervalSince1970: Double(middle))) == before { low = middle } else { high = middle }
        }
        return Date(timeIntervalSince1970: Double(high))
    }
}

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
        // Where the wall went back just before `instant`, start early enough to see what the first pass holds.
        let hasChanged = zone.offset(at: instant) != zone.offset(at: instant.addingTimeInterval(-3 * 3600))
        var wall = CivilTime(minutes: CivilDate.floorDivide(zone.wallSeconds(at: instant) - (hasChanged ? 3 * 3600 : 0), 60))
        for _ in 0..<100_000 {
            guard let match = firstMatch(from: wall) else { return nil }
            let found = zone.firstInstant(showing: match)
            if found > instant { return found }
            wall = CivilTime(minutes: match.minutes + 1)
        }
        return nil
    }

    private func nextElapsed(after instant: Date, in zone: Zone) -> Date? {
        var start = instant.addingTimeInterval(60)
        for _ in 0..<10_000 {
            let offset = zone.offset(at: start)
            let wall = CivilTime(minutes: CivilDate.floorDivide(zone.wallSeconds(at: start), 60))
            guard let match = firstMatch(from: wall) else { return nil }
            let found = Date(timeIntervalSince1970: Double(match.minutes * 60 - offset))
            if zone.offset(at: found) == offset { return found }
            start = zone.change(between: start, and: found)
        }
        return nil
    }
}

extension Zone {
    /// Whether the clocks do not change within three days of `instant`.
    fileprivate func isSteady(around instant: Date) -> Bool {
        let offsets = [-3.0, 0, 3].map { offset(at: instant.addingTimeInterval($0 * 86_400)) }
        return offsets.allSatisfy { $0 == offsets[0] }
    }

    /// Seconds that the wall shows at `instant`, counted like a UTC time.
    fileprivate func wallSeconds(at instant: Date) -> Int {
        Int(instant.timeIntervalSince1970.rounded(.down)) + offset(at: instant)
    }

    /// The first instant at which the wall shows `time`, or the end of the gap that skips it.
    fileprivate func firstInstant(showing time: CivilTime) -> Date {
        let wall = Double(time.minutes * 60)
        let before = offset(at: Date(timeIntervalSince1970: wall - 26 * 3600))
        let after = offset(at: Date(timeIntervalSince1970: wall + 26 * 3600))
        let candidates = Set([before, after]).map { (offset: $0, instant: Date(timeIntervalSince1970: wall - Double($0))) }
        let shown = candidates.filter { offset(at: $0.instant) == $0.offset }.map(\.instant)
        if let first = shown.min() { return first }
        let instants = candidates.map(\.instant)
        return change(between: (instants.min() ?? .distantPast).addingTimeInterval(-60), and: instants.max() ?? .distantFuture)
    }

    /// The first second in (start, end] whose offset differs from that of `start`.
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

package import Foundation
import JobKit
import Settings
package import TimeZones

/// A trigger that follows the clock.
package enum Schedule: Hashable, Sendable {
    case every(Duration)
    case cron(CronExpression, Zone)

    /// The first scheduled time after `instant`; for an interval, one interval after it.
    package func next(after instant: Date) -> Date? {
        switch self {
        case .every(let length): instant.adding(length)
        case .cron(let expression, let zone): expression.next(after: instant, in: zone)
        }
    }

    /// The first scheduled time at or after an instant; nil where there is none.
    /// - Parameter known: A scheduled time that an interval is counted from, in both directions; without one it has no times.
    package func first(from start: Date, known: Date?) -> Date? {
        guard case .every(let length) = self else { return next(after: start.addingTimeInterval(-0.001)) }
        guard let known else { return nil }
        let steps = (start.timeIntervalSince(known) / length.seconds - 1e-6).rounded(.up)
        return known.addingTimeInterval(steps * length.seconds)
    }

    /// Under this name the cursor is stored: a schedule that is changed starts with a cursor of its own.
    package var name: String {
        switch self {
        case .every(let length): "every \(DurationText.format(length))"
        case .cron(let expression, let zone): "cron \(expression.text) \(zone.name)"
        }
    }

    /// For messages: `every 16m`.
    package var readable: String {
        switch self {
        case .every(let length): "every \(DurationText.format(length))"
        case .cron(let expression, _): "cron \(expression.text)"
        }
    }

    /// The zone whose local time it follows; nil for an interval.
    package var zone: Zone? {
        switch self {
        case .cron(_, let zone): zone
        case .every: nil
        }
    }

    /// The same with another zone in the place of its own.
    func replacingZone(_ replacement: (Zone) -> Zone) -> Schedule {
        switch self {
        case .cron(let expression, let zone): .cron(expression, replacement(zone))
        case .every: self
        }
    }

    /// The newest scheduled time in (start, end]. Looks back in growing steps, so that years asleep cost little.
    func newest(after start: Date, upTo end: Date) -> Date? {
        if case .every(let length) = self {
            let steps = (end.timeIntervalSince(start) / length.seconds).rounded(.down)
            return steps < 1 ? nil : start.addingTimeInterval(steps * length.seconds)
        }
        for back in [3600.0, 86_400, 40 * 86_400, 400 * 86_400, .infinity] {
            let from = max(start, end.addingTimeInterval(-min(back, 1e10)))
            var found: Date?
            var cursor = from
            while let fire = next(after: cursor), fire <= end { (found, cursor) = (fire, fire) }
            if found != nil || from == start { return found }
        }
        return nil
    }

    /// How many scheduled times are in (start, end]. Counts whole days where the clocks do not change, so that years cost little.
    package func count(after start: Date, upTo end: Date) -> Int {
        guard start < end else { return 0 }
        return switch self {
        // Instants are rounded: one that is a multiple but for that counts.
        case .every(let length): Int(((end.timeIntervalSince(start) + 1e-4) / length.seconds).rounded(.down))
        case .cron(let expression, let zone): expression.count(after: start, upTo: end, in: zone)
        }
    }
}

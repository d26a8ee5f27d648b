package import Foundation
package import TimeZones

extension CronExpression {
    /// What a change of the clocks does to a schedule.
    package enum ChangeEffect: Hashable, Sendable {
        /// A time that is skipped comes just after the gap.
        case moved(to: Date)
        /// All times of that day are skipped, and none comes.
        case leftOut
        /// A time that is shown twice comes the first time.
        case once
        /// It comes both times.
        case twice
    }

    /// The effect of a change in the zone; nil for none.
    package func effect(of change: ClockChange, in zone: Zone) -> ChangeEffect? {
        let at = Int(change.at.timeIntervalSince1970)
        let (from, to) = (at + min(change.before, change.after), at + max(change.before, change.after))
        guard let match = firstMatch(from: CivilTime(seconds: from)), match.seconds < to else { return nil }
        if change.after < change.before { return followsElapsedTime ? .twice : .once }
        guard followsElapsedTime else { return .moved(to: change.at) }
        let day = CivilTime(day: CivilTime(seconds: to).day)
        let start = Date(timeIntervalSince1970: Double(day.seconds - change.before - 1))
        return next(after: start, in: zone).map { $0 < start + 86_400 } == true ? nil : .leftOut
    }
}

import Foundation
import Settings
import TimeZones

/// An instant as people write it, as exact as they write it: `2026-11-22`, `2026-11-22T14:30`, `2026-11-22 14:30:05`, `yesterday`, `2h ago`; in the zone in which
/// times are shown, or with an offset such as `+08:00` or `Z`.
enum Instant {
    /// The stretch of time that the text covers: a whole day, a minute, a second.
    /// - Parameter now: What `today`, `yesterday` and `2h ago` are counted from.
    static func parse(_ text: String, now: Date = Date()) -> (start: Date, end: Date)? {
        if let days = ["today": 0, "yesterday": 1][text.lowercased()] {
            let wall = Int(now.timeIntervalSince1970) + ShownTime.zone.offset(at: now)
            let day = wall / CivilDate.daySeconds - days
            return (instant(day * CivilDate.daySeconds, nil), instant((day + 1) * CivilDate.daySeconds, nil))
        }
        if text.hasSuffix(" ago"), let length = DurationText.parse(String(text.dropLast(4))) {
            let date = now.addingTimeInterval(-length.seconds)
            return (date, date)
        }
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(?: ?(Z|[+-]\d\d:\d\d))?/
        guard let found = text.wholeMatch(of: pattern)?.output, let year = Int(found.1), let month = Int(found.2), let day = Int(found.3) else { return nil }
        let (hour, minute, second) = (Int(found.4 ?? "0") ?? 0, Int(found.5 ?? "0") ?? 0, found.6.flatMap { Int($0) })
        let number = CivilDate.day(year: year, month: min(12, max(1, month))) + day - 1
        // A day that does not exist, such as the 30th of February, leads to another month.
        guard CivilDate.date(ofDay: number) == (year, month, day), hour < 24, minute < 60, second ?? 0 < 60 else { return nil }
        let wall = number * CivilDate.daySeconds + hour * 3600 + minute * 60 + (second ?? 0)
        let length = found.4 == nil ? CivilDate.daySeconds : second == nil ? 60 : 1
        let offset = found.7.map(seconds)
        return (instant(wall, offset), instant(wall + length, offset))
    }

    /// When the wall shows this.
    private static func instant(_ wall: Int, _ offset: Int?) -> Date {
        let guess = wall - (offset ?? ShownTime.zone.offset(at: Date(timeIntervalSince1970: Double(wall))))
        guard offset == nil else { return Date(timeIntervalSince1970: Double(guess)) }
        return Date(timeIntervalSince1970: Double(wall - ShownTime.zone.offset(at: Date(timeIntervalSince1970: Double(guess)))))
    }

    /// `+08:00` or `Z` in seconds ahead of UTC.
    private static func seconds(_ offset: Substring) -> Int {
        let parts = offset.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2 else { return 0 }
        return (offset.hasPrefix("-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60)
    }
}

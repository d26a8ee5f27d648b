package import Foundation
import Settings

/// An instant as people write it, as exact as they write it: the stretch of time that the text covers.
///
///     2026-11-22            a day
///     2026-11-22T14:30      a minute; a blank in place of the T as well
///     2026-11-22 14:30:05   a second; a fraction of it is an instant
///     14:30                 the last time that the wall showed it
///     today, yesterday      a day
///     2h ago                an instant
///
/// A date may end with an offset such as `+08:00`, or with `Z`.
package struct WrittenInstant: Hashable, Sendable {
    package let start: Date
    /// The first instant that is no longer covered; `start` itself where the text names an instant.
    package let end: Date

    private init(_ start: Date, seconds: Double) { (self.start, end) = (start, start.addingTimeInterval(seconds)) }

    /// Nil for what is none of these forms, or no time of the calendar.
    /// - Parameters:
    ///   - zone: Of the wall that a text without an offset means.
    ///   - now: What `14:30`, `today` and `2h ago` are counted from.
    package static func parse(_ text: String, in zone: Zone, now: Date) -> WrittenInstant? {
        relative(text.lowercased(), zone, now) ?? dated(text, zone)
    }

    /// 0001-01-01 in UTC: what is before it has no written form.
    private static let firstYear = Date(timeIntervalSince1970: -62_135_596_800)

    private static func relative(_ text: String, _ zone: Zone, _ now: Date) -> WrittenInstant? {
        let wall = Int(now.timeIntervalSince1970.rounded(.down)) + zone.offset(at: now)
        let today = CivilDate.floorDivide(wall, CivilDate.daySeconds) * CivilDate.daySeconds
        if let days = ["today": 0, "yesterday": 1][text] {
            let start = today - days * CivilDate.daySeconds
            let (first, next) = (instant(start, zone), instant(start + CivilDate.daySeconds, zone))
            return WrittenInstant(first, seconds: next.timeIntervalSince(first))
        }
        if text.hasSuffix(" ago"), let length = DurationText.parse(String(text.dropLast(4))) {
            let instant = now.addingTimeInterval(-length.seconds)
            return instant >= firstYear ? WrittenInstant(instant, seconds: 0) : nil
        }
        guard let found = text.wholeMatch(of: /(\d\d?):(\d\d)/)?.output, let hour = Int(found.1), let minute = Int(found.2), hour < 24, minute < 60 else {
            return nil
        }
        let time = today + hour * 3600 + minute * 60
        let start = instant(time, zone)
        return WrittenInstant(start > now ? instant(time - CivilDate.daySeconds, zone) : start, seconds: 60)
    }

    private static func dated(_ text: String, _ zone: Zone) -> WrittenInstant? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?(?: ?(Z|[+-]\d\d:\d\d))?/
        guard let found = text.wholeMatch(of: pattern)?.output, let year = Int(found.1), let month = Int(found.2), let day = Int(found.3) else { return nil }
        let (hour, minute, second) = (Int(found.4 ?? "0") ?? 0, Int(found.5 ?? "0") ?? 0, found.6.flatMap { Int($0) })
        let number = CivilDate.day(year: year, month: min(12, max(1, month))) + day - 1
        // A day that does not exist, such as the 30th of February, leads to another month.
        guard CivilDate.date(ofDay: number) == (year, month, day), hour < 24, minute < 60, second ?? 0 < 60 else { return nil }
        let wall = number * CivilDate.daySeconds + hour * 3600 + minute * 60 + (second ?? 0)
        func at(_ wall: Int) -> Date { found.8.map { Date(timeIntervalSince1970: Double(wall - ahead($0))) } ?? instant(wall, zone) }
        if let fraction = found.7.flatMap({ Double("0\($0)") }) { return WrittenInstant(at(wall).addingTimeInterval(fraction), seconds: 0) }
        guard found.4 == nil else { return WrittenInstant(at(wall), seconds: second == nil ? 60 : 1) }
        return WrittenInstant(at(wall), seconds: at(wall + CivilDate.daySeconds).timeIntervalSince(at(wall)))
    }

    /// When the wall shows this.
    private static func instant(_ wall: Int, _ zone: Zone) -> Date {
        let guess = wall - zone.offset(at: Date(timeIntervalSince1970: Double(wall)))
        return Date(timeIntervalSince1970: Double(wall - zone.offset(at: Date(timeIntervalSince1970: Double(guess)))))
    }

    /// `+08:00` or `Z` in seconds ahead of UTC.
    private static func ahead(_ offset: Substring) -> Int {
        let parts = offset.dropFirst().split(separator: ":").compactMap { Int($0) }
        return parts.count == 2 ? (offset.hasPrefix("-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60) : 0
    }
}

package import Foundation

/// A time zone: how far local time is ahead of UTC, at any instant, as the C library computes it (tzset(3)). A value that is read once: see
/// `ZoneFinder` for where it comes from.
package struct Zone: Hashable, Sendable {
    private enum Rules: Hashable, Sendable {
        case file(ZoneData)
        case posix(PosixZone)
    }

    /// As `TZ` or `timezone` names it: `Asia/Shanghai`, `CST-8`, `/etc/localtime`.
    package let name: String
    private let rules: Rules?
    /// The file it was read from, to check whether that has changed; nil for a rule and for UTC.
    package let file: ZoneFile?

    /// Always UTC, without any file.
    package static let utc = Zone(name: "UTC")

    private init(name: String) { (self.name, rules, file) = (name, nil, nil) }

    init(name: String, _ data: ZoneData, from file: ZoneFile) { (self.name, rules, self.file) = (name, .file(data), file) }

    /// A zone that follows a POSIX rule, without a file.
    package init(name: String, _ rule: PosixZone) { (self.name, rules, file) = (name, .posix(rule), nil) }

    /// Seconds that local time is ahead of UTC; negative west of Greenwich.
    package func offset(at date: Date) -> Int {
        let instant = Int(max(-1e15, min(1e15, date.timeIntervalSince1970)).rounded(.down))
        return switch rules {
        case .file(let data): data.offset(at: instant)
        case .posix(let rule): rule.offset(at: instant)
        case nil: 0
        }
    }

    /// The value of `TZ` that makes a program use this zone; nil where it must be unset, so that it uses `/etc/localtime`.
    package var variable: String? { file?.path == ZoneFinder.localFile ? nil : name }

    // MARK: Times as people read them

    /// `2026-11-27 03:00 +08:00`, with `withSeconds` `2026-11-27 03:00:05 +08:00`.
    package func text(_ date: Date, withSeconds: Bool = false) -> String {
        let wall = WallText(date, offset(at: date))
        return "\(wall.day) \(wall.minute)\(withSeconds ? ":\(wall.second)" : "") \(wall.offset)"
    }

    /// `2026-11-27T03:00:05+08:00`, with `Z` where the wall shows UTC: one word, for lines of a log. See RFC 3339.
    package func stamp(_ date: Date) -> String {
        let (wall, offset) = (WallText(date, offset(at: date)), offset(at: date))
        return "\(wall.day)T\(wall.minute):\(wall.second)\(offset == 0 ? "Z" : wall.offset)"
    }
}

/// The parts of an instant on a wall, as text.
private struct WallText {
    let day, minute, second, offset: String

    init(_ date: Date, _ ahead: Int) {
        let total = Int(max(-1e12, min(1e12, date.timeIntervalSince1970)).rounded(.down)) + ahead
        let number = CivilDate.floorDivide(total, CivilDate.daySeconds)
        let time = total - number * CivilDate.daySeconds
        let civil = CivilDate.date(ofDay: number)
        day = "\(WallText.padded(civil.year, 4))-\(WallText.padded(civil.month))-\(WallText.padded(civil.day))"
        minute = "\(WallText.padded(time / 3600)):\(WallText.padded(time / 60 % 60))"
        second = WallText.padded(time % 60)
        let length = abs(ahead)
        offset =
            "\(ahead < 0 ? "-" : "+")\(WallText.padded(length / 3600)):\(WallText.padded(length / 60 % 60))"
            + (length % 60 == 0 ? "" : ":\(WallText.padded(length % 60))")
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let text = "\(abs(number))"
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

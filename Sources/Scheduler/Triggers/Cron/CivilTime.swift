import TimeZones

/// A wall-clock time to the second, counted without any time zone.
struct CivilTime: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01 00:00, local time.
    var seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    init(day: Int, second: Int = 0) { seconds = day * CivilDate.daySeconds + second }

    var day: Int { CivilDate.floorDivide(seconds, CivilDate.daySeconds) }
    var secondOfDay: Int { seconds - day * CivilDate.daySeconds }

    static func < (left: CivilTime, right: CivilTime) -> Bool { left.seconds < right.seconds }
}

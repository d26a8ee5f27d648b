import TimeZones

/// A wall-clock time to the minute, counted without any time zone.
struct CivilTime: Hashable, Comparable, Sendable {
    /// Minutes since 1970-01-01 00:00, local time.
    var minutes: Int

    var day: Int { CivilDate.floorDivide(minutes, 1440) }
    var minuteOfDay: Int { minutes - day * 1440 }
    var dayOfWeek: Int { CivilDate.weekday(ofDay: day) }

    static func < (left: CivilTime, right: CivilTime) -> Bool { left.minutes < right.minutes }
}

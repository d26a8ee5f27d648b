/// A wall-clock time to the minute, counted without any time zone.
///
/// Days are counted from 1970-01-01 in the proleptic Gregorian calendar.
struct CivilTime: Hashable, Comparable, Sendable {
    /// Minutes since 1970-01-01 00:00 on the wall.
    var minutes: Int

    var day: Int { CivilTime.floorDivide(minutes, 1440) }
    var minuteOfDay: Int { minutes - day * 1440 }
    var dayOfWeek: Int { ((day + 4) % 7 + 7) % 7 }

    static func < (left: CivilTime, right: CivilTime) -> Bool { left.minutes < right.minutes }

    static func floorDivide(_ value: Int, _ by: Int) -> Int {
        value >= 0 ? value / by : -((-value + by - 1) / by)
    }

    /// Year, month and day of month of a day number.
    static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// The day number of the first of a month.
    static func day(year: Int, month: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

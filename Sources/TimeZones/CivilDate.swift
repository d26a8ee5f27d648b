/// Days and dates of the proleptic Gregorian calendar; day 0 is 1970-01-01. Pure arithmetic, without a time zone. See Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms".
package enum CivilDate {
    /// Leap seconds are not counted, as in POSIX time.
    package static let daySeconds = 86_400

    /// Division that rounds towards negative infinity.
    /// - Parameter by: Above zero.
    package static func floorDivide(_ value: Int, _ by: Int) -> Int {
        value >= 0 ? value / by : -((-value + by - 1) / by)
    }

    /// Year, month and day of month of a day number.
    package static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// The day number of the first of a month, 1 to 12.
    package static func day(year: Int, month: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// How many days a month has; the month is 1 to 12.
    package static func monthLength(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The day of the week: 0 is Sunday, 6 is Saturday.
    package static func weekday(ofDay day: Int) -> Int { ((day + 4) % 7 + 7) % 7 }

    /// Whether a year has a 29th of February.
    package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
}

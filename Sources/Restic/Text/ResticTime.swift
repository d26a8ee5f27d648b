import Files

/// Instants as the format writes them: RFC 3339 with up to nine digits of a second, here always in UTC.
enum ResticTime {
    /// The years that the format can hold, 0001 to 9999, in seconds after 1970.
    private static let years: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// The text of an instant; of one outside those years, the text of the nearest second within.
    static func text(_ time: FileTime) -> String {
        let seconds = min(max(time.seconds, years.lowerBound), years.upperBound)
        let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let (days, ofDay) = second < 0 ? (day - 1, second + 86_400) : (day, second)
        let date = civil(days)
        var text = pad(date.year, 4) + "-" + pad(date.month, 2) + "-" + pad(date.day, 2)
        text += "T" + pad(ofDay / 3600, 2) + ":" + pad(ofDay / 60 % 60, 2) + ":" + pad(ofDay % 60, 2)
        if seconds == time.seconds, time.nanoseconds > 0 {
            var digits = pad(time.nanoseconds, 9)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// The instant of a text with any offset; nil where it is none.
    static func time(_ text: String) -> FileTime? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d\d):(\d\d))/
        guard let match = text.wholeMatch(of: pattern)?.output else { return nil }
        func number(_ part: Substring?) -> Int64 { part.flatMap { Int64($0) } ?? 0 }
        let (month, day) = (number(match.2), number(match.3))
        guard (1...12).contains(month), (1...31).contains(day), number(match.4) < 24, number(match.5) < 60, number(match.6) <= 60 else { return nil }
        var seconds = days(number(match.1), month, day) * 86_400 + number(match.4) * 3600 + number(match.5) * 60 + number(match.6)
        let offset = number(match.9) * 3600 + number(match.10) * 60
        seconds += match.8 == "-" ? offset : -offset
        let fraction = match.7.map { $0 + String(repeating: "0", count: 9 - $0.count) }
        return FileTime(seconds: seconds, nanoseconds: fraction.flatMap { Int64($0) } ?? 0)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days after 1970-01-01 of a date in the Gregorian calendar, counted in eras of 400 years that begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * march + 2) / 5 + 1)
    }
}

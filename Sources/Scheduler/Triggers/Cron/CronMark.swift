import TimeZones

/// A day that depends on the month that it is in, as Quartz writes it.
enum CronMark: Hashable, Sendable {
    /// `L`, `L-3`: the last day of the month, or so many days before it; with `isWeekday` (`LW`, `L-3W`) the nearest day from Monday to Friday.
    case last(before: Int, isWeekday: Bool)
    /// `15W`: the day from Monday to Friday that is nearest to this one, in the same month. A month without this day has none.
    case nearestWeekday(Int)
    /// `1#2`: the second Monday; 0 is Sunday.
    case nth(Int, weekday: Int)
    /// `5L`: the last Friday.
    case lastOf(weekday: Int)

    /// Whether a day is meant.
    /// - Parameter date: That of `day`.
    func admits(day: Int, _ date: (year: Int, month: Int, day: Int)) -> Bool {
        switch self {
        case .last(let before, let isWeekday):
            let length = CivilDate.monthLength(year: date.year, month: date.month)
            return isWeekday ? date.day == CronMark.nearest(to: length - before, day, date, length) : date.day == length - before
        case .nearestWeekday(let wanted):
            return date.day == CronMark.nearest(to: wanted, day, date, CivilDate.monthLength(year: date.year, month: date.month))
        case .nth(let number, let weekday):
            return CivilDate.weekday(ofDay: day) == weekday && (date.day + 6) / 7 == number
        case .lastOf(let weekday):
            return CivilDate.weekday(ofDay: day) == weekday && date.day + 7 > CivilDate.monthLength(year: date.year, month: date.month)
        }
    }

    /// The day from Monday to Friday that is nearest to the wanted one without leaving the month; nil where the month has no such day.
    private static func nearest(to wanted: Int, _ day: Int, _ date: (year: Int, month: Int, day: Int), _ length: Int) -> Int? {
        guard (1...length).contains(wanted) else { return nil }
        switch CivilDate.weekday(ofDay: day - date.day + wanted) {
        case 6: return wanted == 1 ? 3 : wanted - 1
        case 0: return wanted == length ? wanted - 2 : wanted + 1
        default: return wanted
        }
    }

    /// The mark that a part of a field is; nil for a part that is none.
    static func parse(_ part: String, _ kind: CronField.Kind) throws(CronError) -> CronMark? {
        let text = part.uppercased()
        switch kind {
        case .dayOfMonth: return try ofMonth(text, part)
        case .dayOfWeek: return try ofWeek(text, part)
        case .second, .minute, .hour, .month: return nil
        }
    }

    private static func ofMonth(_ text: String, _ part: String) throws(CronError) -> CronMark? {
        let isWeekday = text.hasSuffix("W")
        if let before = daysBeforeLast(isWeekday ? text.dropLast() : text[...]) {
            guard before <= 30 else { throw CronError("\"\(part)\" in the day of month field", hint: "L-30 is the earliest: no month has more than 31 days") }
            return .last(before: before, isWeekday: isWeekday)
        }
        guard isWeekday else { return nil }
        guard let day = Int(text.dropLast()), (1...31).contains(day) else {
            throw CronError("\"\(part)\" in the day of month field", hint: "W goes with one day: 15W is the weekday nearest to the 15th, LW the last weekday")
        }
        return .nearestWeekday(day)
    }

    /// 0 for `L`, 3 for `L-3`; nil for anything else. Without a regular expression, which takes longer than all else that is read of a job.
    private static func daysBeforeLast(_ text: Substring) -> Int? {
        guard text.first == "L" else { return nil }
        let rest = text.dropFirst()
        if rest.isEmpty { return 0 }
        guard rest.first == "-", (2...3).contains(rest.count), rest.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int(rest.dropFirst())
    }

    private static func ofWeek(_ text: String, _ part: String) throws(CronError) -> CronMark? {
        if text == "L" {
            throw CronError(
                "\"\(part)\" in the day of week field",
                hint: "write 5L for the last Friday, 6 for each Saturday, or L in the day of month field for the last day")
        }
        if text.hasSuffix("L") {
            let base = String(part.dropLast())
            guard !base.contains("-"), !base.contains("/") else {
                throw CronError("\"\(part)\" in the day of week field", hint: "L goes with one day: 5L is the last Friday of the month")
            }
            return .lastOf(weekday: try CronField.number(base, .dayOfWeek) % 7)
        }
        guard text.contains("#") else { return nil }
        let pieces = part.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count == 2, let number = Int(pieces[1]), (1...5).contains(number) else {
            throw CronError("\"\(part)\" in the day of week field", hint: "1#2 is the second Monday of the month; the number is 1 to 5")
        }
        return .nth(number, weekday: try CronField.number(pieces[0], .dayOfWeek) % 7)
    }
}

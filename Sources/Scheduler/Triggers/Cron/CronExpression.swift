import Settings
import TimeZones

/// A schedule in the five fields of cron, `minute hour day-of-month month day-of-week`, in six with seconds first, or one of `@yearly`, `@annually`,
/// `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly`. Pure; a zone is given when a time is computed.
///
/// Follows Debian's cron, see crontab(5): where both day fields are restricted a day matches when either does, and a field that starts
/// with `*` counts as unrestricted. Days that depend on the month (`L`, `W`, `#`) are those of Quartz.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// As written; two expressions that mean the same are not equal.
    package let text: String
    /// Kept elsewhere, so that a schedule is copied at little cost.
    private final class Fields: Sendable {
        let second, minute, hour, dayOfMonth, month, dayOfWeek: CronField

        init(_ second: CronField, _ minute: CronField, _ hour: CronField, _ dayOfMonth: CronField, _ month: CronField, _ dayOfWeek: CronField) {
            (self.second, self.minute, self.hour) = (second, minute, hour)
            (self.dayOfMonth, self.month, self.dayOfWeek) = (dayOfMonth, month, dayOfWeek)
        }
    }

    private let read: Fields

    var second: CronField { read.second }
    var minute: CronField { read.minute }
    var hour: CronField { read.hour }
    var dayOfMonth: CronField { read.dayOfMonth }
    var month: CronField { read.month }
    var dayOfWeek: CronField { read.dayOfWeek }

    package var description: String { text }

    package static func == (left: CronExpression, right: CronExpression) -> Bool { left.text == right.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The fields as they are written, with a word replaced by what it stands for.
    static func fields(of text: String) -> [Substring] { (words[text.lowercased()] ?? text).split(whereSeparator: \.isWhitespace) }

    private static let words = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// - Throws: For an invalid field, for a word that is unknown, and for a date that never comes, such as the 30th of February.
    package init(_ text: String) throws(CronError) {
        if text.hasPrefix("@"), CronExpression.words[text.lowercased()] == nil {
            throw CronError("unknown word \"\(text)\"", hint: CronExpression.hint(forWord: text.lowercased()))
        }
        let fields = CronExpression.fields(of: text)
        guard fields.count == 5 || fields.count == 6 else { throw CronExpression.wrongCount(text, fields) }
        let five = fields.suffix(5).map(String.init)
        self.text = text
        read = Fields(
            try CronField(fields.count == 6 ? fields[0] : "0", .second), try CronField(five[0], .minute), try CronField(five[1], .hour),
            try CronField(five[2], .dayOfMonth), try CronField(five[3], .month), try CronField(five[4], .dayOfWeek))
        guard firstMatch(from: CivilTime(seconds: 0)) != nil else { throw CronError("\"\(text)\" never comes", hint: reasonForNever) }
    }

    private static func hint(forWord word: String) -> String {
        if word == "@reboot" { return "write \"on: boot\"" }
        if word.hasPrefix("@every") { return "write { every: \(word.dropFirst(6).drop(while: \.isWhitespace)) }" }
        return NearestWord.find(word, in: words.keys).map { "did you mean \"\($0)\"?" } ?? "known are \(words.keys.sorted().joined(separator: ", "))"
    }

    private static func wrongCount(_ text: String, _ fields: [Substring]) -> CronError {
        if fields.count == 7, let year = fields.last {
            let rest = fields.dropLast().joined(separator: " ")
            return CronError(
                "\"\(text)\" has 7 fields, and a year (\(year)) can't be given",
                hint: "write six, second minute hour day-of-month month day-of-week: \"\(rest)\"")
        }
        return CronError(
            "\"\(text)\" has \(fields.count.counted("field"))",
            hint: "write five, minute hour day-of-month month day-of-week, such as \"0 3 * * *\", or six with seconds first")
    }

    /// Why no day is admitted.
    private var reasonForNever: String {
        let months = month.numbers.map { CronWords.english.months[$0 - 1] }
        let longest = month.numbers.map { CivilDate.monthLength(year: 2000, month: $0) }.max() ?? 31
        if dayOfMonth.marks.isEmpty, let first = dayOfMonth.numbers.first, first > longest {
            return "\(CronWords.english.list(months)) \(months.count == 1 ? "has" : "have") no day \(first); L is the last day of a month"
        }
        return "no day is both what the day of month and what the day of week field admits"
    }

    /// Whether its times are not all at the first second of a minute.
    package var hasSeconds: Bool { second.numbers != [0] }

    /// Whether the schedule follows elapsed time through a change of the clocks, as finer than hourly ones must.
    var followsElapsedTime: Bool { minute.startsWithStar || hour.startsWithStar }

    /// The first wall-clock second from `start` on that the fields admit.
    func firstMatch(from start: CivilTime) -> CivilTime? {
        if admits(day: start.day), let time = firstTime(from: start.secondOfDay) { return CivilTime(day: start.day, second: time) }
        guard let day = firstDay(after: start.day), let time = firstTime(from: 0) else { return nil }
        return CivilTime(day: day, second: time)
    }

    /// How many wall-clock seconds of a day the fields admit.
    func timesOn(day: Int) -> Int { admits(day: day) ? hour.count * minute.count * second.count : 0 }

    /// The first admitted second of a day from one on; nil where the rest of the day has none.
    private func firstTime(from start: Int) -> Int? {
        let (startHour, startMinute) = (start / 3600, start / 60 % 60)
        guard let firstMinute = minute.first(from: 0), let firstSecond = second.first(from: 0) else { return nil }
        func time(_ hour: Int, _ minute: Int, _ second: Int) -> Int { hour * 3600 + minute * 60 + second }
        if hour.contains(startHour) {
            if minute.contains(startMinute), let found = second.first(from: start % 60) { return time(startHour, startMinute, found) }
            if let found = minute.first(from: startMinute + 1) { return time(startHour, found, firstSecond) }
        }
        return hour.first(from: startHour + 1).map { time($0, firstMinute, firstSecond) }
    }

    /// Days that match are at most 28 years apart (a leap day on a given day of the week, over a century's end: 40).
    private func firstDay(after day: Int) -> Int? {
        var candidate = day + 1
        while candidate < day + 366 * 41 {
            let date = CivilDate.date(ofDay: candidate)
            if !month.contains(date.month) {
                let next = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
                candidate = CivilDate.day(year: next.0, month: next.1)
            } else if admits(day: candidate, date) {
                return candidate
            } else {
                candidate += 1
            }
        }
        return nil
    }

    private func admits(day: Int) -> Bool { admits(day: day, CivilDate.date(ofDay: day)) }

    private func admits(day: Int, _ date: (year: Int, month: Int, day: Int)) -> Bool {
        guard month.contains(date.month) else { return false }
        let byDate = dayOfMonth.contains(date.day) || dayOfMonth.marks.contains { $0.admits(day: day, date) }
        let byWeekday = dayOfWeek.contains(CivilDate.weekday(ofDay: day)) || dayOfWeek.marks.contains { $0.admits(day: day, date) }
        return isEitherDay ? byDate || byWeekday : byDate && byWeekday
    }

    /// Whether both day fields are restricted, so that a day is admitted when either admits it.
    var isEitherDay: Bool { !dayOfMonth.startsWithStar && !dayOfWeek.startsWithStar }
}

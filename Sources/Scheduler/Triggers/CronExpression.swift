import Settings
import TimeZones

/// A schedule in the five fields of cron: `minute hour day-of-month month day-of-week`, or one of `@yearly`, `@annually`, `@monthly`, `@weekly`,
/// `@daily`, `@midnight` and `@hourly`. Pure; a zone is given when a time is computed.
///
/// Follows Debian's cron, see crontab(5): where both day fields are restricted a day matches when either does, and a field that starts
/// with `*` counts as unrestricted.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// As written; two expressions that mean the same are not equal.
    package let text: String
    let minute: CronField
    let hour: CronField
    let dayOfMonth: CronField
    let month: CronField
    let dayOfWeek: CronField

    package var description: String { text }

    /// Warnings about what is valid and probably not meant, each with what to write instead.
    package var remarks: [CronError] {
        let fields: [(CronField, CronField.Kind)] = [
            (minute, .minute), (hour, .hour), (dayOfMonth, .dayOfMonth), (month, .month), (dayOfWeek, .dayOfWeek),
        ]
        return fields.flatMap { field, kind in field.remarks(kind) } + (skippedByGap.map { [$0] } ?? [])
    }

    /// One that follows elapsed time within fixed hours does not come on a day whose clocks skip these.
    private var skippedByGap: CronError? {
        guard minute.startsWithStar, !hour.startsWithStar, minute.bits.nonzeroBitCount > 1, minute.bits.nonzeroBitCount <= 12 else { return nil }
        let minutes = (0..<60).filter(minute.contains).map { "\($0)" }.joined(separator: ",")
        let rest = CronExpression.expanded(text).dropFirst().joined(separator: " ")
        return CronError(
            "\"\(text)\" does not come on a day on which the clocks skip these hours", hint: "\"\(minutes) \(rest)\" comes once then, after the gap")
    }

    private static func expanded(_ text: String) -> [Substring] { (words[text.lowercased()] ?? text).split(whereSeparator: \.isWhitespace) }

    private static let words = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// - Throws: For an invalid field, for a word that is unknown, and for a date that never comes, such as the 30th of February.
    package init(_ text: String) throws(CronError) {
        if text.hasPrefix("@"), CronExpression.words[text.lowercased()] == nil {
            let hint =
                text.lowercased() == "@reboot"
                ? "write \"on: boot\""
                : NearestWord.find(text, in: CronExpression.words.keys).map { "did you mean \"\($0)\"?" }
                    ?? "known are \(CronExpression.words.keys.sorted().joined(separator: ", "))"
            throw CronError("unknown word \"\(text)\"", hint: hint)
        }
        let fields = CronExpression.expanded(text)
        guard fields.count == 5 else {
            throw CronError(
                "\"\(text)\" has \(fields.count) fields",
                hint: "write five: minute hour day-of-month month day-of-week, such as \"0 3 * * *\"")
        }
        self.text = text
        minute = try CronField(fields[0], .minute)
        hour = try CronField(fields[1], .hour)
        dayOfMonth = try CronField(fields[2], .dayOfMonth)
        month = try CronField(fields[3], .month)
        dayOfWeek = try CronField(fields[4], .dayOfWeek)
        guard firstMatch(from: CivilTime(minutes: 0)) != nil else {
            throw CronError("\"\(text)\" never comes", hint: "no such day exists")
        }
    }

    /// Whether the schedule follows elapsed time through a change of the clocks, as finer than hourly ones must.
    var followsElapsedTime: Bool { minute.startsWithStar || hour.startsWithStar }

    /// The first wall-clock minute from `start` on that the fields admit.
    func firstMatch(from start: CivilTime) -> CivilTime? {
        if admits(day: start.day), let time = firstTime(from: start.minuteOfDay) {
            return CivilTime(minutes: start.day * 1440 + time)
        }
        guard let day = firstDay(after: start.day), let time = firstTime(from: 0) else { return nil }
        return CivilTime(minutes: day * 1440 + time)
    }

    /// How many wall-clock minutes of a day the fields admit.
    func timesOn(day: Int) -> Int { admits(day: day) ? (0..<24).count(where: hour.contains) * (0..<60).count(where: minute.contains) : 0 }

    private func firstTime(from minuteOfDay: Int) -> Int? {
        var next = hour.first(from: minuteOfDay / 60)
        while let candidate = next, candidate < 24 {
            let from = candidate == minuteOfDay / 60 ? minuteOfDay % 60 : 0
            if let found = minute.first(from: from), found < 60 { return candidate * 60 + found }
            next = hour.first(from: candidate + 1)
        }
        return nil
    }

    /// Days that match are at most 28 years apart (a leap day on a given day of the week, over a century's end: 40).
    private func firstDay(after day: Int) -> Int? {
        var candidate = day + 1
        while candidate < day + 366 * 41 {
            let date = CivilDate.date(ofDay: candidate)
            if !month.contains(date.month) {
                let next = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
                candidate = CivilDate.day(year: next.0, month: next.1)
            } else if admits(day: candidate) {
                return candidate
            } else {
                candidate += 1
            }
        }
        return nil
    }

    private func admits(day: Int) -> Bool {
        let date = CivilDate.date(ofDay: day)
        guard month.contains(date.month) else { return false }
        let byDate = dayOfMonth.contains(date.day)
        let byWeekday = dayOfWeek.contains(CivilTime(minutes: day * 1440).dayOfWeek)
        return dayOfMonth.startsWithStar || dayOfWeek.startsWithStar ? byDate && byWeekday : byDate || byWeekday
    }
}

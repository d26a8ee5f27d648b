extension CronExpression {
    /// Warnings about what is valid and probably not meant, each with what to write instead.
    package var remarks: [CronError] {
        [second, minute, hour, dayOfMonth, month, dayOfWeek].flatMap(\.remarks)
            + [skippedByGap, eitherDay, shortMonths, daysOfQuartz].compactMap(\.self)
    }

    /// The fields as they are written, with one of them replaced.
    private func replacing(_ field: CronField.Kind, with new: String) -> String {
        var fields = CronExpression.fields(of: text).map(String.init)
        let kinds = CronField.Kind.allCases.suffix(fields.count)
        if let index = kinds.firstIndex(of: field) { fields[index - kinds.startIndex] = new }
        return fields.joined(separator: " ")
    }

    /// One that follows elapsed time within fixed hours does not come on a day whose clocks skip these. No zone skips hours of the day.
    private var skippedByGap: CronError? {
        guard minute.startsWithStar, !hour.startsWithStar, minute.count > 1, minute.count <= 12, hour.count <= 2, hour.numbers.allSatisfy({ $0 < 5 })
        else { return nil }
        let minutes = minute.numbers.map { "\($0)" }.joined(separator: ",")
        return CronError(
            "\"\(text)\" does not come on a day on which the clocks skip these hours",
            hint: "\"\(replacing(.minute, with: minutes))\" comes once then, after the gap")
    }

    /// Seven days of the month and one of the week, to say which of the month it is.
    private var eitherDay: CronError? {
        let days = dayOfMonth.numbers
        guard isEitherDay, dayOfWeek.count == 1, dayOfWeek.marks.isEmpty, days.count == 7, let first = days.first, let last = days.last, last - first == 6,
            first % 7 == 1, let weekday = dayOfWeek.numbers.first
        else { return nil }
        let name = CronWords.english.weekdays[weekday]
        let fields = replacing(.dayOfMonth, with: "*").split(separator: " ").dropLast().joined(separator: " ")
        return CronError(
            "\"\(text)\" comes on each of the days \(first) to \(last), and on every \(name) besides",
            hint: "for \(CronWords.english.ordinalWords[first / 7]) \(name) of the month write \"\(fields) \(weekday)#\(first / 7 + 1)\"")
    }

    /// Days that short months lack.
    private var shortMonths: CronError? {
        guard dayOfMonth.marks.isEmpty, !isEitherDay, let day = dayOfMonth.numbers.first, day > 28 else { return nil }
        let short = month.numbers.filter { $0 == 2 || ([4, 6, 9, 11].contains($0) && day > 30) }
        guard !short.isEmpty, short.count < month.count else { return nil }
        return CronError(
            "\"\(text)\" does not come in \(CronWords.english.list(short.map { CronWords.english.months[$0 - 1] }))\(day == 29 ? ", leap years apart" : "")",
            hint: "for the last day of each month write \"\(replacing(.dayOfMonth, with: "L"))\"")
    }

    /// Quartz counts days of the week from 1, and demands `?` in one of the day fields.
    private var daysOfQuartz: CronError? {
        let fields = CronExpression.fields(of: text)
        guard fields.count == 6, fields[3] == "?", fields[5].contains(where: \.isNumber) else { return nil }
        let plain = dayOfWeek.numbers.map { CronWords.english.weekdays[$0] }
        let marked = dayOfWeek.marks.map { CronWords.english.words(for: $0) }
        return CronError(
            "days of the week count from 0, Sunday, and not from 1 as in Quartz: \"\(fields[5])\" is \(CronWords.english.list(plain + marked))",
            hint: "names of days are the same in both, such as MON-FRI")
    }
}

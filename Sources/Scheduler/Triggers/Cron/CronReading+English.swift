extension CronExpression {
    /// In English, as the end of a sentence: `at 03:00 on the last Friday of the month`.
    var english: String {
        let clock = CronClock(self)
        let days = englishDays
        switch clock {
        case .times(let times): return "at \(CronExpression.words.list(times)) \(days ?? "every day")"
        case .hourly, .often: return [englishClock(clock), days].compactMap(\.self).joined(separator: ", ")
        }
    }

    private static var words: CronWords { .english }

    // MARK: The time of day

    private func englishClock(_ clock: CronClock) -> String {
        switch clock {
        case .times(let times): return "at \(CronExpression.words.list(times))"
        case .hourly(let minute, let second, let hours):
            let at = minute == 0 && second == 0 ? "" : " at minute \(minute)" + (second == 0 ? "" : ", second \(second)")
            switch hours {
            case .all: return "every hour\(at)"
            case .span(let first, let last, let step):
                let every = step == 1 ? "every hour" : "every \(step) hours"
                if CronClock.Hours.isEvenDay(first, last, by: step) { return every + at }
                return "\(every) from \(CronWords.time(first, minute, second)) to \(CronWords.time(last, minute, second))"
            case .some(let numbers): return "at \(CronExpression.words.list(numbers.map { CronWords.time($0, minute, second) }))"
            }
        case .often(let seconds, let minutes, let hours):
            var parts: [String] = []
            if let seconds { parts.append(englishPart(seconds)) }
            if let minutes { parts.append(englishPart(minutes)) } else if seconds.map({ $0.count == 1 }) ?? true { parts.append("every minute") }
            // What is every minute or second needs no word for the hours.
            return parts.joined(separator: " of ") + englishHours(hours, of: minutes ?? minute)
        }
    }

    private func englishPart(_ field: CronField) -> String {
        let unit = field.kind.rawValue
        if field.count == field.kind.last + 1 { return "every \(unit)" }
        if let step = field.evenStep { return "every \(step) \(unit)s" }
        let spans = field.spans.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
        return "at \(field.count == 1 ? unit : unit + "s") \(CronExpression.words.list(spans))"
    }

    private func englishHours(_ hours: CronClock.Hours, of minutes: CronField) -> String {
        let (first, last) = (minutes.numbers.first ?? 0, minutes.numbers.last ?? 59)
        switch hours {
        case .all: return minutes.evenStep == nil && minutes.count < 60 ? " of every hour" : ""
        case .span(let from, let to, 1): return " from \(CronWords.time(from, first)) to \(CronWords.time(to, last))"
        case .span(let from, let to, let step):
            if CronClock.Hours.isEvenDay(from, to, by: step) { return ", in every \(CronWords.ordinal(step)) hour from 00:00" }
            return ", in every \(CronWords.ordinal(step)) hour from \(CronWords.time(from, 0)) to \(CronWords.time(to, 59))"
        case .some(let numbers):
            if numbers.count == 1 { return " from \(CronWords.time(numbers[0], first)) to \(CronWords.time(numbers[0], last))" }
            return ", in the hours from \(CronExpression.words.list(numbers.map { CronWords.time($0, 0) }))"
        }
    }

    // MARK: The day

    /// Nil for every day.
    private var englishDays: String? {
        let months = englishMonths
        let byDate = dayOfMonth.isEvery ? nil : "on " + englishDates
        let byWeek = dayOfWeek.count == 7 && dayOfWeek.marks.isEmpty ? nil : "on " + englishWeekdays
        let needsMonth = byDate != nil || !dayOfWeek.marks.isEmpty
        let suffix = needsMonth ? (months.map { " of \($0)" } ?? " of the month") : (months.map { " in \($0)" } ?? "")
        switch (byDate, byWeek) {
        case (nil, nil): return months.map { "on every day in \($0)" }
        case (let date?, nil): return date + suffix
        case (nil, let week?): return week + suffix
        case (let date?, let week?):
            if isEitherDay { return dayOfWeek.marks.isEmpty ? "\(date)\(suffix), and \(week) besides" : "\(date) and \(week)\(suffix)" }
            return "\(date)\(suffix), if it is \(week.dropFirst(3))"
        }
    }

    private var englishDates: String {
        var items = dayOfMonth.parts == [.everyNth(2)] ? ["every 2nd day from the 1st"] : []
        if items.isEmpty, case .everyNth(let step) = dayOfMonth.parts.first, dayOfMonth.parts.count == 1 {
            items = ["every \(CronWords.ordinal(step)) day from the 1st"]
        }
        if items.isEmpty {
            items = dayOfMonth.spans.map {
                $0.count == 1 ? "the \(CronWords.ordinal($0.lowerBound))" : "the \(CronWords.ordinal($0.lowerBound)) to \(CronWords.ordinal($0.upperBound))"
            }
        }
        return CronExpression.words.list(items + dayOfMonth.marks.map { CronExpression.words.words(for: $0) })
    }

    private var englishWeekdays: String {
        let names = CronExpression.words.weekdays
        let plain = dayOfWeek.weekSpans.map { $0.count == 1 ? names[$0.lowerBound % 7] : "\(names[$0.lowerBound % 7]) to \(names[$0.upperBound % 7])" }
        return CronExpression.words.list(plain + dayOfWeek.marks.map { CronExpression.words.words(for: $0) })
    }

    /// Nil for all of them.
    private var englishMonths: String? {
        guard month.count < 12 else { return nil }
        let names = CronExpression.words.months
        return CronExpression.words.list(
            month.spans.map { $0.count == 1 ? names[$0.lowerBound - 1] : "\(names[$0.lowerBound - 1]) to \(names[$0.upperBound - 1])" })
    }
}

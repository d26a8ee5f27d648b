extension CronExpression {
    /// In Chinese: `每月最后一个周五 03:00`.
    var chinese: String {
        let clock = CronClock(self)
        let days = chineseDays
        switch clock {
        case .times(let times): return "\(days ?? "每天") \(CronExpression.words.list(times))"
        case .hourly, .often: return [days, chineseClock(clock)].compactMap(\.self).joined(separator: "，")
        }
    }

    private static var words: CronWords { .chinese }

    // MARK: The time of day

    private func chineseClock(_ clock: CronClock) -> String {
        switch clock {
        case .times(let times): return CronExpression.words.list(times)
        case .hourly(let minute, let second, let hours):
            let at = minute == 0 && second == 0 ? "" : "的第 \(minute) 分" + (second == 0 ? "" : " \(second) 秒")
            switch hours {
            case .all: return "每小时\(at)"
            case .span(let first, let last, let step):
                let every = step == 1 ? "每小时" : "每 \(step) 小时"
                if CronClock.Hours.isEvenDay(first, last, by: step) { return every + at }
                return "\(CronWords.time(first, minute, second)) 至 \(CronWords.time(last, minute, second)) \(every)"
            case .some(let numbers): return CronExpression.words.list(numbers.map { CronWords.time($0, minute, second) })
            }
        case .often(let seconds, let minutes, let hours):
            let range = chineseHours(hours, of: minutes ?? minute)
            var parts: [String] = []
            if let minutes { parts.append(chinesePart(minutes)) } else if seconds.map({ $0.count == 1 }) ?? true { parts.append("每分钟") }
            if let seconds { parts.append(chinesePart(seconds)) }
            return range + parts.joined(separator: "的")
        }
    }

    private func chinesePart(_ field: CronField) -> String {
        let (unit, length) = field.kind == .second ? ("秒", "秒") : ("分", "分钟")
        if field.count == field.kind.last + 1 { return "每\(length)" }
        if let step = field.evenStep { return "每 \(step) \(length)" }
        return "第 \(CronExpression.words.list(field.spans.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) 至 \($0.upperBound)" })) \(unit)"
    }

    private func chineseHours(_ hours: CronClock.Hours, of minutes: CronField) -> String {
        let (first, last) = (minutes.numbers.first ?? 0, minutes.numbers.last ?? 59)
        switch hours {
        case .all: return minutes.evenStep == nil && minutes.count < 60 ? "每小时" : ""
        case .span(let from, let to, 1): return "\(CronWords.time(from, first)) 至 \(CronWords.time(to, last)) "
        case .span(let from, let to, let step):
            if CronClock.Hours.isEvenDay(from, to, by: step) { return "从 00:00 起每 \(step) 小时中的一小时内" }
            return "\(CronWords.time(from, 0)) 至 \(CronWords.time(to, 59)) 每 \(step) 小时中的一小时内"
        case .some(let numbers):
            if numbers.count == 1 { return "\(CronWords.time(numbers[0], first)) 至 \(CronWords.time(numbers[0], last)) " }
            return "\(CronExpression.words.list(numbers.map { "\($0) 点" }))的"
        }
    }

    // MARK: The day

    /// Nil for every day.
    private var chineseDays: String? {
        let dates = dayOfMonth.isEvery ? nil : chineseDates
        let isAnyWeekday = dayOfWeek.count == 7 && dayOfWeek.marks.isEmpty
        let weekdays = isAnyWeekday ? nil : chineseWeekdays
        let months = chineseMonths
        let isOfMonth = dates != nil || !dayOfWeek.marks.isEmpty
        let start = months.map { "每年 \($0)" } ?? (isOfMonth ? "每月" : "")
        // A number follows a blank, and one month its day without any word between them.
        let link = months == nil ? (dates?.first?.isNumber == true ? " " : "") : (dates?.first?.isNumber == true ? (month.count == 1 ? " " : "的 ") : "的")
        switch (dates, weekdays) {
        case (nil, nil): return months.map { "每年 \($0)每天" }
        case (let dates?, nil): return start + link + dates
        case (nil, let weekdays?): return isOfMonth ? start + (months == nil ? "" : "的") + weekdays : start + (months == nil ? "每" : "的每") + weekdays
        case (let dates?, let weekdays?):
            let each = dayOfWeek.marks.isEmpty ? "每" + weekdays : weekdays
            return isEitherDay ? "\(start)\(link)\(dates)，以及\(each)" : "\(start)\(link)\(dates)中的\(weekdays)"
        }
    }

    private var chineseDates: String {
        var items: [String] = []
        if dayOfMonth.parts.count == 1, case .everyNth(let step) = dayOfMonth.parts.first {
            items = ["从 1 日起每 \(step) 天"]
        } else {
            items = dayOfMonth.spans.map { $0.count == 1 ? "\($0.lowerBound) 日" : "\($0.lowerBound) 至 \($0.upperBound) 日" }
        }
        return CronExpression.words.list(items + dayOfMonth.marks.map { CronExpression.words.chineseWords(for: $0) })
    }

    private var chineseWeekdays: String {
        let names = CronExpression.words.weekdays
        let plain = dayOfWeek.weekSpans.map { $0.count == 1 ? names[$0.lowerBound % 7] : "\(names[$0.lowerBound % 7])至\(names[$0.upperBound % 7])" }
        return CronExpression.words.list(plain + dayOfWeek.marks.map { CronExpression.words.chineseWords(for: $0) })
    }

    /// Nil for all of them.
    private var chineseMonths: String? {
        guard month.count < 12 else { return nil }
        return CronExpression.words.list(month.spans.map { $0.count == 1 ? "\($0.lowerBound) 月" : "\($0.lowerBound) 至 \($0.upperBound) 月" })
    }
}

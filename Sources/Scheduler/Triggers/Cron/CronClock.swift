/// What the fields of seconds, minutes and hours say together, for the readings.
enum CronClock {
    /// A few times of the day.
    case times([String])
    /// The first of each of these, in each of the hours.
    case hourly(minute: Int, second: Int, Hours)
    /// Again and again, within these hours. Minutes and seconds are nil where they are not restricted.
    case often(seconds: CronField?, minutes: CronField?, Hours)

    /// Which hours of the day.
    enum Hours: Hashable {
        case all
        /// Those from one to another; the distance is 1 for each.
        case span(Int, Int, by: Int)
        case some([Int])
    }

    /// The most times that are listed one by one.
    private static let mostListed = 6

    init(_ cron: CronExpression) {
        let (hour, minute, second) = (cron.hour, cron.minute, cron.second)
        if hour.count * minute.count * second.count <= CronClock.mostListed {
            self = .times(
                hour.numbers.flatMap { hour in minute.numbers.flatMap { minute in second.numbers.map { CronWords.time(hour, minute, $0) } } })
            return
        }
        let hours = Hours(hour)
        if let firstMinute = minute.numbers.first, let firstSecond = second.numbers.first, minute.count == 1, second.count == 1 {
            self = .hourly(minute: firstMinute, second: firstSecond, hours)
            return
        }
        self = .often(seconds: second.numbers == [0] ? nil : second, minutes: minute.count == 60 ? nil : minute, hours)
    }
}

extension CronClock.Hours {
    init(_ field: CronField) {
        let numbers = field.numbers
        if numbers.count == 24 {
            self = .all
            return
        }
        let steps = Set(zip(numbers, numbers.dropFirst()).map { $1 - $0 })
        if steps.count == 1, let step = steps.first, let first = numbers.first, let last = numbers.last, numbers.count > 2 {
            self = .span(first, last, by: step)
        } else {
            self = .some(numbers)
        }
    }

    /// Whether these are hours of the whole day at one distance, so that midnight is one of them and no distance is shorter.
    static func isEvenDay(_ first: Int, _ last: Int, by step: Int) -> Bool { first == 0 && 24 % step == 0 && last == 24 - step }
}

extension CronField {
    /// The distance between numbers from the first on, where it is the same for all of them over the whole field: 5 of `*/5`.
    var evenStep: Int? {
        let (numbers, length) = (numbers, kind.last - kind.range.lowerBound + 1)
        guard numbers.count > 1, numbers[0] == kind.range.lowerBound, length % numbers.count == 0 else { return nil }
        let step = length / numbers.count
        return zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
    }

    /// Numbers as single ones and as spans of at least three.
    var spans: [ClosedRange<Int>] {
        var spans: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = spans.last, last.upperBound == number - 1 { spans[spans.count - 1] = last.lowerBound...number } else { spans.append(number...number) }
        }
        return spans.flatMap { $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0] }
    }

    /// The days of the week in spans that begin with Monday, with Sunday as 7 where it follows Saturday.
    var weekSpans: [ClosedRange<Int>] {
        let days = (1...7).filter { contains($0 % 7) }
        var spans: [ClosedRange<Int>] = []
        for day in days {
            if let last = spans.last, last.upperBound == day - 1 { spans[spans.count - 1] = last.lowerBound...day } else { spans.append(day...day) }
        }
        return spans.flatMap { $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0] }
    }
}

import Scheduler

/// Schedules as systemd.time(7) writes them.
enum OnCalendar {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// One event, or two where a day is admitted by its date or by its weekday.
    /// - Parameter zone: Put at the end of each.
    static func events(_ plain: CronExpression.Plain, zone: String?) -> [String] {
        let time = "\(text(plain.hour, from: 0)):\(text(plain.minute, from: 0)):00"
        func event(_ weekday: CronExpression.Plain.Field, _ day: CronExpression.Plain.Field) -> String {
            let date = "*-\(text(plain.month, from: 1))-\(text(day, from: 1))"
            return [days(weekday), date, time, zone].compactMap(\.self).joined(separator: " ")
        }
        guard plain.isEitherDay else { return [event(plain.dayOfWeek, plain.dayOfMonth)] }
        return [event(.every, plain.dayOfMonth), event(plain.dayOfWeek, .every)]
    }

    private static func text(_ field: CronExpression.Plain.Field, from first: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch field {
        case .every: return "*"
        case .everyNth(let step): return "\(two(first))/\(step)"
        case .numbers(let numbers):
            return CronText.ranges(numbers).map { $0.count == 1 ? two($0.lowerBound) : "\(two($0.lowerBound))..\(two($0.upperBound))" }.joined(separator: ",")
        }
    }

    private static func days(_ field: CronExpression.Plain.Field) -> String? {
        let numbers: [Int]
        switch field {
        case .every: return nil
        case .everyNth(let step): numbers = stride(from: 0, to: 7, by: step).map(\.self)
        case .numbers(let all): numbers = all
        }
        // The week begins with Monday.
        return numbers.sorted { ($0 + 6) % 7 < ($1 + 6) % 7 }.map { weekdays[$0] }.joined(separator: ",")
    }
}

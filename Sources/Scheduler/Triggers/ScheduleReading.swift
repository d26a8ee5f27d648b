import JobKit
import Settings

/// What a schedule says, as the end of a sentence in two languages.
package struct ScheduleReading: Hashable, Sendable {
    /// `at 03:00 on the last Friday of the month`.
    package let english: String
    /// `每月最后一个周五 03:00`.
    package let chinese: String
}

extension Schedule {
    /// In words. The zone is not named.
    package var reading: ScheduleReading {
        switch self {
        case .cron(let expression, _): expression.reading
        case .every(let length): ScheduleReading(english: "every \(DurationText.format(length))", chinese: "每隔 \(Schedule.chinese(length))")
        }
    }

    private static func chinese(_ length: Duration) -> String {
        var rest = length.wholeMilliseconds
        var parts: [String] = []
        for (unit, name): (Int64, String) in [(86_400_000, "天"), (3_600_000, "小时"), (60_000, "分钟"), (1000, "秒"), (1, "毫秒")] where rest >= unit {
            parts.append("\(rest / unit) \(name)")
            rest %= unit
        }
        return parts.joined(separator: " ")
    }
}

extension CronExpression {
    /// In words.
    package var reading: ScheduleReading { ScheduleReading(english: english, chinese: chinese) }
}

import Foundation
import Scheduler
import TimeZones

/// Schedules as Kubernetes reads them. See https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax; the library is
/// github.com/robfig/cron, whose days of the week are 0 to 6.
enum CronText {
    static func text(_ plain: CronExpression.Plain) -> String {
        [plain.minute, plain.hour, plain.dayOfMonth, plain.month, plain.dayOfWeek].map(text).joined(separator: " ")
    }

    private static func text(_ field: CronExpression.Plain.Field) -> String {
        switch field {
        case .every: "*"
        case .everyNth(let step): "*/\(step)"
        case .numbers(let numbers): ranges(numbers).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
        }
    }

    /// Runs of three or more numbers, and single ones.
    static func ranges(_ numbers: [Int]) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound == number - 1 {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.flatMap { $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0] }
    }

    /// An interval that divides the hour, the day or the week; nil for any other.
    static func text(every length: Duration) -> String? {
        let (seconds, rest) = length.components
        guard rest == 0, seconds > 0, seconds % 60 == 0 else { return nil }
        let minutes = Int(seconds / 60)
        switch minutes {
        case 1: return "* * * * *"
        case 2..<60 where 60 % minutes == 0: return "*/\(minutes) * * * *"
        case 60: return "0 * * * *"
        case 120..<1440 where 1440 % minutes == 0 && minutes % 60 == 0: return "0 */\(minutes / 60) * * *"
        case 1440: return "0 0 * * *"
        case 10_080: return "0 0 * * 0"
        default: return nil
        }
    }

    private static let windows: [Duration] = [
        .seconds(100 * 86_400), .seconds(30 * 86_400), .seconds(7 * 86_400), .seconds(86_400), .seconds(6 * 3600), .seconds(3600),
    ]
    /// More missed times than these, and Kubernetes starts nothing.
    private static let mostMissed = 100
    /// Some instant: schedules are counted from it, so that the same file gives the same text.
    private static let reference = Date(timeIntervalSince1970: 1_767_225_600)

    /// The longest time in which a schedule has no more than 100 scheduled times.
    static func window(of schedule: Schedule) -> Duration {
        let fitting = windows.first { window in
            schedule.count(after: reference, upTo: reference.addingTimeInterval(Double(window.components.seconds))) < mostMissed
        }
        return fitting ?? .seconds(3600)
    }

    /// Whether local time changes in the course of a year.
    static func hasChangedClocks(_ zone: Zone) -> Bool {
        let offsets = (0..<12).map { zone.offset(at: reference.addingTimeInterval(Double($0) * 30.4 * 86_400)) }
        return Set(offsets).count > 1
    }
}

import Foundation
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("readings of cron expressions")
struct CronReadingTests {
    @Test(
        "what an expression says, in two languages",
        arguments: [
            ("0 3 * * *", "at 03:00 every day", "每天 03:00"),
            ("* * * * *", "every minute", "每分钟"),
            ("*/5 * * * *", "every 5 minutes", "每 5 分钟"),
            ("*/10 * * * * *", "every 10 seconds", "每 10 秒"),
            ("* * * * * *", "every second", "每秒"),
            ("0 * * * *", "every hour", "每小时"),
            ("15 * * * *", "every hour at minute 15", "每小时的第 15 分"),
            ("0 */2 * * *", "every 2 hours", "每 2 小时"),
            ("5 4 * * sun", "at 04:05 on Sunday", "每周日 04:05"),
            ("0 9-17 * * 1-5", "every hour from 09:00 to 17:00, on Monday to Friday", "每周一至周五，09:00 至 17:00 每小时"),
            ("*/15 9-17 * * MON-FRI", "every 15 minutes from 09:00 to 17:45, on Monday to Friday", "每周一至周五，09:00 至 17:45 每 15 分钟"),
            ("0 3 * * 5L", "at 03:00 on the last Friday of the month", "每月最后一个周五 03:00"),
            ("0 3 * * 1#2", "at 03:00 on the second Monday of the month", "每月第二个周一 03:00"),
            ("0 3 L * *", "at 03:00 on the last day of the month", "每月最后一天 03:00"),
            ("0 3 L-3 * *", "at 03:00 on the 4th last day of the month", "每月倒数第 4 天 03:00"),
            ("0 3 LW * *", "at 03:00 on the last weekday (Monday to Friday) of the month", "每月最后一个工作日（周一至周五） 03:00"),
            (
                "0 3 15W * *", "at 03:00 on the weekday (Monday to Friday) nearest to the 15th of the month",
                "每月离 15 日最近的工作日（周一至周五） 03:00"
            ),
            ("30 6,18 1,15 * *", "at 06:30 and 18:30 on the 1st and the 15th of the month", "每月 1 日、15 日 06:30、18:30"),
            ("0 0 13 * 5", "at 00:00 on the 13th of the month, and on Friday besides", "每月 13 日，以及每周五 00:00"),
            ("0 0 */2 * 1", "at 00:00 on every 2nd day from the 1st of the month, if it is Monday", "每月从 1 日起每 2 天中的周一 00:00"),
            ("0 0 1 1 *", "at 00:00 on the 1st of January", "每年 1 月 1 日 00:00"),
            ("@daily", "at 00:00 every day", "每天 00:00"),
            ("0 12 * 3-5 1", "at 12:00 on Monday in March to May", "每年 3 至 5 月的每周一 12:00"),
            ("15 30 4 * * ?", "at 04:30:15 every day", "每天 04:30:15"),
            ("7,22,41 * * * *", "at minutes 7, 22 and 41 of every hour", "每小时第 7、22、41 分"),
        ])
    func reading(text: String, english: String, chinese: String) throws {
        let reading = try CronExpression(text).reading
        #expect(reading.english == english)
        #expect(reading.chinese == chinese)
    }

    @Test("every expression has a reading, and different times of the day read differently")
    func all() throws {
        var random = SeededRandom(seed: 5)
        var found: [String: (String, [Date])] = [:]
        for _ in 0..<3000 {
            let text = CronCase.expression(&random)
            guard let cron = try? CronExpression(text) else { continue }
            let reading = cron.reading
            #expect(!reading.english.isEmpty && !reading.chinese.isEmpty && !reading.english.contains("  "), "\(text)")
            var (times, cursor) = ([Date](), Date(timeIntervalSince1970: 1_790_000_000))
            for _ in 0..<40 {
                guard let next = cron.next(after: cursor, in: .utc) else { break }
                times.append(next)
                cursor = next
            }
            for words in [reading.english, reading.chinese] {
                if let other = found[words] { #expect(other.1 == times, "\(text) and \(other.0) both read \"\(words)\"") }
                found[words] = (text, times)
            }
        }
    }
}

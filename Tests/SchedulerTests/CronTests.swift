import Foundation
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("cron", .waiting)
struct CronTests {
    private func fires(_ text: String, after: String, zone: String, count: Int) throws -> [String] {
        let zone = try ZoneFinder(environment: [:]).zone(zone)
        let expression = try CronExpression(text)
        var cursor = try Date(after, strategy: .iso8601)
        var result: [String] = []
        for _ in 0..<count {
            cursor = try #require(expression.next(after: cursor, in: zone))
            result.append(String(zone.stamp(cursor).prefix(16)))
        }
        return result
    }

    @Test(
        "what is no expression is refused with a hint",
        arguments: [
            "* * * *", "60 * * * *", "* 24 * * *", "*/0 * * * *", "* * 30 2 *", "22-2 * * * *", "x * * * *", "@often", "? * * * *", "",
        ])
    func refused(text: String) { #expect(throws: CronError.self) { try CronExpression(text) } }

    @Test("both day fields restricted: either counts")
    func eitherDay() throws {
        #expect(
            try fires("0 0 13 * 5", after: "2026-01-01T00:00:00Z", zone: "UTC", count: 4)
                == ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00", "2026-01-16T00:00"])
    }

    @Test("a day field that starts with a star: both count")
    func bothDays() throws {
        #expect(
            try fires("0 0 */2 * 1", after: "2026-01-01T00:00:00Z", zone: "UTC", count: 4)
                == ["2026-01-05T00:00", "2026-01-19T00:00", "2026-02-09T00:00", "2026-02-23T00:00"])
    }

    @Test(
        "the clocks go forward in New York",
        arguments: zip(
            ["30 2 * * *", "15 2-3 * * *", "0 2-3 * * *", "*/30 * * * *", "0 */2 * * *"],
            [
                ["2026-03-08T03:00", "2026-03-09T02:30"], ["2026-03-08T03:00", "2026-03-08T03:15"], ["2026-03-08T03:00", "2026-03-09T02:00"],
                ["2026-03-08T01:30", "2026-03-08T03:00", "2026-03-08T03:30"], ["2026-03-08T04:00"],
            ]))
    func gap(text: String, expected: [String]) throws {
        #expect(try fires(text, after: "2026-03-08T06:10:00Z", zone: "America/New_York", count: expected.count) == expected)
    }

    @Test(
        "the clocks go back in New York",
        arguments: zip(
            ["30 1 * * *", "*/30 * * * *", "0 * * * *"],
            [
                ["2026-11-01T01:30", "2026-11-02T01:30"], ["2026-11-01T01:00", "2026-11-01T01:30", "2026-11-01T01:00", "2026-11-01T01:30", "2026-11-01T02:00"],
                ["2026-11-01T01:00", "2026-11-01T01:00", "2026-11-01T02:00"],
            ]))
    func repeated(text: String, expected: [String]) throws {
        #expect(try fires(text, after: "2026-11-01T04:40:00Z", zone: "America/New_York", count: expected.count) == expected)
    }

    @Test("elapsed time in the second pass of an hour, where the next such day is a year away")
    func secondPass() throws {
        let expected = ["2026-11-01T01:00", "2026-11-01T01:15", "2026-11-01T01:30", "2026-11-01T01:45", "2027-11-01T01:00"]
        #expect(try fires("* 2 29 10 *", after: "2034-02-01T00:00:00Z", zone: "Europe/Warsaw", count: 121).last == "2035-10-29T02:00")
        #expect(try fires("*/15 1 1 11 *", after: "2026-11-01T05:50:00Z", zone: "America/New_York", count: 5) == expected)
    }

    @Test("six fields: fixed times that the clocks skip or repeat come once")
    func seconds() throws {
        #expect(try fires("*/20 30 2 * * *", after: "2026-03-08T06:10:00Z", zone: "America/New_York", count: 2) == ["2026-03-08T03:00", "2026-03-09T02:30"])
        #expect(try fires("30 30 1 * * *", after: "2026-11-01T04:40:00Z", zone: "America/New_York", count: 2) == ["2026-11-01T01:30", "2026-11-02T01:30"])
        #expect(
            try fires("*/30 59 23 L * *", after: "2026-02-01T00:00:00Z", zone: "UTC", count: 3) == ["2026-02-28T23:59", "2026-02-28T23:59", "2026-03-31T23:59"])
    }

    @Test(
        "what can't come, and what is no mark, is refused with the reason",
        arguments: [
            ("0 0 30 2 *", "February has no day 30"), ("0 0 31 4,6 *", "April and June have no day 31"), ("0 0 */31 2 5L", "no day is both"),
            ("0 0 0 1 1 ? 2027", "six"),
            ("0 0 * * L", "5L"), ("0 0 * * 1#6", "1 to 5"), ("0 0 1-3W * *", "15W"), ("0 0 L-31 * *", "L-30"), ("@every 5m", "{ every: 5m }"),
            ("H 3 * * *", "jitter"),
            ("0 0 * * 1-5L", "one day"),
        ])
    func reasons(text: String, hint: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.hint?.contains(hint) == true, "\(String(describing: error))")
    }

    @Test(
        "what is probably not meant is warned of",
        arguments: [
            ("0 0 1-7 * 1", "0 0 * * 1#1"), ("0 0 31 * *", "0 0 L * *"), ("*/30 2 * * *", "0,30 2 * * *"), ("0 0 12 ? * 2-6", "MON-FRI"),
            ("0 0 15-21 * 5", "0 0 * * 5#3"),
        ])
    func remarks(text: String, hint: String) throws {
        #expect(try CronExpression(text).remarks.contains { $0.hint?.contains(hint) == true })
    }

    @Test(
        "expressions that mean what they say have no warning",
        arguments: ["0 3 * * *", "*/15 9-17 * * MON-FRI", "0 0 L * *", "0 0 13 * 5", "0 0 31 1,3 *", "0 0 12 ? * MON-FRI"])
    func quiet(text: String) throws { #expect(try CronExpression(text).remarks.isEmpty) }

    @Test(
        "a daily job comes once on every local date that exists",
        arguments: [
            ("America/Sao_Paulo", "2017-09-01T00:00:00Z"), ("Asia/Beirut", "2026-03-01T00:00:00Z"), ("Africa/Cairo", "2026-04-01T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-03-01T00:00:00Z"), ("Asia/Shanghai", "1986-04-01T00:00:00Z"), ("Europe/Berlin", "2026-03-01T00:00:00Z"),
        ])
    func daily(zone: String, start: String) throws {
        for time in ["0 0 * * *", "30 2 * * *", "15 23 * * *"] {
            let days = try fires(time, after: start, zone: zone, count: 300).map { $0.prefix(10) }
            #expect(Set(days).count == 300, "\(time) in \(zone)")
        }
    }

    @Test("the next fire time is later, for any expression and instant")
    func alwaysLater() throws {
        var random = SeededRandom(seed: 11)
        let zones = try ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"].map { try ZoneFinder(environment: [:]).zone($0) }
        for _ in 0..<500 {
            let fields = [0...59, 0...23, 1...28, 1...12, 0...6].map { range -> String in
                switch Int.random(in: 0..<4, using: &random) {
                case 0: "*"
                case 1: "*/\(Int.random(in: 1...20, using: &random))"
                default: "\(Int.random(in: range, using: &random))"
                }
            }
            let expression = try CronExpression(fields.joined(separator: " "))
            let zone = zones[Int.random(in: 0..<zones.count, using: &random)]
            let start = Date(timeIntervalSince1970: Double(Int.random(in: 1_700_000_000...1_900_000_000, using: &random)))
            let next = try #require(expression.next(after: start, in: zone), "\(fields)")
            #expect(next > start, "\(fields) after \(start)")
            let again = try #require(expression.next(after: next, in: zone))
            #expect(again > next)
            // Nothing lies between: asked from just before, the same instant comes.
            #expect(expression.next(after: next.addingTimeInterval(-1), in: zone) == next, "\(fields) \(zone.name) \(next)")
        }
    }

    @Test("agrees with cronsim, which models Debian's cron", .limited)
    func oracle() throws {
        let folder = TemporaryFolder()
        var random = SeededRandom(seed: 2026)
        var lines: [String] = []
        let zones = ["America/New_York", "Europe/Berlin", "Asia/Shanghai", "UTC"]
        for _ in 0..<400 {
            let fields = [(0...59, 15), (0...23, 6), (1...31, 5), (1...12, 3), (0...6, 3)].map { range, step -> String in
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: return "*"
                case 2: return "*/\(Int.random(in: 2...step, using: &random))"
                case 3:
                    let low = Int.random(in: range, using: &random)
                    return "\(low)-\(Int.random(in: low...range.upperBound, using: &random))"
                default: return "\(Int.random(in: range, using: &random))"
                }
            }
            guard (try? CronExpression(fields.joined(separator: " "))) != nil else { continue }
            let start = Int.random(in: 1_767_225_600...1_798_761_600, using: &random)
            lines.append("\(fields.joined(separator: " "))|\(start)|\(zones[Int.random(in: 0..<zones.count, using: &random)])")
        }
        try folder.write("cases", lines.joined(separator: "\n"))
        let script = """
            import sys, zoneinfo, datetime
            from cronsim import CronSim
            for line in open(sys.argv[1]).read().splitlines():
                text, start, zone = line.split("|")
                at = datetime.datetime.fromtimestamp(int(start), zoneinfo.ZoneInfo(zone))
                it = CronSim(text, at)
                try: print(",".join(str(int(next(it).timestamp())) for _ in range(6)))
                except StopIteration: print("")
            """
        try folder.write("oracle.py", script)
        let result = try Shell.run("\(Shell.python) \(folder["oracle.py"]) \(folder["cases"])")
        try #require(result.status == 0, "\(result.errors)")
        let answers = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        var compared = 0
        for (line, answer) in zip(lines, answers) where !answer.isEmpty {
            let parts = line.split(separator: "|").map(String.init)
            let (expression, zone) = (try CronExpression(parts[0]), try ZoneFinder(environment: [:]).zone(parts[2]))
            var cursor = Date(timeIntervalSince1970: try #require(Double(parts[1])))
            var own: [Int] = []
            for _ in 0..<6 {
                cursor = try #require(expression.next(after: cursor, in: zone))
                own.append(Int(cursor.timeIntervalSince1970))
            }
            #expect(own.map { "\($0)" }.joined(separator: ",") == answer, "\(line)")
            compared += 1
        }
        #expect(compared > 300)
    }

    @Test(
        "counted at once is counted one by one, over changes of the clocks",
        arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Shanghai", "UTC"])
    func counts(zone: String) throws {
        var random = SeededRandom(seed: 11)
        let zone = try ZoneFinder(environment: [:]).zone(zone)
        for text in ["0 3 * * *", "30 2 * * 0", "*/20 * * * *", "0 */2 * * *", "15 1-3 * 3,10,11 *", "0 0 1 * *", "59 23 * * *", "0 12 13 * 5"] {
            let cron = try CronExpression(text)
            for _ in 0..<4 {
                let start = Date(timeIntervalSince1970: Double.random(in: 1_600_000_000...1_800_000_000, using: &random))
                let end = start + Double.random(in: 0...400 * 86_400, using: &random)
                var (expected, cursor) = (0, start)
                while let fire = cron.next(after: cursor, in: zone), fire <= end { (expected, cursor) = (expected + 1, fire) }
                #expect(cron.count(after: start, upTo: end, in: zone) == expected, "\(text) from \(start) to \(end)")
                #expect(cron.count(after: cursor, upTo: cursor, in: zone) == 0)
                #expect(cron.count(after: start, upTo: cursor, in: zone) == expected)
            }
        }
    }
}

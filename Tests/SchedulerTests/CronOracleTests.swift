import Foundation
import Scheduler
import TestSupport
import Testing
import TimeZones

/// A program by others that computes times of cron expressions, and where it is known to say something else: see docs/schedules.md.
enum CronOracle: Int, CaseIterable {
    case cronsim, croniter, systemd

    /// Why it says something else than we do; nil where that has no reason yet.
    func reason(_ asked: CronCase, own: [Date], its answer: String) -> String? {
        let fields = asked.expression.split(separator: " ")
        let (date, week) = (fields[fields.count - 3], fields[fields.count - 1])
        switch self {
        case .cronsim where answer == "refused": return week.contains(/[A-Za-z]L/) ? "it knows no name before L" : nil
        case .cronsim where week.contains(#/(^|,)\w+/\d/#), .croniter where week.contains(#/(^|,)\w+/\d/#):
            return "steps from a day on reach the next Sunday there"
        case .croniter where week.contains(/[#L]/) && !date.hasPrefix("*") && date != "?": return "a numbered weekday does not go with dates there"
        case .croniter where answer == "refused": return nil
        case .cronsim, .croniter, .systemd: break
        }
        let its = answer.split(separator: ",").compactMap { Double($0) }.map(Date.init(timeIntervalSince1970:))
        let last = max(own.last ?? asked.start, its.last ?? asked.start)
        guard asked.zone.changes(from: asked.start - 26 * 3600, to: last + 26 * 3600) else { return nil }
        switch self {
        case .cronsim:
            if let first = its.first, first <= asked.start { return "it answers with a time that has passed, in the second pass of an hour" }
            // The kind that follows elapsed time goes from hour to hour, and from midnight to midnight, there.
            if fields[fields.count - 5].hasPrefix("*") || fields[fields.count - 4].hasPrefix("*") {
                return "it loses times after a change by half an hour, and days whose midnight is skipped"
            }
            return fields.count == 6 ? "it knows no rule for six fields where the clocks change" : nil
        case .croniter: return "its rule where the clocks change is another one"
        case .systemd: return "its rule where the clocks change is another one"
        }
    }
}

extension Zone {
    /// Whether the clocks change between two instants.
    fileprivate func changes(from start: Date, to end: Date) -> Bool {
        var day = start
        while day < end {
            let next = min(end, day + 86_400)
            if offset(at: day) != offset(at: next) { return true }
            day = next
        }
        return false
    }
}

@Suite("cron and programs by others", .waiting)
struct CronOracleTests {
    private static let count = 5

    /// The seed and the number of cases may be set: `Benchmarks/cron/run` does.
    private static func setting(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    @Test("each agrees, but for reasons that are known", .limited)
    func agree() throws {
        let folder = TemporaryFolder()
        let wanted = CronOracleTests.setting("SHIPKEEPER_CRON_CASES") ?? 1500
        var random = SeededRandom(seed: UInt64(CronOracleTests.setting("SHIPKEEPER_CRON_SEED") ?? 16))
        let zones = try CronCase.zones()
        var cases: [CronCase] = []
        while cases.count < wanted {
            let made = CronCase.random(zones, &random)
            if (try? CronExpression(made.expression)) != nil { cases.append(made) }
        }
        try folder.write("cases", cases.map(\.line).joined(separator: "\n"))
        let share = CronOracleTests.setting("SHIPKEEPER_CRON_SYSTEMD") ?? (FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") ? 10 : 0)
        let script = SourceTree.root + "/Tests/TestSupport/Oracles/cron.py"
        let result = try Shell.run("\(Shell.python) \(script) \(folder["cases"]) \(CronOracleTests.count) \(share)")
        try #require(result.status == 0, "\(result.errors)")
        let answers = result.output.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        try #require(answers.count == cases.count)
        var (asked, reasons): ([CronOracle: Int], [String: [String]]) = ([:], [:])
        for (made, row) in zip(cases, answers) {
            let own = try times(of: made)
            let text = own.map { "\(Int($0.timeIntervalSince1970))" }.joined(separator: ",")
            for oracle in CronOracle.allCases where row[oracle.rawValue] != "-" {
                asked[oracle, default: 0] += 1
                let its = row[oracle.rawValue]
                guard its != text else { continue }
                let reason = oracle.reason(made, own: own, its: its)
                #expect(reason != nil, "\(oracle) on \(made.line): \(its), and we say \(text)")
                reasons["\(oracle): \(reason ?? "unknown")", default: []].append("\(made.line)\t\(its)\t\(text)")
            }
        }
        #expect((asked[.cronsim] ?? 0) > wanted / 2)
        guard let report = ProcessInfo.processInfo.environment["SHIPKEEPER_CRON_REPORT"] else { return }
        let head =
            CronOracle.allCases.map { "\($0) was asked \(asked[$0] ?? 0) times" } + reasons.sorted { $0.key < $1.key }.map { "\($0.value.count)\t\($0.key)" }
        let rows = reasons.sorted { $0.key < $1.key }.flatMap { key, rows in rows.map { "\(key)\t\($0)" } }
        try (head + rows).joined(separator: "\n").write(toFile: report, atomically: true, encoding: .utf8)
    }

    private func times(of made: CronCase) throws -> [Date] {
        let cron = try CronExpression(made.expression)
        var (times, cursor) = ([Date](), made.start)
        while times.count < CronOracleTests.count, let next = cron.next(after: cursor, in: made.zone) {
            times.append(next)
            cursor = next
        }
        return times
    }

    /// The days of a month that W and L-3 mean, found by looking at each of them as Quartz describes it.
    @Test("weekdays near a day, by another way of counting")
    func weekdays() throws {
        let days = 1...31
        for year in 2024...2031 {
            for month in 1...12 {
                let length = CivilDate.monthLength(year: year, month: month)
                let first = CivilDate.day(year: year, month: month)
                let weekdays = (1...length).filter { (1...5).contains(CivilDate.weekday(ofDay: first + $0 - 1)) }
                for day in days {
                    let near = day > length ? nil : weekdays.min { (abs($0 - day), $0) < (abs($1 - day), $1) }
                    #expect(try found("\(day)W", year, month) == near.map { [$0] } ?? [], "\(day)W in \(year)-\(month)")
                    let before = length - day + 1
                    #expect(try found("L-\(day - 1)", year, month) == (before < 1 ? [] : [before]), "L-\(day - 1) in \(year)-\(month)")
                }
                #expect(try found("LW", year, month) == weekdays.suffix(1), "LW in \(year)-\(month)")
            }
        }
    }

    /// The days of a month on which a day of the month comes.
    private func found(_ day: String, _ year: Int, _ month: Int) throws -> [Int] {
        let cron = try CronExpression("0 0 \(day) * *")
        let first = CivilDate.day(year: year, month: month)
        let (start, end) = (Date(timeIntervalSince1970: Double(first) * 86_400 - 1), first + CivilDate.monthLength(year: year, month: month))
        var (days, cursor) = ([Int](), start)
        while let next = cron.next(after: cursor, in: .utc), Int(next.timeIntervalSince1970) < end * 86_400 {
            days.append(Int(next.timeIntervalSince1970) / 86_400 - first + 1)
            cursor = next
        }
        return days
    }
}

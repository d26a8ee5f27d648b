import Foundation
import TestSupport
import Testing

@Suite("schedules on the command line", .waiting)
struct ScheduleProgramTests {
    private func run(_ words: String, in folder: TemporaryFolder = TemporaryFolder(), locale: String = "C.UTF-8") throws -> Shell.Result {
        try Shell.run("LC_ALL= LC_MESSAGES= LANG=\(locale) '\(SourceTree.program)' \(words)", folder: folder.path)
    }

    @Test("the times of an expression, without a file and without a running program")
    func next() throws {
        let words = "next --cron '0 3 L * *' --from 2026-02-01T00:00:00Z --tz UTC --count 3"
        let lines = try run(words).output.split(separator: "\n")
        #expect(lines.first == "0 3 L * *: at 03:00 on the last day of the month")
        #expect(lines.dropFirst(2).map { $0.prefix(23) } == ["2026-02-28 03:00 +00:00", "2026-03-31 03:00 +00:00", "2026-04-30 03:00 +00:00"], "\(lines)")
        #expect(try run(words, locale: "zh_CN.UTF-8").output.hasPrefix("0 3 L * *: 每月最后一天 03:00\n"))
        let json = try run("\(words) --json").output
        #expect(json.contains("\"2026-04-30T03:00:00.000Z\"") && json.contains("\"zh\" : \"每月最后一天 03:00\""), "\(json)")
    }

    @Test("a gap of the clocks, and seconds, are shown as they are")
    func clocks() throws {
        let gap = try run("next --cron '30 2 * * *' --from 2026-03-08 --tz America/New_York -n 2").output
        #expect(gap.contains("2026-03-08 03:00 -04:00") && gap.contains("2026-03-09 02:30 -04:00"), "\(gap)")
        #expect(try run("next --cron '*/20 0 9 * * 1' --from 2026-02-01 --tz UTC -n 2").output.contains("2026-02-02 09:00:20 +00:00"))
    }

    @Test(
        "what is no expression, no zone or no time is refused with the reason",
        arguments: [
            ("next --cron '0 0 30 2 *'", "February has no day 30"), ("next --cron '* * *' ", "3 fields"),
            ("next --cron '@daily' --tz Mars/Base", "no such time zone"),
            ("next --cron '@daily' --from never", "is not a time"), ("next job --cron '@daily'", "takes the place of a job"),
        ])
    func refused(words: String, reason: String) throws {
        let result = try run(words)
        #expect(result.status == 2 && result.errors.contains(reason), "\(result)")
    }

    @Test("what was imported passes the check, which reads its schedules")
    func imported() throws {
        let folder = TemporaryFolder()
        try folder.write("tab", "30 2 * * 5L /usr/bin/true\n0 0 30 2 * never\n")
        let result = try run("import crontab tab > shipkeeper.yaml", in: folder)
        #expect(result.status == 0 && result.errors.contains("tab:2:1: error: \"0 0 30 2 *\" never comes"), "\(result)")
        let check = try run("check", in: folder)
        #expect(check.status == 0 && check.output.contains("  true: at 02:30 on the last Friday of the month"), "\(check)")
        #expect(try run("import crontab missing", in: folder).status == 1)
        #expect(try run("import nonsense tab", in: folder).status == 2)
        try folder.write("empty", "")
        #expect(try run("import procfile empty", in: folder).status == 1)
    }

    @Test("a year of schedules with nights asleep, at once")
    func simulate() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "shipkeeper.yaml",
            """
            version: 1
            timezone: Europe/Berlin
            jobs:
              report: { type: command, on: { cron: "30 2 * * *" }, with: { shell: "true" } }
              long: { type: command, on: { cron: "0 * * * *" }, with: { shell: "true" } }
              final: { type: command, on: stop, with: { shell: "true" } }
            """)
        let words = "simulate --days 365 --from 2026-06-01 --asleep 04:00-06:00 --length long=90m --length final=1h"
        let text = try run(words, in: folder)
        #expect(text.status == 0, "\(text)")
        #expect(
            text.output.contains("the clocks of Europe/Berlin go forward by 1h")
                && text.output.contains("report (30 2 * * *) comes at 2027-03-28 03:00 +02:00"), "\(text)")
        #expect(text.output.contains("run 1 was still running") && text.output.contains("not done within the stop budget"), "\(text)")
        let json = try run("\(words) --json", in: folder).output
        #expect(json.contains("\"clock_changes\"") && json.contains("\"served_by_later\""), "\(json)")
        #expect(try run("simulate --asleep night", in: folder).status == 2)
        #expect(try run("simulate --length nobody=1m", in: folder).status == 5)
    }
}

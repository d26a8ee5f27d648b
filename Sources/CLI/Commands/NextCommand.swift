import ArgumentParser
import Control
import Daemon
import Foundation
import JobKit
import Notifications
import Scheduler
import Settings
import TimeZones

struct NextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: NextOperation.summary,
        discussion: """
            With --cron no shipkeeper has to run: the times of an expression are worked out, and its reading is shown. Readings are in Chinese where LANG says so.
            """)

    @Argument(help: "Only this job's times; without it the next time of each job.", completion: .jobs)
    var job: String?

    @Option(name: [.customShort("n"), .long], help: "At most this many times, of all jobs together; for one job the default is 10.")
    var count: Int?

    @Option(help: "Times from this instant on, past ones too: \(WrittenTime.forms).")
    var from: String?

    @Option(name: .customLong("cron"), help: "The times of this expression instead of those of jobs, such as '0 3 L * *'.")
    var expression: String?

    @Option(help: "The time zone in which times are shown, and of --cron; without it that of each job, or of the configuration.")
    var tz: String?

    @Flag(help: "Show times in UTC.")
    var utc = false

    @OptionGroup var server: ServerOptions

    private static let mostListed = 1000

    func validate() throws {
        if let count, !(1...NextCommand.mostListed).contains(count) { throw ValidationError("-n takes a number from 1 to \(NextCommand.mostListed)") }
        if utc, tz != nil { throw ValidationError("--utc is --tz UTC: give one of them") }
        if expression != nil, job != nil { throw ValidationError("--cron takes the place of a job: give one of them") }
    }

    func run() async throws {
        let zone = try shownZone()
        if let expression { return try showTimes(of: expression, zone ?? ConfigurationFile(option: server.config).timeZone()) }
        let isOnePerJob = job == nil && count == nil
        let answer = try await server.ask(
            NextOperation.self,
            .init(
                job: job, count: count ?? (isOnePerJob ? NextCommand.mostListed : 10), perJob: isOnePerJob ? 1 : nil,
                from: try start(in: zone ?? ShownTime.zone).map(WrittenTime.parameter)))
        if Console.answered(answer) { return }
        let zones = try Zones(shown: zone, of: answer.fires)
        var table = TextTable(["WHEN", "IN", "JOB", "SCHEDULE", "MEANING"], flexible: 4)
        for fire in answer.fires {
            table.add([
                .init(zones.text(fire)), .init(NextCommand.ahead(fire.at)), .init(fire.job, .bold), .init(fire.schedule),
                .init(fire.reading.map { NextCommand.words($0) } ?? ""),
            ])
        }
        Console.out(table.lines(width: Console.width))
        if !answer.paused.isEmpty { Console.out("paused: \(answer.paused.joined(separator: ", "))") }
    }

    /// The zone that is asked for; nil where none is.
    private func shownZone() throws -> Zone? {
        if utc { return .utc }
        guard let tz else { return nil }
        do throws(ZoneProblem) { return try ZoneFinder(environment: ContainerEnvironment.all).zone(tz) } catch {
            throw ValidationError("--tz: no such time zone is known: \"\(tz)\"; write a name such as Asia/Shanghai or UTC, or a rule such as CST-8.")
        }
    }

    private func start(in zone: Zone) throws -> Date? {
        ShownTime.zone = zone
        return try from.map { try WrittenTime.parse($0, option: "--from") }
    }

    // MARK: An expression alone

    private struct Answer: Encodable {
        var cron: String
        var timeZone: String
        var reading: ReadingAnswer
        var times: [Date]
    }

    private func showTimes(of text: String, _ zone: Zone) throws {
        let cron: CronExpression
        do throws(CronError) { cron = try CronExpression(text) } catch {
            Console.error("not a cron expression: \(error.message)", hint: error.hint, code: .usage)
            throw Exit.usage
        }
        for remark in cron.remarks { Console.warning(remark.message, hint: remark.hint) }
        let schedule = Schedule.cron(cron, zone)
        var (times, next): ([Date], Date?) = ([], schedule.first(from: try start(in: zone) ?? SystemWallClock().now, known: nil))
        while let time = next, times.count < count ?? 10 {
            times.append(time)
            next = schedule.next(after: time)
        }
        let answer = Answer(cron: text, timeZone: zone.name, reading: ReadingAnswer(cron.reading), times: times)
        if Console.answered(answer) { return }
        Console.say("\(text): \(NextCommand.words(answer.reading))")
        var table = TextTable(["WHEN", "IN"], flexible: 1)
        for time in times { table.add([.init(zone.text(time, withSeconds: cron.hasSeconds)), .init(NextCommand.ahead(time))]) }
        Console.out(table.lines(width: Console.width))
    }

    private static func ahead(_ date: Date) -> String {
        let length = date.since(SystemWallClock().now)
        return length < .zero ? "\(DurationText.readable(.zero - length)) ago" : DurationText.readable(length)
    }

    /// In the language of the terminal.
    static func words(_ reading: ReadingAnswer) -> String {
        MessageText.Language(nil, environment: ContainerEnvironment.all) == .zh ? reading.zh : reading.en
    }
}

/// In which zone each time is shown.
private struct Zones {
    private let shown: Zone?
    /// Each is in a file.
    private let found: [String: Zone]
    private let withSeconds: Bool

    init(shown: Zone?, of fires: [NextAnswer.Fire]) throws {
        self.shown = shown
        let finder = ZoneFinder(environment: ContainerEnvironment.all)
        found = Set(fires.compactMap(\.timeZone)).reduce(into: [String: Zone]()) { found, name in found[name] = try? finder.zone(name) }
        // Intervals come at any instant; of cron a second is part of the schedule.
        withSeconds = fires.contains { $0.timeZone != nil && $0.at.timeIntervalSince1970.truncatingRemainder(dividingBy: 60) != 0 }
    }

    func text(_ fire: NextAnswer.Fire) -> String {
        (shown ?? fire.timeZone.flatMap { found[$0] } ?? ShownTime.zone).text(fire.at, withSeconds: withSeconds)
    }
}

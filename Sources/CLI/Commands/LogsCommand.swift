import ArgumentParser
import Control
import Foundation
import JobKit

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show the output of jobs: of their newest runs, or of one run.",
        discussion: """
            Without names it shows all jobs, in the order of time. Lines that begin with # are shipkeeper's own. With --since the runs before the \
            newest one are shown as well. If shipkeeper is not running, the logs are read from its state folder.
            """)

    @Argument(help: "Only these jobs.", completion: .jobs)
    var jobs: [String] = []

    @Option(help: "Only the run of this number.")
    var run: Int64?

    @Flag(name: .shortAndLong, help: "Follow the output, continuing with the next runs, until Ctrl-C.")
    var follow = false

    @Option(name: [.customShort("n"), .long, .customLong("tail")], help: "Only this many lines of each job, the last ones.")
    var lines: Int?

    @Option(help: "Only lines of this time or later: \(WrittenTime.forms).")
    var since: String?

    @Option(help: "Only lines until this time.")
    var until: String?

    @Flag(name: [.customShort("t"), .long], help: "Begin each line with its time.")
    var timestamps = false

    @Flag(help: "Omit the names of the jobs.")
    var noPrefix = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("-n takes 0 or more lines.") }
        if run != nil, jobs.count > 1 { throw ValidationError("--run shows one run; name its job, or none.") }
        if run != nil, since != nil { throw ValidationError("--run and --since don't go together.") }
        if follow, until != nil { throw ValidationError("--follow and --until don't go together.") }
    }

    func run() async throws {
        let source = try await server.records()
        var follower: LogFollower?
        if follow {
            // Before anything is read: what comes from now on is news.
            follower = LogFollower(server: server, jobs: Set(jobs), run: run, position: try await server.ask(EventsOperation.self, .init()).position)
            Console.beginLines()
        }
        let bounds = try Bounds(since: since, until: until)
        let readings = try await readings(source, since: bounds.since)
        var printer = LogPrinter(hasTimes: timestamps, names: hasNames ? try await names(readings, source) : nil)
        var merged = MergedLogs(try await shortened(readings, source, bounds))
        var report: [LogEntry] = []
        while let entry = try await merged.next(from: source) {
            guard bounds.hold(entry) else { continue }
            if !Console.isJSON { printer.print(entry) } else if follow { Console.answeredLine(entry) } else { report.append(entry) }
        }
        guard var follower else {
            Console.answered(LogEntries(lines: report))
            return
        }
        follower.take(merged.readings)
        try await follower.follow { entry in if !Console.answeredLine(entry) { printer.print(entry) } }
    }

    /// Whether lines begin with the name of their job.
    private var hasNames: Bool { !noPrefix && run == nil && jobs.count != 1 }

    private struct Bounds {
        var since: Date?
        var until: Date?

        init(since: String?, until: String?) throws {
            self.since = try since.map { try WrittenTime.parse($0, option: "--since") }
            self.until = try until.map { try WrittenTime.parse($0, option: "--until") }
        }

        /// Whether a line is not too new. Where its time is not known, it is shown.
        func hold(_ entry: LogEntry) -> Bool {
            guard let until, let at = entry.at else { return true }
            return at <= until
        }
    }

    /// What is read, a job each.
    private func readings(_ source: RecordSource, since: Date?) async throws -> [LogReading] {
        let start: LogStart = if let since { .since(since) } else if let lines, until == nil { .last(lines) } else { .offset(0) }
        if let run {
            // The name of its job is checked.
            if let job = jobs.first { _ = try await source.ask(LogOperation.self, .init(job: job, run: run, lines: 0)) }
            let job = try await source.ask(RunLogOperation.self, .init(id: run, lines: 0)).job
            return [LogReading(job: job, runs: [run], from: start)]
        }
        var found: [LogReading] = []
        for job in jobs.isEmpty ? [String?.none] : jobs.map(Optional.some) {
            let runs: [RunAnswer]
            if let since {
                runs = try await source.ask(RunsOperation.self, .init(job: job, limit: 10_000, since: WrittenTime.parameter(since))).runs
            } else {
                runs = try await source.ask(RunsOperation.self, .init(job: job, limit: 10_000, newest: true)).runs
            }
            let started = Dictionary(grouping: runs.filter { $0.startedAt != nil }, by: \.job)
            // A job that has not run yet is an error only where it is the one that is named.
            if let job, started.isEmpty, jobs.count == 1, since == nil, !follow { _ = try await source.ask(LogOperation.self, .init(job: job)) }
            found += started.sorted { $0.key < $1.key }.map { job, runs in LogReading(job: job, runs: runs.map(\.id).sorted(), from: start) }
        }
        return found
    }

    /// With a number of lines and a time, the last ones within the bounds.
    private func shortened(_ readings: [LogReading], _ source: RecordSource, _ bounds: Bounds) async throws -> [LogReading] {
        guard let lines, since != nil || until != nil else { return readings }
        var short: [LogReading] = []
        for var reading in readings {
            try await reading.rewind(toLast: lines, from: source, where: bounds.hold)
            short.append(reading)
        }
        return short
    }

    /// The names that lines may begin with.
    private func names(_ readings: [LogReading], _ source: RecordSource) async throws -> [String] {
        guard follow, case .program(let server) = source, jobs.isEmpty else { return readings.map(\.job) }
        return try await server.ask(StatusOperation.self).jobs.map(\.name)
    }
}

import ArgumentParser
import Control
import Foundation
import JobKit
import Processes

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: StatusOperation.summary,
        discussion: "With names of jobs it shows each of them in detail: checks, process, next times, last runs and the end of the log.")

    @Argument(help: "Show these jobs in detail.", completion: .jobs)
    var jobs: [String] = []

    @Flag(name: .shortAndLong, help: "Refresh whenever something changes, until Ctrl-C.")
    var watch = false

    @Flag(help: "Exit with 1 when something needs attention, for health checks and scripts.")
    var check = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if watch, check { throw ValidationError("--watch and --check don't go together.") }
    }

    func run() async throws {
        if watch { return try await StatusWatch(jobs: jobs, server: server).run() }
        guard let shown = try await ShownStatus.ask(jobs, server, forPeople: !Console.isJSON) else { return try await showRecorded() }
        if !shown.answered() { Console.out(shown.lines(width: Console.width).joined(separator: "\n")) }
        guard check, !shown.attention.isEmpty else { return }
        if Console.isJSON { for item in shown.attention { Console.error("\(item.job): \(item.message)", hint: item.hint) } }
        throw ExitCode.failure
    }
}

extension StatusCommand {
    /// The newest run of each job, where no program runs; the exit code says so.
    fileprivate func showRecorded() async throws {
        let source = try await server.records()
        let runs = try await source.ask(RunsOperation.self, .init(limit: 10_000, newest: true)).runs
        let shown = jobs.isEmpty ? runs : runs.filter { jobs.contains($0.job) }
        RunsTable(shown.sorted { $0.job < $1.job }, now: .now).print()
        throw Exit.notRunning
    }
}

/// What `status` shows: everything at once, or some jobs in detail.
enum ShownStatus: Sendable {
    case all(StatusAnswer)
    /// Everything at once, in words.
    case table(StatusTableAnswer)
    case jobs(JobCards)

    /// The cards as they are printed with `--json`.
    struct JobCards: Codable, Sendable { var jobs: [JobCardAnswer] }

    /// - Parameters:
    ///   - names: Jobs; empty for all at once.
    ///   - forPeople: Whether only the words of all jobs are wanted: of many they come much sooner.
    /// - Returns: nil where no program runs.
    static func ask(_ names: [String], _ server: ServerOptions, forPeople: Bool = false) async throws -> ShownStatus? {
        if names.isEmpty, forPeople { return try await server.askIfRunning(StatusTableOperation.self, NoParameters()).map(ShownStatus.table) }
        if names.isEmpty { return try await server.askIfRunning(StatusOperation.self, NoParameters()).map(ShownStatus.all) }
        var cards: [JobCardAnswer] = []
        for name in names {
            guard let card = try await server.askIfRunning(JobOperation.self, .init(job: name)) else { return nil }
            cards.append(card)
        }
        return .jobs(JobCards(jobs: cards))
    }

    var attention: [StatusAnswer.Attention] {
        switch self {
        case .all(let status): status.attention
        case .table(let table): table.status.attention
        case .jobs(let cards): cards.jobs.flatMap(\.attention)
        }
    }

    /// The oldest position in the feed of events that it knows.
    var position: Int64 {
        switch self {
        case .all(let status): status.position
        case .table(let table): table.status.position
        case .jobs(let cards): cards.jobs.map(\.position).min() ?? 0
        }
    }

    func lines(width: Int) -> [String] {
        switch self {
        case .all(let status): StatusText(StatusTableAnswer(status), width: width).lines
        case .table(let table): StatusText(table, width: width).lines
        case .jobs(let cards): Array(cards.jobs.map { JobCardText($0, width: width).lines }.joined(separator: [""]))
        }
    }

    /// Gives it to programs; false where people read.
    func answered() -> Bool {
        switch self {
        case .all(let status): Console.answered(status)
        case .table(let table): Console.answered(table)
        case .jobs(let cards): Console.answered(cards)
        }
    }

    /// The same as one line of several.
    func answeredLine() -> Bool {
        switch self {
        case .all(let status): Console.answeredLine(status)
        case .table(let table): Console.answeredLine(table)
        case .jobs(let cards): Console.answeredLine(cards)
        }
    }
}

import ArgumentParser
import Control
import Foundation
import JobKit
import Processes
import Scheduler
import Settings
import TimeZones

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: RunsOperation.summary,
        discussion: "If shipkeeper is not running, the runs are read from its state folder.")

    @Argument(help: "Only runs of this job.", completion: .jobs)
    var job: String?

    @Option(name: [.customShort("n"), .long], help: "At most this many runs, 1 to 10000.")
    var limit = 20

    @Flag(help: "Only runs that failed, timed out, were interrupted or are incomplete.")
    var failed = false

    @Option(help: "Only runs with this outcome: \(RunOutcome.allCases.map(\.rawValue).joined(separator: ", ")); may be given several times.")
    var outcome: [String] = []

    @Option(help: "Only unfinished runs, and those that ended at this time or later: \(WrittenTime.forms).")
    var since: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("-n takes 1 to 10000.") }
        if failed, !outcome.isEmpty { throw ValidationError("--failed and --outcome don't go together.") }
    }

    func run() async throws {
        let source = try await server.records()
        let outcomes = failed ? RunOutcome.failures.map(\.rawValue) : outcome
        let start = try since.map { WrittenTime.parameter(try WrittenTime.parse($0, option: "--since")) }
        let answer = try await source.ask(
            RunsOperation.self,
            .init(job: job, limit: limit, outcome: outcomes.isEmpty ? nil : outcomes.joined(separator: ","), since: start))
        if Console.answered(answer) { return }
        RunsTable(answer.runs, now: .now).print()
    }
}

extension RunOutcome {
    /// Those that say that something is wrong.
    fileprivate static var failures: [RunOutcome] { allCases.filter { $0.isVerdict && $0 != .succeeded } }
}

/// Runs as people read them.
struct RunsTable {
    private let runs: [RunAnswer]
    private let now: Date

    init(_ runs: [RunAnswer], now: Date) {
        self.runs = runs
        self.now = now
    }

    /// As wide as the terminal; a script gets each run in one line.
    func print() {
        Console.out(lines(width: Terminal.isOutput ? Console.width : .max))
    }

    private func lines(width: Int) -> [String] {
        guard !runs.isEmpty else { return ["no run is recorded"] }
        let isNarrow = width < StatusText.leastForOneLine
        var table = TextTable(["RUN", "JOB", "WHEN", "TOOK", "OUTCOME"] + (isNarrow ? [] : ["WHAT"]), flexible: isNarrow ? 1 : 5, isWrapping: !isNarrow)
        for run in runs {
            let took = run.startedAt.map { DurationText.readable((run.finishedAt ?? now).since($0)) } ?? ""
            let cells: [TextTable.Cell] = [
                .init("\(run.id)"), .init(run.job, .bold), .init(ShownTime.text(run.startedAt ?? run.scheduledAt)), .init(took),
                .init(run.outcome?.rawValue ?? run.state.rawValue, run.outcome.flatMap { Console.Colour($0) }),
            ]
            if isNarrow { table.add(cells, below: run.listText) } else { table.add(cells + [.init(run.listText)]) }
        }
        return table.lines(width: width)
    }
}

import ArgumentParser
import Control
import Daemon
import Foundation
import JobKit
import Scheduler
import Processes
import Settings
import TimeZones

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runs", abstract: RunsOperation.summary)

    @Argument(help: "Only runs of this job.")
    var job: String?

    @Option(name: [.customShort("n"), .long], help: "The most runs to list.")
    var limit = 20

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(RunsOperation.self, .init(job: job, limit: limit))
        if Console.answered(answer) { return }
        var table = TextTable(["RUN", "JOB", "WHEN", "TOOK", "OUTCOME", "WHAT"], flexible: 5)
        for run in answer.runs {
            let took = run.startedAt.flatMap { start in run.finishedAt.map { DurationText.readable($0.since(start)) } } ?? ""
            let word = run.outcome?.rawValue ?? run.state.rawValue
            table.add([
                .init("\(run.id)"), .init(run.job, .bold), .init(ShownTime.text(run.startedAt ?? run.scheduledAt)), .init(took),
                .init(word, run.outcome.flatMap { Console.Colour($0) }),
                .init(run.listText),
            ])
        }
        for line in table.lines(width: Console.width) { Console.out(line) }
    }
}

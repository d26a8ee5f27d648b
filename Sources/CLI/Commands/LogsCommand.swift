import ArgumentParser
import Control
import JobKit

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: LogOperation.summary,
        discussion: "Lines that begin with # are the program's own.")

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Option(help: "The run's number.")
    var run: Int64?

    @Flag(name: .shortAndLong, help: "Follow the output, continuing with the next run.")
    var follow = false

    @Option(name: [.customShort("n"), .long, .customLong("tail")], help: "Only the last so many lines.")
    var lines: Int?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        var current = run
        var offset: Int64 = 0
        var isFirst = true
        repeat {
            let log = try await server.ask(LogOperation.self, .init(job: job, run: current ?? run, from: offset))
            let text = isFirst ? tail(log.text) : log.text
            if follow {
                if !text.isEmpty, !Console.answeredLine(log) { Console.raw(text) }
            } else if !Console.answered(log) {
                Console.raw(text)
            }
            (current, offset, isFirst) = (log.run, log.next, false)
            guard follow else { return }
            if log.isFinished, log.text.isEmpty {
                if run != nil { return }
                try await awaitNextRun(after: log.run, &current, &offset)
            }
            try await server.awaitNews(after: log.position, job: job)
        } while true
    }

    private func awaitNextRun(after finished: Int64, _ current: inout Int64?, _ offset: inout Int64) async throws {
        let runs = try await server.ask(RunsOperation.self, .init(job: job, limit: 5))
        guard let next = runs.runs.last(where: { $0.id > finished && $0.startedAt != nil }) else { return }
        (current, offset) = (next.id, 0)
    }

    private func tail(_ text: String) -> String {
        guard let lines else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0).suffix(max(0, lines))
            .map { $0 + "\n" }.joined()
    }
}

import ArgumentParser
import Control
import Processes

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: WhyOperation.summary)

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(WhyOperation.self, .init(job: job))
        if !Console.answered(answer) { Console.out(Terminal.isOutput ? wrapped(answer.answer, width: Console.width, indent: "") : answer.answer) }
    }
}

import ArgumentParser
import Control
import Processes

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: ReloadOperation.summary)

    @Flag(help: "Change nothing: show what a reload would do.")
    var dryRun = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(ReloadOperation.self, .init(dryRun: dryRun))
        for problem in answer.problems { Console.problem(problem) }
        Console.answered(answer)
        guard !answer.problems.contains(where: { $0.severity == .error }) else {
            Console.note(dryRun ? "a reload would be refused" : "not reloaded; the old configuration stays in force")
            throw Exit.badConfiguration
        }
        let changes = answer.changes.isEmpty ? "nothing has changed" : answer.changes.map(\.message).joined(separator: ", ")
        let line = "\(dryRun ? "a reload would apply" : "reloaded"): \(changes)"
        Console.out(Terminal.isOutput ? wrapped(line, width: Console.width, indent: "") : line)
        if !answer.needsRestart.isEmpty { Console.out("the new value of \(answer.needsRestart.joined(separator: ", ")) needs a restart of shipkeeper") }
    }
}

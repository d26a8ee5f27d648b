import ArgumentParser
import Control
import Daemon

struct ActionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "action", abstract: "Run a command that the configuration declares under \"actions\"; without a name, list them.",
        discussion: "Exits with 0 when the command did, else with 1. What it prints is shown once it has ended.")

    /// The longest that an action may take, and its end.
    private static let longestRun = Duration.seconds(640)

    @Argument(help: "The action's name.", completion: .actions)
    var name: String?

    @Argument(help: "What the action asks for.")
    var argument: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        guard let name else { return try await list() }
        let answer = try await server.ask(RunActionOperation.self, .init(action: name, argument: argument), timeout: ActionCommand.longestRun)
        Console.answered(answer)
        guard let run = answer.run else { return }
        if run.bytesLeftOut > 0 { Console.note("\(run.bytesLeftOut) bytes at the beginning are left out") }
        if !run.output.isEmpty { Console.out(run.output.hasSuffix("\n") ? String(run.output.dropLast()) : run.output) }
        guard run.outcome == .succeeded else {
            Console.error("\(name): \(run.message ?? "it has not ended")", code: .runFailed)
            throw ExitCode.failure
        }
    }

    private func list() async throws {
        let answer = try await server.ask(ActionsOperation.self)
        if Console.answered(answer) { return }
        guard !answer.actions.isEmpty else { return Console.out("the configuration declares no actions") }
        var table = TextTable(["ACTION", "LABEL", "STATE"], flexible: 1, isWrapping: true)
        for action in answer.actions {
            let name = action.argument.map { "\(action.name) \($0.uppercased().replacing(" ", with: "_"))" } ?? action.name
            table.add([.init(name), .init(action.label), .init(action.note.map { "\(action.state.rawValue): \($0)" } ?? action.state.rawValue)])
        }
        for line in table.lines(width: Console.width) { Console.out(line) }
    }
}

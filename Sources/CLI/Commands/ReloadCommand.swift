import ArgumentParser
import Control
import Processes

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: ReloadOperation.summary,
        discussion: "With a service's name: let that service reload its own configuration, as its \"reload\" says; it is not restarted.")

    @Argument(help: "A service that is to reload its own configuration.", completion: .jobs)
    var job: String?

    @Flag(help: "Change nothing: show what a reload would do.")
    var dryRun = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if dryRun, job != nil { throw ValidationError("--dry-run is for shipkeeper's own configuration, without a service's name.") }
    }

    func run() async throws {
        if let job { return try await reload(job) }
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

    private func reload(_ service: String) async throws {
        let answer = try await server.ask(ReloadServiceOperation.self, .init(job: service))
        Console.answered(answer)
        guard answer.isDone else {
            Console.error("\(service) was not asked to reload: \(answer.message)", code: .refused)
            throw ExitCode.failure
        }
        Console.say("\(service) was asked to reload (\(answer.message))")
    }
}

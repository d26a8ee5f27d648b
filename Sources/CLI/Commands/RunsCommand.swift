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
                .init(run.displayText.isEmpty ? run.cause : run.displayText),
            ])
        }
        for line in table.lines(width: Console.width) { Console.out(line) }
    }
}

struct NextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "next", abstract: NextOperation.summary)

    @Argument(help: "Only this job's times; without it the next one of each job.", completion: .jobs)
    var job: String?

    @Option(name: [.customShort("n"), .long], help: "The most times to list, those of all jobs together; 10 of a job that is named.")
    var count: Int?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("-n takes a number of at least 1") }
    }

    func run() async throws {
        let isOnePerJob = job == nil && count == nil
        let answer = try await server.ask(NextOperation.self, .init(job: job, count: count ?? (isOnePerJob ? 1000 : 10), perJob: isOnePerJob ? 1 : nil))
        if Console.answered(answer) { return }
        var table = TextTable(["WHEN", "IN", "JOB", "SCHEDULE"], flexible: 3)
        let now = SystemWallClock().now
        let zones = ZoneFinder(environment: ContainerEnvironment.all)
        for fire in answer.fires {
            table.add([
                .init((fire.timeZone.flatMap { try? zones.zone($0) } ?? ShownTime.zone).text(fire.at)), .init(DurationText.readable(fire.at.since(now))),
                .init(fire.job, .bold),
                .init(fire.schedule),
            ])
        }
        for line in table.lines(width: Console.width) { Console.out(line) }
        if !answer.paused.isEmpty { Console.out("paused: \(answer.paused.joined(separator: ", "))") }
    }
}

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

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: ReloadOperation.summary)

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(ReloadOperation.self)
        for problem in answer.problems { Console.problem(problem) }
        Console.answered(answer)
        guard answer.isReloaded else {
            Console.note("not reloaded; the old configuration stays in force")
            throw Exit.badConfiguration
        }
        let waiting = answer.needsRestart.isEmpty ? "" : "; the new value of \(answer.needsRestart.joined(separator: ", ")) needs a restart"
        Console.out("reloaded\(waiting)")
    }
}

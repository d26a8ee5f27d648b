import ArgumentParser
import Control

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: PauseOperation.summary,
        discussion: """
            A paused job still runs at boot, when shipkeeper stops, and when it is started manually. A pause lasts over restarts. What the \
            schedules miss is made up for by the job's "catch_up", as after a time in which shipkeeper was down.
            """)

    @OptionGroup var choice: PausedJobs

    @Option(name: .customLong("for"), help: "How long, such as 30m or 1h; without it until the job is resumed.")
    var length: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        var pauses = Pauses()
        for job in choice.wanted {
            let answer = try await server.ask(PauseOperation.self, .init(job: job, length: length))
            try pauses.add(answer)
            Console.out("\(job ?? "all schedules"): \(answer.message ?? "paused")")
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: ResumeOperation.summary)

    @OptionGroup var choice: PausedJobs
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var pauses = Pauses()
        for job in choice.wanted {
            let answer = try await server.ask(ResumeOperation.self, .init(job: job))
            try pauses.add(answer)
            let still = answer.pause == nil ? "" : ", but all schedules are paused: shipkeeper resume --all"
            Console.out("\(job ?? "all schedules"): resumed\(still)")
        }
    }
}

/// Which jobs a pause is about.
struct PausedJobs: ParsableArguments {
    @Argument(help: "The jobs' names.", completion: .jobs)
    var jobs: [String] = []

    @Flag(help: "The schedules of all jobs.")
    var all = false

    func validate() throws {
        if jobs.isEmpty != all { throw ValidationError("name jobs, or --all for the schedules of all jobs") }
    }

    /// The names, or nil for all jobs.
    var wanted: [String?] { all ? [nil] : jobs }
}

/// What was answered for each job, in order.
private struct Pauses: Encodable {
    private var answers: [PauseAnswer] = []

    private enum CodingKeys: CodingKey { case answers }

    /// Ends with the sentence why it was refused.
    mutating func add(_ answer: PauseAnswer) throws {
        answers.append(answer)
        Console.answered(self)
        guard !answer.isDone else { return }
        Console.error(answer.message ?? "refused", code: .refused)
        throw ExitCode.failure
    }
}

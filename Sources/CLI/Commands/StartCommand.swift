import ArgumentParser
import Control
import Daemon
import Foundation
import JobKit
import Processes
import Scheduler
import Settings

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: StartOperation.summary,
        discussion: "If the job is already running, the command attaches to that run; --new queues another one.")

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Flag(help: "Wait for the run's end and exit with its outcome; for a service, until it is ready.")
    var wait = false

    @Flag(name: .shortAndLong, help: "Wait as with --wait, and show the output meanwhile.")
    var follow = false

    @Flag(help: "Queue another run even if the job is running.")
    var new = false

    @Flag(help: "Change nothing: show what the run would do. For jobs of the types backup, restore, json-merge, publish and hexo.")
    var dryRun = false

    @Flag(help: "Let a backup store a tree that is empty, or holds far less than the last backup.")
    var confirmEmpty = false

    @Option(help: "A word of your choice: a later start with the same word starts nothing and means this run, also after its end.")
    var key: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if key != nil, dryRun { throw ValidationError("--key and --dry-run don't go together.") }
        if new, dryRun { throw ValidationError("--new and --dry-run don't go together.") }
        if confirmEmpty, dryRun { throw ValidationError("--confirm-empty and --dry-run don't go together.") }
    }

    func run() async throws {
        let answer = try await server.ask(StartOperation.self, .init(job: job, new: new, dryRun: dryRun, confirmEmpty: confirmEmpty, key: key))
        let run = try answer.accepted(job)
        if dryRun { return try await RunWaiter(job: job, run: run, server: server, output: .summaryLines).wait() }
        let isJoined = answer.result == .joined
        guard wait || follow else {
            if Console.answered(answer) { return }
            return Console.say(isJoined ? "\(job) is running already (run \(run))" : "\(job) started (run \(run))")
        }
        Console.note(isJoined ? "\(job) is running already: waiting for run \(run)" : "\(job) started (run \(run))")
        try await RunWaiter(job: job, run: run, server: server, output: follow ? .live : .none).wait()
    }
}

struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: StopOperation.summary)

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Flag(help: "Wait until the run has ended.")
    var wait = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(StopOperation.self, .init(job: job))
        Console.answered(answer)
        if answer.result == .notRunning { return Console.say("\(job) is not running") }
        let run = try answer.accepted(job)
        guard wait else { return Console.say("\(job) is stopping (run \(run))") }
        Console.note("\(job) is stopping (run \(run))")
        var state = try await server.state(of: run, job)
        while true {
            if state.isFinished {
                Console.answered(state)
                return Console.say("\(job) has stopped (run \(run)\(state.outcome.map { ", \($0.rawValue)" } ?? ""))")
            }
            state = try await server.news(of: run, job, after: state.position)
        }
    }
}

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: RestartOperation.summary)

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Flag(help: "Wait for the new run's end; for a service, until it is ready.")
    var wait = false

    @Option(help: "Why, for the history: shown by \"runs\" and \"why\".")
    var reason: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(RestartOperation.self, .init(job: job, reason: reason))
        let run = try answer.accepted(job)
        if wait { return try await RunWaiter(job: job, run: run, server: server).wait() }
        Console.answered(answer)
        Console.say("\(job) is restarting (run \(run))")
    }
}

extension StartAnswer {
    /// The run, or the sentence why there is none.
    fileprivate func accepted(_ job: String) throws -> Int64 {
        if let run { return run }
        Console.error(message ?? "\(job) was not started", code: .refused)
        throw ExitCode.failure
    }
}

extension ServerOptions {
    /// How long one request waits for news, in seconds.
    private static let longestWait: Int64 = 20
    /// The least time between two looks at progress or a log.
    private static let pace = Duration.milliseconds(100)

    /// The state of a run, for a command that waits for it.
    fileprivate func state(of run: Int64, _ job: String) async throws -> RunAnswer {
        if let answer = await askQuietly(RunOperation.self, .init(id: run)) { return answer }
        Console.error("shipkeeper stopped before run \(run) of \(job) was over; see \"shipkeeper runs \(job)\" when it runs again", code: .notRunning)
        throw Exit.notRunning
    }

    /// The same once something has happened to the job after a position of the feed, or nothing for a while. Its end comes with the news itself:
    /// a program that stops answers no further question.
    fileprivate func news(of run: Int64, _ job: String, after position: Int64?) async throws -> RunAnswer {
        let begun = ContinuousClock.now
        let news = await askQuietly(EventsOperation.self, .init(after: position, wait: ServerOptions.longestWait, job: job))
        if let end = news?.events.last(where: { $0.run?.id == run && $0.run?.isFinished == true })?.run { return end }
        if news?.events.allSatisfy({ $0.type == .progress || $0.type == .log }) == true {
            let rest = ServerOptions.pace - (ContinuousClock.now - begun)
            if rest > .zero { try await SystemWallClock().sleep(for: rest) }
        }
        return try await state(of: run, job)
    }
}

/// Stays with a run until its end, showing how far it has come.
struct RunWaiter {
    let job: String
    let run: Int64
    let server: ServerOptions
    /// What is shown of the run's output.
    enum Output {
        case none
        /// All of it, as it comes.
        case live
        /// When it has ended, the program's own lines.
        case summaryLines
    }

    var output = Output.none

    func wait() async throws {
        var (toldAttempts, obstacle) = (0, "")
        let line = ProgressLine()
        var offset: Int64 = 0
        var answer = try await server.state(of: run, job)
        while true {
            if case .live = output, answer.startedAt != nil { await show(from: &offset) }
            if answer.isFinished {
                if case .summaryLines = output, !Console.isJSON { await showSummaryLines() }
                return try answer.conclude()
            }
            if let reason = answer.obstacle, reason != obstacle {
                obstacle = reason
                Console.note("\(job) \(reason)")
            }
            for attempt in answer.attempts ?? [] where answer.state == .waitingToRetry && attempt.number > toldAttempts && attempt.endedAt != nil {
                toldAttempts = attempt.number
                if !Console.isJSON { tell(attempt, next: answer.nextAttemptAt) }
            }
            if answer.service == .ready {
                Console.answered(answer)
                return Console.say("\(job) is ready (run \(run))")
            }
            if !isLive, let progress = answer.progress { line.show(progress) }
            answer = try await server.news(of: run, job, after: answer.position)
        }
    }

    /// An attempt that has failed, where another follows.
    private func tell(_ attempt: RunAnswer.AttemptAnswer, next: Date?) {
        let wait = next.map { $0.since(SystemWallClock().now) }
        let when = wait.map { $0 > .zero ? "in \(DurationText.readable($0))" : "now" } ?? "later"
        Console.note("\(job): attempt \(attempt.number): \(attempt.result ?? "failed"); retrying \(when) (Ctrl-C stops waiting, not the run)")
    }

    private var isLive: Bool { if case .live = output { true } else { false } }

    /// Shows what has come since that byte.
    private func show(from offset: inout Int64) async {
        while let log = await server.askQuietly(RunLogOperation.self, .init(id: run, from: offset)) {
            offset = log.next
            for line in log.lines where !Console.answeredLine(LogEntry(line, job: job, run: run)) { Console.out(PrintedText.line(line.displayText)) }
            if log.isLast { return }
        }
    }

    /// The program's own lines of the run, without the output of its processes.
    private func showSummaryLines() async {
        var offset: Int64 = 0
        while true {
            guard let log = await server.askQuietly(RunLogOperation.self, .init(id: run, from: offset)) else { return }
            offset = log.next
            for line in log.lines where line.source == .own { Console.out(PrintedText.line(line.text)) }
            if log.isLast { return }
        }
    }

}

extension RunAnswer {
    /// Says what came of it, and ends the command with the exit code for that.
    func conclude() throws {
        Console.answered(self)
        let time = startedAt.flatMap { start in finishedAt.map { " in \(DurationText.readable($0.since(start)))" } } ?? ""
        let line = "\(job) \(outcome?.rawValue ?? "")\(time)\(displayText.isEmpty ? "" : ": \(displayText)") (run \(id))"
        switch outcome {
        case .succeeded: Console.say(line)
        case .incomplete:
            Console.error(line, hint: hint, code: .incomplete)
            throw Exit.incomplete
        case .failed, .timedOut, .cancelled, .skipped, .interrupted, nil:
            Console.error(line, hint: hint, code: .runFailed)
            throw ExitCode.failure
        }
    }
}

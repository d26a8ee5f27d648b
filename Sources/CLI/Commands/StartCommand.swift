import ArgumentParser
import Control
import Foundation
import JobKit
import Processes
import Scheduler

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: StartOperation.summary,
        discussion: "A job that is running already is joined, unless --new asks for another run after it.")

    @Argument(help: "The job's name.")
    var job: String

    @Flag(help: "Wait for the run's end and exit with its outcome; for a service, until it is ready.")
    var wait = false

    @Flag(help: "Ask for a run of its own even if one goes on.")
    var new = false

    @Flag(help: "Change nothing: show what the run would do, as a publication can.")
    var dryRun = false

    @Flag(help: "Let a backup store a tree that is empty, or holds far less than the last backup.")
    var confirmEmpty = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if new, dryRun { throw ValidationError("--new and --dry-run don't go together.") }
        if confirmEmpty, dryRun { throw ValidationError("--confirm-empty and --dry-run don't go together.") }
    }

    func run() async throws {
        let answer = try await server.ask(StartOperation.self, .init(job: job, new: new, dryRun: dryRun, confirmEmpty: confirmEmpty))
        let run = try answer.accepted(job)
        if dryRun { return try await RunWaiter(job: job, run: run, server: server, showsWords: true).wait() }
        guard wait else {
            if server.printedJSON(answer) { return }
            return Console.out(answer.result == .joined ? "\(job) is on its way already (run \(run))" : "\(job) was started (run \(run))")
        }
        try await RunWaiter(job: job, run: run, server: server).wait()
    }
}

struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: StopOperation.summary)

    @Argument(help: "The job's name.")
    var job: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(StopOperation.self, .init(job: job))
        if answer.result == .notRunning {
            if !server.printedJSON(answer) { Console.out("\(job) is not running") }
            return
        }
        let run = try answer.accepted(job)
        if !server.printedJSON(answer) { Console.out("\(job) is stopping (run \(run))") }
    }
}

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: RestartOperation.summary)

    @Argument(help: "The job's name.")
    var job: String

    @Flag(help: "Wait for the new run's end; for a service, until it is ready.")
    var wait = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(RestartOperation.self, .init(job: job))
        let run = try answer.accepted(job)
        if wait { return try await RunWaiter(job: job, run: run, server: server).wait() }
        if !server.printedJSON(answer) { Console.out("\(job) is restarting (run \(run))") }
    }
}

extension StartAnswer {
    /// The run, or the sentence why there is none.
    fileprivate func accepted(_ job: String) throws -> Int64 {
        if let run { return run }
        if result == .noSuchJob {
            Console.error("no job is named \"\(job)\"" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
            throw Exit.noSuchJob
        }
        Console.error(message ?? "\(job) was not started")
        throw ExitCode.failure
    }
}

/// Stays with a run until its end, showing how far it has come.
struct RunWaiter {
    let job: String
    let run: Int64
    let server: ServerOptions
    /// Whether the run's own words are shown when it has ended.
    var showsWords = false

    func wait() async throws {
        var (shown, toldAttempts) = ("", 0)
        while true {
            let answer = try await server.ask(RunOperation.self, .init(id: run))
            if answer.isFinished {
                if showsWords, !server.json { try await showWords() }
                return try conclude(answer)
            }
            for attempt in answer.attempts ?? [] where answer.state == .waitingToRetry && attempt.number > toldAttempts && attempt.endedAt != nil {
                toldAttempts = attempt.number
                if !server.json { tell(attempt) }
            }
            if answer.service == .ready {
                if !server.printedJSON(answer) { Console.out("\(job) is ready (run \(run))") }
                return
            }
            if Terminal.isError, let progress = answer.progress?.words, progress != shown {
                Console.errorRaw("\r\u{1b}[K\(TextTable.cut(progress, to: Console.width - 1))")
                shown = progress
            }
            try await server.awaitNews(after: answer.position, job: job)
        }
    }

    /// An attempt that has failed, where another follows.
    private func tell(_ attempt: RunAnswer.AttemptAnswer) {
        if Terminal.isError { Console.errorRaw("\r\u{1b}[K") }
        Console.error("\(job): attempt \(attempt.number): \(attempt.result ?? "failed"); trying again later (Ctrl-C stops waiting, not the run)")
    }

    /// What the program itself has said in the run, without the words of its processes.
    private func showWords() async throws {
        if Terminal.isError { Console.errorRaw("\r\u{1b}[K") }
        var offset: Int64 = 0
        while true {
            let log = try await server.ask(LogOperation.self, .init(job: job, run: run, from: offset))
            if log.text.isEmpty { return }
            offset = log.next
            for line in log.text.split(separator: "\n") where line.hasPrefix("# ") { Console.out(String(line.dropFirst(2))) }
        }
    }

    private func conclude(_ answer: RunAnswer) throws {
        if Terminal.isError { Console.errorRaw("\r\u{1b}[K") }
        if !server.printedJSON(answer) {
            let time = answer.startedAt.flatMap { start in answer.finishedAt.map { " in \(DurationText.readable($0.since(start)))" } } ?? ""
            let line = "\(job) \(answer.outcome?.rawValue ?? "")\(time)\(answer.words.isEmpty ? "" : ": \(answer.words)") (run \(run))"
            if answer.outcome == .succeeded {
                Console.out(line)
            } else {
                Console.error(line + (answer.hint.map { "\n→ \($0)" } ?? ""))
            }
        }
        switch answer.outcome {
        case .succeeded: return
        case .incomplete: throw Exit.incomplete
        case .failed, .timedOut, .cancelled, .skipped, .interrupted, nil: throw ExitCode.failure
        }
    }
}

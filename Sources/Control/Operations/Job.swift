import Foundation
import JobKit
import Scheduler

package enum JobOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "lines": ParameterNote("The most lines of the log, 0 to 1000; 10 where it is missing", .range(0...1000)),
            "runs": ParameterNote("The most runs, 1 to 100; 5 where it is missing", .range(1...100)),
        ]

        package var job: String
        package var lines: Int?
        package var runs: Int?

        package init(job: String, lines: Int? = nil, runs: Int? = nil) {
            self.job = job
            self.lines = lines
            self.runs = runs
        }
    }

    package static let name = "job"
    package static let path = "jobs/{job}"
    package static let summary = "Show a job: its state, checks, process, next times, last runs and last log lines."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> JobCardAnswer {
        let lines = caller.maySeeContents ? min(1000, max(0, request.lines ?? 10)) : 0
        return try await program.card(of: request.job, lines: lines, runs: min(100, max(1, request.runs ?? 5)))
    }
}

extension Operations {
    /// A job with all that is known of it.
    /// - Parameters:
    ///   - lines: The most lines of its newest log.
    ///   - most: The most runs.
    package func card(of name: String, lines: Int, runs most: Int) async throws(OperationError) -> JobCardAnswer {
        // Before all else: what comes meanwhile is news.
        let position = scheduler.position
        let view = try await job(name)
        let usages = await scheduler.usages()
        let runs = try await history.runs(RunQuery(job: name, limit: most))
        let logged = try await history.runs(RunQuery(job: name, .started, limit: 1)).first
        let log = if let logged { await history.lastLines(lines, of: logged.id) } else { [LogLine]() }
        let fires = view.definition.disabled != nil ? [] : view.upcoming.map { schedule, at in NextAnswer.Fire(name, at, schedule) }
        return JobCardAnswer(
            job: JobAnswer(view, usages, at: clock.now), at: clock.now, checks: view.checks.map(JobCardAnswer.Check.init), needs: view.definition.needs,
            canDryRun: view.definition.canDryRun, next: fires.sorted { $0.at < $1.at }, runs: runs.map(RunAnswer.init), logRun: logged?.id,
            log: log.map(LogAnswer.Line.init),
            attention: StatusAnswer.Attention.about(view), position: position)
    }
}

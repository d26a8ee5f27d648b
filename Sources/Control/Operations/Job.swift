import Foundation
import JobKit
import Scheduler

package enum JobOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String
        /// The most lines of the log, 0 to 1000; 10 where it is missing.
        package var lines: Int?
        /// The most runs, 1 to 100; 5 where it is missing.
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

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> JobCardAnswer {
        try await program.card(of: request.job, lines: min(1000, max(0, request.lines ?? 10)), runs: min(100, max(1, request.runs ?? 5)))
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
        let runs: [Run]
        do { runs = try await store.runs(of: name, limit: max(most, 20)) } catch { throw .store(error) }
        let logged = view.current.flatMap { $0.startedAt == nil ? nil : $0 } ?? runs.first { $0.startedAt != nil }
        var log: [String] = []
        if let logged, lines > 0 { log = await lastLines(lines, of: logged.id) }
        let fires = view.definition.disabled != nil ? [] : view.upcoming.map { schedule, at in NextAnswer.Fire(name, at, schedule) }
        return JobCardAnswer(
            job: JobAnswer(view, usages, at: clock.now), at: clock.now, checks: view.checks.map(JobCardAnswer.Check.init), needs: view.definition.needs,
            next: fires.sorted { $0.at < $1.at }, runs: runs.prefix(most).map(RunAnswer.init), logRun: logged?.id, log: log,
            attention: StatusAnswer.Attention.about(view), position: position)
    }

    /// How much of a log's end is read for each line that is wanted, in bytes.
    private static let bytesPerLine: Int64 = 400

    private func lastLines(_ count: Int, of run: Int64) async -> [String] {
        // Beyond the end nothing is read, and the answer says where that is.
        guard let end = await logs.read(run: run, from: .max)?.end else { return [] }
        let start = max(0, end - Int64(count) * Operations.bytesPerLine)
        guard let tail = await logs.read(run: run, from: start) else { return [] }
        var lines = String(decoding: tail.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        // The first one may have lost its beginning.
        if start > 0, lines.count > 1 { lines.removeFirst() }
        return lines.suffix(count).map(String.init)
    }
}

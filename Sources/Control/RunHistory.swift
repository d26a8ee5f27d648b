import Foundation
package import JobKit
package import Scheduler
import Settings

/// Reads the logs of runs.
package protocol RunLogReader: Sendable {
    /// A part of a run's log, as much as is reasonable at once; nil where there is no log.
    func read(run: Int64, from start: LogStart) async -> LogPage?
}

/// The recorded runs and their logs: of the program that runs, or those in the state folder of one that does not.
package struct RunHistory: Sendable {
    package var store: any RunStore
    package var logs: any RunLogReader

    package init(store: any RunStore, logs: any RunLogReader) {
        self.store = store
        self.logs = logs
    }

    /// - Throws: `store` where the state file can't be read.
    func runs(_ query: RunQuery) async throws(OperationError) -> [Run] {
        do { return try await store.runs(query) } catch { throw .store(error) }
    }

    /// - Throws: `noSuchRun`, or `store`.
    func run(_ id: Int64) async throws(OperationError) -> Run {
        let found: Run?
        do { found = try await store.run(id) } catch { throw .store(error) }
        guard let found else { throw .noSuchRun(id) }
        return found
    }

    /// A run of a job; its newest one that has begun, where none is named.
    /// - Throws: `noSuchRun`, `runOfOtherJob`, `noRunYet`, or `store`.
    func run(_ id: Int64?, of job: String) async throws(OperationError) -> Run {
        if let id {
            let run = try await run(id)
            guard run.job == job else { throw .runOfOtherJob(id, job: run.job) }
            return run
        }
        guard let newest = try await runs(RunQuery(job: job, .started, limit: 1)).first else { throw .noRunYet(job) }
        return newest
    }

    /// Its attempts, first to last.
    func attempts(of run: Int64) async throws(OperationError) -> [Attempt] {
        do { return try await store.attempts(of: run) } catch { throw .store(error) }
    }

    /// The end of a run's log: as many lines as there are, up to a number.
    func lastLines(_ count: Int, of run: Int64) async -> [LogLine] {
        var (lines, start): ([LogLine], LogStart) = ([], .last(count))
        while let page = await logs.read(run: run, from: start) {
            lines += page.lines
            if page.isLast { break }
            start = .offset(page.next)
        }
        return lines.suffix(max(0, count))
    }

    /// Refuses the name of a job that has no recorded run, with the nearest one that has.
    func requireRuns(of job: String) async throws(OperationError) {
        guard try await runs(RunQuery(job: job, limit: 1)).isEmpty else { return }
        let known = Set(try await runs(RunQuery(.newestStartedOfEachJob, limit: .max)).map(\.job))
        throw .noSuchJob(job, nearest: NearestWord.find(job, in: known.sorted()))
    }
}

/// An operation that needs nothing but what is recorded: it has an answer where no program runs, too.
package protocol RecordedOperation: ControlOperation where Answer: ValueAnswer {
    // Stated again, so that they follow from `answer`.
    associatedtype Request
    associatedtype Answer

    /// The job that a request is about; nil where it is about any.
    static func job(of request: Request) -> String?
    static func answer(_ request: Request, from history: RunHistory) async throws(OperationError) -> Answer
}

extension RecordedOperation {
    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> Answer {
        if let job = job(of: request) { _ = try await program.job(job) }
        return try await answer(request, from: program.history)
    }

    /// The answer where no program runs.
    package static func answer(offline request: Request, from history: RunHistory) async throws(OperationError) -> Answer {
        if let job = job(of: request) { try await history.requireRuns(of: job) }
        return try await answer(request, from: history)
    }
}

import Foundation
import JobKit
import Scheduler
import TimeZones

package enum NextOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        /// Only times of this job.
        package var job: String?
        /// 1 to 1000; 20 where it is missing.
        package var count: Int?
        /// The most times of one job; as many as `count` where it is missing.
        package var perJob: Int?

        package init(job: String? = nil, count: Int? = nil, perJob: Int? = nil) {
            self.job = job
            self.count = count
            self.perJob = perJob
        }
    }

    package static let name = "next"
    package static let path = "next"
    package static let summary = "List the next scheduled times of all schedules."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> NextAnswer {
        if let job = request.job { _ = try await program.job(job) }
        let count = min(1000, max(1, request.count ?? 20))
        return try await program.next(count: count, of: request.job, perJob: min(count, max(1, request.perJob ?? count)))
    }
}

package enum RunsOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        /// Only runs of this job.
        package var job: String?
        /// 1 to 10000; 20 where it is missing.
        package var limit: Int?

        package init(job: String? = nil, limit: Int? = nil) {
            self.job = job
            self.limit = limit
        }
    }

    package static let name = "runs"
    package static let path = "runs"
    package static let summary = "List runs, newest first."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> RunsAnswer {
        try await program.runs(of: request.job, limit: min(10_000, max(1, request.limit ?? 20)))
    }
}

package enum RunOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var id: Int64

        package init(id: Int64) {
            self.id = id
        }
    }

    package static let name = "run"
    package static let path = "runs/{id}"
    package static let summary = "Show one run with its attempts and its progress."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> RunAnswer {
        try await program.run(request.id)
    }
}

package enum LogOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String
        /// Of the job; its newest where it is missing.
        package var run: Int64?
        /// The byte to begin with; 0 where it is missing.
        package var from: Int64?

        package init(job: String, run: Int64? = nil, from: Int64? = nil) {
            self.job = job
            self.run = run
            self.from = from
        }
    }

    package static let name = "log"
    package static let path = "jobs/{job}/log"
    package static let summary = "Show the output of a job's newest run, or of one run."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> LogAnswer {
        try await program.log(of: request.job, run: request.run, from: request.from ?? 0)
    }
}

extension Operations {
    /// Runs, newest first.
    package func runs(of name: String?, limit: Int) async throws(OperationError) -> RunsAnswer {
        if let name { _ = try await job(name) }
        do { return RunsAnswer(runs: try await store.runs(of: name, limit: limit).map(RunAnswer.init)) } catch { throw .store(error) }
    }

    /// One run with its attempts, and how far it has come.
    package func run(_ id: Int64) async throws(OperationError) -> RunAnswer {
        let position = scheduler.position
        do {
            guard let run = try await store.run(id) else { throw OperationError.noSuchRun(id) }
            var answer = RunAnswer(run)
            answer.position = position
            answer.attempts = try await store.attempts(of: id).map {
                .init(number: $0.number, startedAt: $0.startedAt, endedAt: $0.endedAt, result: $0.result, exitCode: $0.exitCode)
            }
            let view = await scheduler.snapshot()?.jobs.first { $0.current?.id == id }
            answer.obstacle = view?.obstacle
            answer.service = view?.service.map { StateName($0.state) }
            answer.progress = view?.progress.map(ProgressAnswer.init)
            return answer
        } catch {
            throw OperationError(error, otherwise: .noSuchRun(id))
        }
    }

    /// The next scheduled times of all schedules together, soonest first, and the jobs that are paused.
    /// - Parameters:
    ///   - only: A job; nil for all.
    ///   - perJob: The most times of one job; nil for as many as there may be in all.
    package func next(count: Int, of only: String? = nil, perJob: Int? = nil) async throws(OperationError) -> NextAnswer {
        guard let snapshot = await scheduler.snapshot() else { throw .starting }
        let jobs = snapshot.jobs.filter { $0.definition.disabled == nil && (only == nil || $0.definition.name == only) }
        let most = perJob ?? count
        let fires = jobs.flatMap { job in
            let own = job.upcoming.flatMap { schedule, first in
                sequence(first: first) { schedule.next(after: $0) }.prefix(most).map {
                    NextAnswer.Fire(job.definition.name, $0, schedule)
                }
            }
            return own.sorted { $0.at < $1.at }.prefix(most)
        }
        return NextAnswer(
            fires: Array(fires.sorted { ($0.at, $0.job) < ($1.at, $1.job) }.prefix(count)),
            paused: jobs.filter { $0.pause != nil }.map(\.definition.name))
    }

    /// A run's log from an offset on; the job's newest run where none is named.
    package func log(of name: String, run id: Int64?, from offset: Int64) async throws(OperationError) -> LogAnswer {
        let position = scheduler.position
        let view = try await job(name)
        let run: Run
        do {
            if let id {
                guard let found = try await store.run(id), found.job == name else { throw OperationError.noSuchRun(id) }
                run = found
            } else {
                let newest = try await store.runs(of: name, limit: 20).first { $0.startedAt != nil }
                guard let found = view.current.flatMap({ $0.startedAt == nil ? nil : $0 }) ?? newest else {
                    throw OperationError.noRunYet(name)
                }
                run = found
            }
        } catch {
            throw OperationError(error, otherwise: .noRunYet(name))
        }
        let log = await logs.read(run: run.id, from: offset)
        return LogAnswer(
            run: run.id, text: log.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "", next: log?.end ?? offset,
            isFinished: run.state.outcome != nil, position: position)
    }
}

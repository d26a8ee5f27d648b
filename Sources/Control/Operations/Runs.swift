package import Foundation
import JobKit
import Scheduler
import TimeZones

package enum NextOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("Only times of this job"),
            "count": ParameterNote("1 to 1000; 20 where it is missing", .range(1...1000)),
            "from": ParameterNote(
                "Times at this instant or later, such as `2026-11-27T03:00:00+08:00`, past ones too; those to come where it is missing", .instant),
            "per_job": ParameterNote("The most times of one job; as many as `count` where it is missing", .range(1...1000)),
        ]

        package var job: String?
        package var count: Int?
        package var perJob: Int?
        package var from: String?

        package init(job: String? = nil, count: Int? = nil, perJob: Int? = nil, from: String? = nil) {
            self.job = job
            self.count = count
            self.perJob = perJob
            self.from = from
        }
    }

    package static let name = "next"
    package static let path = "next"
    package static let summary = "List the next scheduled times of all schedules."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> NextAnswer {
        if let job = request.job { _ = try await program.job(job) }
        let count = min(1000, max(1, request.count ?? 20))
        let from = try request.from.map(RequestedInstant.parse)
        return try await program.next(count: count, of: request.job, perJob: min(count, max(1, request.perJob ?? count)), from: from)
    }
}

package enum RunsOperation: RecordedOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("Only runs of this job"),
            "limit": ParameterNote("1 to 10000; 20 where it is missing", .range(1...10_000)),
            "outcome": ParameterNote("Only runs with one of these outcomes, separated by commas", .words(RunOutcome.allCases.map(\.rawValue))),
            "since": ParameterNote("Only unfinished runs, and those that ended at this instant or later", .instant),
            "newest": ParameterNote("Only the newest run of each job that has begun"),
        ]

        package var job: String?
        package var limit: Int?
        package var outcome: String?
        package var since: String?
        package var newest: Bool?

        package init(job: String? = nil, limit: Int? = nil, outcome: String? = nil, since: String? = nil, newest: Bool? = nil) {
            self.job = job
            self.limit = limit
            self.outcome = outcome
            self.since = since
            self.newest = newest
        }

        fileprivate func query() throws(OperationError) -> RunQuery {
            let limit = limit ?? 20
            guard (1...10_000).contains(limit) else { throw .invalidParameter("\"limit\" must be 1 to 10000, not \(limit)") }
            return RunQuery(
                job: job, newest == true ? .newestStartedOfEachJob : .all, outcomes: try outcome.map(RunOutcome.parse),
                since: try since.map(RequestedInstant.parse), limit: limit)
        }
    }

    package static let name = "runs"
    package static let path = "runs"
    package static let summary = "List runs, newest first."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func job(of request: Request) -> String? { request.job }

    package static func answer(_ request: Request, from history: RunHistory) async throws(OperationError) -> RunsAnswer {
        RunsAnswer(runs: try await history.runs(try request.query()).map(RunAnswer.init))
    }
}

extension RunOutcome {
    /// The outcomes that a list names, separated by commas.
    fileprivate static func parse(_ list: String) throws(OperationError) -> Set<RunOutcome> {
        var found: Set<RunOutcome> = []
        for name in list.split(separator: ",") {
            guard let outcome = RunOutcome(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
                throw .invalidParameter("\"\(name)\" is not an outcome; they are \(RunOutcome.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            found.insert(outcome)
        }
        return found
    }
}

package enum RunOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "id": ParameterNote("The run's number")
        ]

        package var id: Int64

        package init(id: Int64) {
            self.id = id
        }
    }

    package static let name = "run"
    package static let path = "runs/{id}"
    package static let summary = "Show one run with its attempts and its progress."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> RunAnswer {
        try await program.run(request.id)
    }
}

extension Operations {
    /// One run with its attempts, and how far it has come.
    package func run(_ id: Int64) async throws(OperationError) -> RunAnswer {
        let position = scheduler.position
        var answer = try await RunAnswer(history, id)
        answer.position = position
        guard let view = await scheduler.view(of: answer.job), view.current?.id == id else { return answer }
        answer.obstacle = view.obstacle
        answer.service = view.service.map { StateName($0.state) }
        answer.progress = view.progress.map(ProgressAnswer.init)
        return answer
    }

    /// The next scheduled times of all schedules together, soonest first, and the jobs that are paused.
    /// - Parameters:
    ///   - only: A job; nil for all.
    ///   - perJob: The most times of one job; nil for as many as there may be in all.
    ///   - from: The instant that the times begin with, whatever is paused; nil for those to come.
    package func next(count: Int, of only: String? = nil, perJob: Int? = nil, from: Date? = nil) async throws(OperationError) -> NextAnswer {
        guard await scheduler.hasBooted else { throw .starting }
        let all = if let only { [await scheduler.view(of: only)].compactMap(\.self) } else { await scheduler.snapshot()?.jobs ?? [] }
        let jobs = all.filter { $0.definition.disabled == nil }
        let sources = jobs.flatMap { job in job.times(from: from).map { (job: job.definition.name, schedule: $0.schedule, first: $0.first) } }
        var due = DueTimes<Int>()
        for (index, source) in sources.enumerated() { due.add(index, at: source.first) }
        var (fires, left): ([NextAnswer.Fire], [String: Int]) = ([], [:])
        // Only as many times are worked out as are listed.
        while fires.count < count, let instant = due.earliest?.at {
            for index in due.takeDue(by: instant).sorted(by: { sources[$0].job < sources[$1].job }) where fires.count < count {
                let source = sources[index]
                let rest = left[source.job] ?? perJob ?? count
                guard rest > 0 else { continue }
                left[source.job] = rest - 1
                fires.append(NextAnswer.Fire(source.job, instant, source.schedule))
                if let next = source.schedule.next(after: instant) { due.add(index, at: next) }
            }
        }
        return NextAnswer(fires: fires, paused: jobs.filter { $0.pause != nil }.map(\.definition.name))
    }
}

extension SchedulerSnapshot.JobView {
    /// The first time of each schedule from an instant on; nil for those to come, of which a paused job has none.
    fileprivate func times(from start: Date?) -> [(schedule: Schedule, first: Date)] {
        guard let start else { return upcoming.map { ($0.schedule, $0.next) } }
        return definition.triggers.compactMap(\.schedule).compactMap { schedule in
            schedule.first(from: start, known: cursors[schedule.name]).map { (schedule, $0) }
        }
    }
}

extension RunAnswer {
    /// A run as it is recorded, with its attempts.
    /// - Throws: `noSuchRun`, or `store`.
    package init(_ history: RunHistory, _ id: Int64) async throws(OperationError) {
        self.init(try await history.run(id))
        attempts = try await history.attempts(of: id).map {
            .init(number: $0.number, startedAt: $0.startedAt, endedAt: $0.endedAt, result: $0.result, exitCode: $0.exitCode)
        }
    }
}

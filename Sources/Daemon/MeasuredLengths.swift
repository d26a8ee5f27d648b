import Foundation
import JobKit
package import Scheduler

/// How long runs and stops have taken, by what is recorded: what a simulation and the plan of a stop go by.
package struct MeasuredLengths: Sendable {
    /// The median of the newest runs that have succeeded, by the job's name; nothing for a job that has none.
    package private(set) var runs: [String: Duration] = [:]
    /// The longest of the newest runs at a stop that have succeeded; where there is none, the same as `runs`.
    package private(set) var atStop: [String: Duration] = [:]
    /// The longest that a service took to end at the newest stops, from when it was its turn.
    package private(set) var services: [String: Duration] = [:]

    private static let mostRuns = 20
    private static let mostStops = 5
    private static let mostEvents = 2000

    /// Reads the record. What can't be read counts as unknown.
    package init(of jobs: [JobDefinition], in store: any RunStore) async {
        for job in jobs where !job.isService {
            let query = RunQuery(job: job.name, .all, outcomes: [.succeeded, .incomplete], limit: MeasuredLengths.mostRuns * 10)
            let known = (try? await store.runs(query)) ?? []
            let lengths = known.prefix(MeasuredLengths.mostRuns).compactMap(\.length).sorted()
            guard !lengths.isEmpty else { continue }
            runs[job.name] = lengths[lengths.count / 2]
            atStop[job.name] = known.filter { $0.cause == .stop }.prefix(MeasuredLengths.mostStops).compactMap(\.length).max() ?? lengths[lengths.count / 2]
        }
        let events = (try? await store.events(limit: MeasuredLengths.mostEvents)) ?? []
        guard jobs.contains(where: \.isService), let oldest = MeasuredLengths.stops(events).last else { return }
        let ended = (try? await store.runs(RunQuery(since: oldest.lowerBound, limit: MeasuredLengths.mostEvents))) ?? []
        for stop in MeasuredLengths.stops(events) { measure(stop, ended, jobs) }
    }

    /// The newest stops, newest first, each with the boot that followed it.
    private static func stops(_ events: [Event]) -> ArraySlice<ClosedRange<Date>> {
        var (found, boot): ([ClosedRange<Date>], Date?) = ([], nil)
        for event in events {
            switch event.kind {
            case .boot: boot = event.at
            case .stop: found.append(event.at...max(event.at, boot ?? .distantFuture))
            case .upgrade, .reload, .clock, .pause, .resume, .problem, .defect, .other: break
            }
        }
        return found.prefix(mostStops)
    }

    private mutating func measure(_ stop: ClosedRange<Date>, _ ended: [Run], _ jobs: [JobDefinition]) {
        let within = ended.filter { run in run.finishedAt.map { stop.contains($0) && $0 > stop.lowerBound } ?? false }
        for job in jobs where job.isService {
            guard let end = within.first(where: { $0.job == job.name && $0.state.outcome == .cancelled })?.finishedAt else { continue }
            // It waits for the runs, and for the services that need it.
            let before = within.filter { run in jobs.contains { $0.name == run.job && (!$0.isService || $0.needs.contains(job.name)) } }
            let turn = before.compactMap(\.finishedAt).filter { $0 <= end }.max() ?? stop.lowerBound
            services[job.name] = max(services[job.name] ?? .zero, end.since(turn))
        }
    }
}

extension Run {
    /// From its start to its end; nil before.
    fileprivate var length: Duration? { startedAt.flatMap { start in finishedAt.map { max(.zero, $0.since(start)) } } }
}

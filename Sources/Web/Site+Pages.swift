import Control
import Foundation
import JobKit
import Scheduler
import Settings
import Synchronization

extension Site {
    /// The most who wait for news at once; others ask again later.
    private static let mostWaiters = 64
    private static let longestWait = Duration.seconds(25)
    /// The most times of the next day that are listed, and of one job.
    private static let (mostFires, mostFiresOfJob) = (40, 3)

    func overview(_ context: PageContext) async throws(OperationError) -> WebAnswer {
        let status = try await operations.status()
        let settings = settings
        let runs = try await lastRuns(of: status.jobs.filter { !$0.isService }.map(\.name))
        let next = try await NextOperation.run(.init(count: Site.mostFires, perJob: Site.mostFiresOfJob), on: operations, via: Site.caller)
        let page = OverviewPage(
            context: context, status: status,
            situation: Situation(status, await restoreState(), settings), runs: runs, next: next, actions: await operations.actions.actions(),
            visits: ports.visits(), mistakes: settings.mistakes)
        return self.page(.overview, context, page.values, live: status.position)
    }

    func job(_ name: String, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        let card = try await JobOperation.run(.init(job: name, lines: 0, runs: JobPage.mostRuns), on: operations, via: Site.caller)
        let why = try await operations.why(name, in: context.language)
        return page(.job, context, JobPage(context: context, card: card, why: why).values, live: card.position)
    }

    func run(_ id: Int64, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        let run = try await RunOperation.run(.init(id: id), on: operations, via: Site.caller)
        let from = context.query["from"].flatMap { Int64($0) }.map { max(0, $0) }
        var log: LogAnswer?
        if context.reader.isOwner {
            let request = RunLogOperation.Request(id: id, from: from, lines: from == nil ? RunPage.lastLines : nil)
            log = try await RunLogOperation.run(request, on: operations, via: Site.caller)
        }
        let page = RunPage(context: context, run: run, log: log, isEnd: from == nil, why: try await why(run, in: context.language))
        // What is read from the beginning stays as it is.
        return self.page(.run, context, page.values, live: from == nil ? run.position : nil, run: id)
    }

    /// Why things are as they are, where this run says it.
    private func why(_ run: RunAnswer, in language: Language) async throws(OperationError) -> WhyAnswer? {
        guard let job = try? await JobOperation.run(.init(job: run.job, lines: 0, runs: 1), on: operations, via: Site.caller).job else { return nil }
        guard [job.run?.id, job.verdict?.id, job.last?.id].contains(run.id) else { return nil }
        return try await operations.why(run.job, in: language)
    }

    /// With what it has printed, which is for the owner alone.
    func action(_ name: String, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        guard context.reader.isOwner else { return message(403, context.text(.readOnly), context, text: context.text(.readOnlyHelp)) }
        let position = operations.scheduler.position
        let action = try await ActionOperation.run(.init(action: name), on: operations, via: Site.caller)
        return page(
            .action, context, ActionPage(context: context, action: action).values, live: position, refresh: action.state == .running ? Site.actionPace : nil)
    }

    /// How often the page of an action that runs is loaded again where scripts don't run.
    private static let actionPace = Duration.seconds(3)

    func restoring(_ context: PageContext) async throws(OperationError) -> WebAnswer {
        let answer = try await RestoreProgressOperation.run(NoParameters(), on: operations, via: Site.caller)
        return page(.restoring, context, RestorePage(context: context, answer: answer).values, live: answer.position)
    }

    /// Waits until something has happened after a position, or for a while; gives where the feed is.
    func live(_ context: PageContext) async -> WebAnswer {
        guard let after = context.query["after"].flatMap({ Int64($0) }) else { return .line(400, "\"after\" is a position of the feed of events") }
        let isFree = waiters.withLock { count in
            guard count < Site.mostWaiters else { return false }
            count += 1
            return true
        }
        guard isFree else { return .line(503, "too many wait for news").with("Retry-After", "5") }
        defer { waiters.withLock { $0 -= 1 } }
        let run = context.query["run"].flatMap { Int64($0) }
        let answer = await operations.events(after: after, EventFilter(run: run, isBrief: run == nil), wait: Site.longestWait)
        return .line(200, "\(answer.position)")
    }

    // MARK: Metrics

    func metrics() async -> WebAnswer {
        let status = try? await operations.status()
        let text = Metrics.text(
            status, tally.withLock { $0 }, version: operations.version, visit: ports.visits().visits.first, now: operations.clock.now)
        return WebAnswer(200, .metrics, text)
    }

    /// Counts runs as they end, until cancelled.
    package func count() async {
        let start = await remember()
        var position = start
        while !Task.isCancelled {
            let answer = await operations.events(after: position, EventFilter(isBrief: true), wait: Site.longestCount)
            position = answer.position
            tally.withLock { tally in
                for event in answer.events { if let run = event.run, run.isFinished { tally.count(run) } }
            }
        }
    }

    private static let longestCount = Duration.seconds(60)
    private static let patience = Duration.milliseconds(200)
    /// Of each job, in which the newest good run is looked for.
    private static let mostRemembered = 200

    /// What is on record from before; gives the position from which on runs are counted.
    private func remember() async -> Int64 {
        while !Task.isCancelled {
            guard let status = try? await operations.status() else {
                try? await operations.clock.sleep(for: Site.patience)
                continue
            }
            for job in status.jobs where !job.isService {
                let runs = (try? await RunsOperation.run(.init(job: job.name, limit: Site.mostRemembered), on: operations, via: Site.caller))?.runs ?? []
                tally.withLock { tally in for run in runs.reversed() { tally.remember(run) } }
            }
            return status.position
        }
        return 0
    }
}

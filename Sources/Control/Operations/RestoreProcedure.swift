import Foundation
package import JobKit
import Scheduler

/// What bringing back a certain backup takes, as whoever knows the job types has found it out.
package struct RestorePlan: Sendable {
    package var restoreJob: String
    /// Jobs that store the same data, for a backup of the present first.
    package var backupJobs: [String]
    /// Why what is there now can't be stored beside another container's backup; nil where it can.
    package var whyNotAside: String?
    /// The backup's id, and how a person knows it.
    package var version: String
    package var displayText: String
    /// Tells the restore job which backup is wanted; nil for the newest again.
    package var request: @Sendable (String?) async throws(JobError) -> Void
    /// Tells the backup jobs whether another container's backup is to stay the newest.
    package var yield: @Sendable (Bool) async throws(JobError) -> Void

    package init(
        restoreJob: String, backupJobs: [String], whyNotAside: String? = nil, version: String, displayText: String,
        request: @escaping @Sendable (String?) async throws(JobError) -> Void,
        yield: @escaping @Sendable (Bool) async throws(JobError) -> Void
    ) {
        self.restoreJob = restoreJob
        self.backupJobs = backupJobs
        self.whyNotAside = whyNotAside
        self.version = version
        self.displayText = displayText
        self.request = request
        self.yield = yield
    }
}

/// Brings back a certain backup while the program runs: first a backup of the present, then the services stopped, the restore,
/// and the services started again. Whatever happens on the way, the services come back.
package actor RestoreProcedure {
    /// What becomes of the data that are there now.
    package enum Present: Sendable {
        /// They are stored as the newest backup, or nothing is changed.
        case stored
        /// They are stored beside another container's backup, which is the newest and is brought back.
        case setAside
        case dropped

        /// Whether what is brought back is stored as the newest: else a new container would bring back what was there before.
        var isStoredAfterwards: Bool { if case .setAside = self { false } else { true } }
    }

    package typealias Planner = @Sendable (_ selector: String, _ repository: String?) async -> Result<RestorePlan, JobError>

    private enum State {
        case idle
        case running(Task<Void, Never>)
        case finished(succeeded: Bool)
    }

    private static let origin = "restore"
    /// Of the messages that tell how far it has come.
    package static let topic = "restore"
    /// How long jobs that work on the data are waited for.
    private static let patience = Duration.seconds(600)

    private let planner: Planner
    private var state = State.idle
    /// Tells listeners of a line.
    private var publish: @Sendable (String) -> Void = { _ in }
    private var lines: [Line] = []

    /// A line for whoever waits.
    private struct Line {
        var text: String
        /// Whether it is a run's own words, which the log has already.
        var isOfRun = false
    }

    package init(planner: @escaping Planner) { self.planner = planner }

    package func answer(_ operations: Operations) -> RestoreAnswer {
        let state: RestoreAnswer.State =
            switch state {
            case .idle: .idle
            case .running: .running
            case .finished(let succeeded): succeeded ? .succeeded : .failed
            }
        return RestoreAnswer(state: state, lines: lines.map(\.text), position: operations.scheduler.position)
    }

    /// Begins; one that goes on already is left alone.
    package func begin(_ selector: String, repository: String?, present: Present, with operations: Operations) -> RestoreAnswer {
        let scheduler = operations.scheduler
        if case .running = state { return RestoreAnswer(state: .refused, lines: ["a restore is going on already"], position: scheduler.position) }
        lines = []
        publish = { scheduler.publish($0, topic: RestoreProcedure.topic) }
        state = .running(
            Task {
                let succeeded = await run(selector, repository, present, operations)
                state = .finished(succeeded: succeeded)
                publish(succeeded ? "succeeded" : "failed")
            })
        return answer(operations)
    }

    /// The answer once all is done; at once where nothing goes on.
    package func end(_ operations: Operations) async -> RestoreAnswer {
        if case .running(let task) = state { await task.value }
        return answer(operations)
    }

    /// What only the procedure itself has said.
    package var remarks: [String] { lines.filter { !$0.isOfRun }.map(\.text) }

    private func say(_ text: String) { add(Line(text: text)) }

    private func add(_ line: Line) {
        lines.append(line)
        publish(line.text)
    }

    // MARK: Steps

    private func run(_ selector: String, _ repository: String?, _ present: Present, _ operations: Operations) async -> Bool {
        guard var plan = await plan(selector, repository) else { return false }
        if case .setAside = present, let words = plan.whyNotAside {
            say("\(words), so it is left as it is")
            return false
        }
        if case .stored = present, await !backUp(plan, operations) {
            say("nothing was changed; --no-backup skips the backup of the current data")
            return false
        }
        // Until it is over nothing else starts what works on the data: no schedule, no change, no reload, no person.
        guard await hold(plan, operations) else { return false }
        let isDone = await replace(&plan, selector, repository, present, operations)
        _ = await operations.scheduler.ask(.releaseRequested(holder: RestoreProcedure.origin))
        return isDone
    }

    private func hold(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        let hold = Hold(jobs: [plan.restoreJob], holder: RestoreProcedure.origin, reason: "a restore in place is under way")
        guard case .refused(let message) = await operations.scheduler.ask(.holdRequested(hold)) else { return true }
        say(message)
        return false
    }

    private func replace(
        _ plan: inout RestorePlan, _ selector: String, _ repository: String?, _ present: Present, _ operations: Operations
    ) async -> Bool {
        guard await isQuiet(plan, operations) else { return false }
        let services = await stopServices(plan, operations)
        var succeeded =
            switch present {
            // What was written while the first one was made; usually nothing.
            case .stored: await backUp(plan, operations)
            case .setAside: await putAside(plan, operations)
            case .dropped: true
            }
        // Setting ours aside may have given the other's backup another id, and there may be a newer one.
        if succeeded, case .setAside = present { if let newer = await self.plan(selector, repository) { plan = newer } else { succeeded = false } }
        // Schedules have gone on meanwhile.
        if succeeded { succeeded = await isQuiet(plan, operations) }
        if succeeded { succeeded = await restore(plan, operations) }
        if case .setAside = present { try? await plan.yield(false) }
        let isStored = succeeded && present.isStoredAfterwards ? await storeAsNewest(plan, operations) : true
        let isComplete = await bringUp(services, after: succeeded ? plan : nil, operations)
        return succeeded && isComplete && isStored
    }

    private func plan(_ selector: String, _ repository: String?) async -> RestorePlan? {
        switch await planner(selector, repository) {
        case .success(let found): return found
        case .failure(let error):
            say("\(error)")
            return nil
        }
    }

    /// Waits for jobs that work on the data: what they wrote into the old tree would be lost. False when they don't come to an end.
    private func isQuiet(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        guard let snapshot = await operations.scheduler.snapshot() else { return false }
        let busy = RestoreProcedure.busy(snapshot, plan)
        if busy.isEmpty { return true }
        say("waiting for \(busy.joined(separator: ", ")) to end")
        let scheduler = operations.scheduler
        let isQuiet = await RestoreProcedure.within(RestoreProcedure.patience, operations) {
            await scheduler.wait { RestoreProcedure.busy($0, plan).isEmpty ? true : nil }
        }
        if isQuiet != true { say("\(busy[0]) goes on and on, and nothing was changed") }
        return isQuiet == true
    }

    /// Jobs that work on the data just now.
    private static func busy(_ snapshot: SchedulerSnapshot, _ plan: RestorePlan) -> [String] {
        let below = dependents(of: plan.restoreJob, among: snapshot.jobs.map(\.definition))
        return snapshot.jobs.filter { job in
            job.current?.state.activeAttempt != nil && !job.definition.isService && !plan.backupJobs.contains(job.definition.name)
                && below.contains(job.definition.name)
        }.map(\.definition.name)
    }

    /// Nil when the time was up first, or the work has no answer.
    private static func within<Value: Sendable>(
        _ length: Duration, _ operations: Operations, _ work: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        do throws(JobError) { return try await Deadline.within(length, operations.clock) { await work() } ?? nil } catch { return nil }
    }

    /// Jobs that need another one, by way of others too.
    private static func dependents(of job: String, among jobs: [JobDefinition]) -> Set<String> {
        var found: Set<String> = [job]
        while let next = jobs.first(where: { !found.contains($0.name) && $0.needs.contains(where: found.contains) }) { found.insert(next.name) }
        return found.subtracting([job])
    }

    /// False where a new container would bring back what was there before.
    private func storeAsNewest(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        var isStored = true
        for job in plan.backupJobs {
            say("storing what was brought back as the newest: \(job)")
            if await finish(job, operations)?.outcome?.didWork != true { isStored = false }
        }
        if !isStored { say("what was brought back is not stored yet: a new container would restore what was there before") }
        return isStored
    }

    /// Starts the services again, in the order in which they need each other. After a restore, what is done at boot between it and them, such as
    /// putting settings right, is due again. False when something did not come up.
    private func bringUp(_ services: [JobDefinition], after plan: RestorePlan?, _ operations: Operations) async -> Bool {
        let jobs = await operations.scheduler.snapshot()?.jobs.map(\.definition) ?? []
        let below = plan.map { RestoreProcedure.dependents(of: $0.restoreJob, among: jobs) } ?? []
        var open = services + jobs.filter { !$0.isService && $0.disabled == nil && $0.triggers.contains(.boot) && below.contains($0.name) }
        var failed: Set<String> = []
        while let index = open.firstIndex(where: { job in !open.contains { job.needs.contains($0.name) } }) {
            let job = open.remove(at: index)
            if let need = job.needs.first(where: failed.contains) {
                say("\(job.name) was not started: \(need) has not succeeded")
                failed.insert(job.name)
            } else if job.isService {
                let isNeeded = open.contains { !$0.isService && $0.needs.contains(job.name) }
                if await !start(job.name, untilReady: isNeeded, operations) { failed.insert(job.name) }
            } else if await finish(job.name, operations)?.outcome?.didWork != true {
                failed.insert(job.name)
            }
        }
        return failed.isEmpty
    }

    private func start(_ service: String, untilReady: Bool, _ operations: Operations) async -> Bool {
        switch await operations.scheduler.ask(.startRequested(job: service, via: RestoreProcedure.origin, evenIfRunning: false)) {
        case .started, .joined: say("started \(service)")
        case .refused(let message):
            say("\(service) was not started: \(message)")
            return false
        case .stopping, .notRunning, .noSuchJob, nil: return false
        }
        guard untilReady else { return true }
        let scheduler = operations.scheduler
        let isReady = await RestoreProcedure.within(RestoreProcedure.patience, operations) {
            await scheduler.wait { snapshot -> Bool? in
                guard let view = snapshot.jobs.first(where: { $0.definition.name == service }), view.current != nil else { return false }
                return view.service?.state == .ready ? true : nil
            }
        }
        return isReady == true
    }

    private func putAside(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        do throws(JobError) {
            try await plan.yield(true)
            for job in plan.backupJobs {
                say("storing what is there now beside it: \(job)")
                guard let end = await finish(job, operations), isWhole(end) else { return false }
            }
            return true
        } catch {
            say("\(error)")
            return false
        }
    }

    private func backUp(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        if plan.backupJobs.isEmpty { say("no job backs up what is there now, so it is not stored first") }
        for job in plan.backupJobs {
            say("storing what is there now: \(job)")
            guard let end = await finish(job, operations), isWhole(end) else { return false }
        }
        return true
    }

    private func isWhole(_ backup: RunAnswer) -> Bool {
        switch backup.outcome {
        case .succeeded: return true
        case .incomplete:
            say("that backup is incomplete, so what is there now stays")
            return false
        case .failed, .timedOut, .cancelled, .skipped, .interrupted, nil: return false
        }
    }

    /// Stops the services that need the data; others go on.
    private func stopServices(_ plan: RestorePlan, _ operations: Operations) async -> [JobDefinition] {
        let jobs = await operations.scheduler.snapshot()?.jobs ?? []
        let below = RestoreProcedure.dependents(of: plan.restoreJob, among: jobs.map(\.definition))
        let running = jobs.filter { $0.definition.isService && $0.current != nil && below.contains($0.definition.name) }
        let names = running.map(\.definition.name)
        for name in names { _ = await operations.scheduler.ask(.stopRequested(job: name)) }
        for run in running.compactMap({ $0.current?.id }) { _ = await end(of: run, operations) }
        if !names.isEmpty { say("stopped \(names.joined(separator: ", "))") }
        return running.map(\.definition)
    }

    private func restore(_ plan: RestorePlan, _ operations: Operations) async -> Bool {
        say("restoring \(plan.displayText)")
        do throws(JobError) {
            try await plan.request(plan.version)
            if await finish(plan.restoreJob, operations)?.outcome == .succeeded { return true }
            try await plan.request(nil)
        } catch {
            say("\(error)")
        }
        return false
    }

    // MARK: Runs

    /// Runs a job to its end and tells of it; nil when it did not come to a run.
    private func finish(_ job: String, _ operations: Operations) async -> RunAnswer? {
        let reply = await operations.scheduler.ask(.startRequested(job: job, via: RestoreProcedure.origin, evenIfRunning: true))
        switch reply {
        case .started(let run), .joined(let run):
            guard let end = await end(of: run, once: job, operations) else { return nil }
            add(Line(text: "\(job) \(end.outcome?.rawValue ?? ""): \(end.displayText)\(end.hint.map { " (\($0))" } ?? "")", isOfRun: true))
            return end
        case .refused(let message):
            say("\(job): \(message)")
            return nil
        case .stopping, .notRunning, .noSuchJob, nil:
            say("\(job) can't be started now")
            return nil
        }
    }

    /// The run once it has ended; nil when that can't be known any more.
    /// - Parameter job: Its job, which gets one attempt: services wait for it. Nil to wait as long as it lasts.
    private func end(of run: Int64, once job: String? = nil, _ operations: Operations) async -> RunAnswer? {
        var events = operations.scheduler.events().makeAsyncIterator()
        var known = try? await operations.run(run)
        while true {
            if let known, known.isFinished { return known }
            if let job, known?.nextAttemptAt != nil { _ = await operations.scheduler.ask(.stopRequested(job: job)) }
            guard let event = await events.next() else { return nil }
            switch event.content {
            case .run(let changed) where changed.id == run: known = RunAnswer(changed)
            case .missed: known = try? await operations.run(run)
            case .run, .service, .progress, .log, .message, .configured: continue
            }
        }
    }
}

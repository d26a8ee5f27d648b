package import JobKit
package import Scheduler

/// What restoring a certain backup takes: the jobs that work on the data, and how they are asked to do it.
package struct RestorePlan: Sendable {
    /// The name of the job that restores the data.
    package var restoreJob: String
    /// Jobs that store the same data, for a backup of the current data first.
    package var backupJobs: [String]
    /// Why the current data can't be stored as a conflict copy of another container's backup; nil where they can.
    package var whyNotAside: String?
    /// The backup's id.
    package var version: String
    /// How messages name it.
    package var displayText: String
    /// Requests a version from the restore job; nil for the newest again.
    package var request: @Sendable (String?) async throws(JobError) -> Void
    /// Lets the backup jobs know whether another container's backup is to stay the newest.
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

/// Restores a certain backup while the program runs: it backs up the current data, stops the services that need them, restores, and starts the
/// services again. The services are started again whatever happens on the way.
package actor InPlaceRestore {
    /// What becomes of the data that are there now.
    package enum CurrentData: Sendable {
        /// They are stored as the newest backup first; where that fails, nothing is changed.
        case backUpFirst
        /// They are stored as a conflict copy of another container's backup, which is the newest and is restored.
        case backUpAside
        /// They are lost.
        case discard

        /// Whether the restored data are stored as the newest backup: else a new container would restore what was there before.
        var isStoredAfterwards: Bool { if case .backUpAside = self { false } else { true } }
    }

    /// How far it has come.
    package struct Progress: Sendable {
        /// `idle` before the first restore; `succeeded` and `failed` until the next one begins.
        package enum State: Sendable {
            case idle, running, succeeded, failed
            /// Another one is under way.
            case refused
        }

        package var state: State
        /// What has been done so far, a line each.
        package var lines: [String]
        /// The job whose run is waited for just now, which says itself how far it is; nil while there is none.
        package var job: String?
        /// The position in the scheduler's feed of events that this knows: what follows is news.
        package var position: Int64
    }

    /// Finds the backup that a selector names, and the jobs on its data. A repository is named where there are several.
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

    private let scheduler: JobScheduler
    private let store: any RunStore
    private let clock: any WallClock
    private let planner: Planner
    private var state = State.idle
    private var lines: [Line] = []
    private var job: String?

    /// A line for anyone who waits.
    private struct Line {
        var text: String
        /// Whether it is a run's own words, which the log has already.
        var isOfRun = false
    }

    /// - Parameters:
    ///   - store: Where ended runs are read from.
    ///   - planner: Finds the backup and the jobs; asks the repository.
    package init(scheduler: JobScheduler, store: any RunStore, clock: any WallClock, planner: @escaping Planner) {
        self.scheduler = scheduler
        self.store = store
        self.clock = clock
        self.planner = planner
    }

    package var progress: Progress {
        let state: Progress.State =
            switch state {
            case .idle: .idle
            case .running: .running
            case .finished(let succeeded): succeeded ? .succeeded : .failed
            }
        return Progress(state: state, lines: lines.map(\.text), job: job, position: scheduler.position)
    }

    /// Begins a restore and returns at once; refused while another one is under way.
    /// - Parameters:
    ///   - selector: The backup: the first letters of its id, an instant, or `latest`.
    ///   - repository: Nil for the only one of the configuration.
    package func begin(_ selector: String, repository: String?, current data: CurrentData) -> Progress {
        if case .running = state { return Progress(state: .refused, lines: ["another restore is already under way"], position: scheduler.position) }
        lines = []
        state = .running(
            Task {
                let succeeded = await run(selector, repository, data)
                state = .finished(succeeded: succeeded)
                publish(succeeded ? "succeeded" : "failed")
            })
        return progress
    }

    /// Waits for the restore that is under way; returns at once where there is none.
    package func end() async -> Progress {
        if case .running(let task) = state { await task.value }
        return progress
    }

    /// What only the procedure itself has said.
    package var remarks: [String] { lines.filter { !$0.isOfRun }.map(\.text) }

    private func say(_ text: String) { add(Line(text: text)) }

    /// - Parameter job: Whose run follows: anyone who hears this asks how far it is.
    private func say(_ text: String, before job: String) {
        self.job = job
        say(text)
    }

    /// Sends a line to the listeners of the feed.
    private func publish(_ text: String) { scheduler.publish(text, topic: InPlaceRestore.topic) }

    private func add(_ line: Line) {
        lines.append(line)
        publish(line.text)
    }

    // MARK: Steps

    private func run(_ selector: String, _ repository: String?, _ data: CurrentData) async -> Bool {
        guard var plan = await plan(selector, repository) else { return false }
        if case .backUpAside = data, let words = plan.whyNotAside {
            say("\(words), so it is left as it is")
            return false
        }
        if case .backUpFirst = data, await !backUp(plan) {
            say("nothing was changed; --no-backup skips the backup of the current data")
            return false
        }
        // Until it is over nothing else starts what works on the data: no schedule, no change, no reload, no person.
        guard await hold(plan) else { return false }
        let isDone = await replace(&plan, selector, repository, data)
        _ = await scheduler.ask(.releaseRequested(holder: InPlaceRestore.origin))
        return isDone
    }

    private func hold(_ plan: RestorePlan) async -> Bool {
        let hold = Hold(jobs: [plan.restoreJob], holder: InPlaceRestore.origin, reason: "a restore in place is under way")
        guard case .refused(let message) = await scheduler.ask(.holdRequested(hold)) else { return true }
        say(message)
        return false
    }

    private func replace(
        _ plan: inout RestorePlan, _ selector: String, _ repository: String?, _ data: CurrentData
    ) async -> Bool {
        guard await isQuiet(plan) else { return false }
        let services = await stopServices(plan)
        var succeeded =
            switch data {
            // What was written while the first one was made; usually nothing.
            case .backUpFirst: await backUp(plan, again: true)
            case .backUpAside: await putAside(plan)
            case .discard: true
            }
        // Setting ours aside may have given the other's backup another id, and there may be a newer one.
        if succeeded, case .backUpAside = data { if let newer = await self.plan(selector, repository) { plan = newer } else { succeeded = false } }
        // Schedules have gone on meanwhile.
        if succeeded { succeeded = await isQuiet(plan) }
        if succeeded { succeeded = await restore(plan) }
        if case .backUpAside = data { try? await plan.yield(false) }
        let isStored = succeeded && data.isStoredAfterwards ? await storeAsNewest(plan) : true
        let isComplete = await bringUp(services, after: succeeded ? plan : nil)
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
    private func isQuiet(_ plan: RestorePlan) async -> Bool {
        guard let snapshot = await scheduler.snapshot() else { return false }
        let busy = InPlaceRestore.busy(snapshot, plan)
        if busy.isEmpty { return true }
        say("waiting for \(busy.joined(separator: ", ")) to end")
        let isQuiet = await within(InPlaceRestore.patience) { [scheduler] in
            await scheduler.wait { InPlaceRestore.busy($0, plan).isEmpty ? true : nil }
        }
        if isQuiet != true { say("\(busy[0]) does not end, and nothing was changed") }
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
    private func within<Value: Sendable>(_ length: Duration, _ work: @escaping @Sendable () async -> Value?) async -> Value? {
        do throws(JobError) { return try await Deadline.within(length, clock) { await work() } ?? nil } catch { return nil }
    }

    /// Jobs that need another one, by way of others too.
    private static func dependents(of job: String, among jobs: [JobDefinition]) -> Set<String> {
        var found: Set<String> = [job]
        while let next = jobs.first(where: { !found.contains($0.name) && $0.needs.contains(where: found.contains) }) { found.insert(next.name) }
        return found.subtracting([job])
    }

    /// False where a new container would bring back what was there before.
    private func storeAsNewest(_ plan: RestorePlan) async -> Bool {
        var isStored = true
        for job in plan.backupJobs {
            say("storing the restored data as the newest backup: \(job)", before: job)
            if await finish(job)?.state.outcome?.didWork != true { isStored = false }
        }
        if !isStored { say("the restored data are not stored yet: a new container would restore what was there before") }
        return isStored
    }

    /// Starts the services again, in the order in which they need each other. After a restore, what is done at boot between it and them, such as
    /// putting settings right, is due again. False when something did not come up.
    private func bringUp(_ services: [JobDefinition], after plan: RestorePlan?) async -> Bool {
        let jobs = await scheduler.snapshot()?.jobs.map(\.definition) ?? []
        let below = plan.map { InPlaceRestore.dependents(of: $0.restoreJob, among: jobs) } ?? []
        var open = services + jobs.filter { !$0.isService && $0.disabled == nil && $0.triggers.contains(where: \.isAtBoot) && below.contains($0.name) }
        var failed: Set<String> = []
        while let index = open.firstIndex(where: { job in !open.contains { job.needs.contains($0.name) } }) {
            let job = open.remove(at: index)
            if let need = job.needs.first(where: failed.contains) {
                say("\(job.name) was not started: \(need) has not succeeded")
                failed.insert(job.name)
            } else if job.isService {
                let isNeeded = open.contains { !$0.isService && $0.needs.contains(job.name) }
                if await !start(job.name, untilReady: isNeeded) { failed.insert(job.name) }
            } else if await finish(job.name)?.state.outcome?.didWork != true {
                failed.insert(job.name)
            }
        }
        return failed.isEmpty
    }

    private func start(_ service: String, untilReady: Bool) async -> Bool {
        switch await scheduler.ask(.startRequested(job: service, via: InPlaceRestore.origin, evenIfRunning: false)) {
        case .started, .joined: say("started \(service)")
        case .refused(let message):
            say("\(service) was not started: \(message)")
            return false
        case .stopping, .notRunning, .done, .noSuchJob, nil: return false
        }
        guard untilReady else { return true }
        let isReady = await within(InPlaceRestore.patience) { [scheduler] in
            await scheduler.wait { snapshot -> Bool? in
                guard let view = snapshot.jobs.first(where: { $0.definition.name == service }), view.current != nil else { return false }
                return view.service?.state == .ready ? true : nil
            }
        }
        return isReady == true
    }

    private func putAside(_ plan: RestorePlan) async -> Bool {
        do throws(JobError) {
            try await plan.yield(true)
            for job in plan.backupJobs {
                say("backing up the current data as a conflict copy: \(job)", before: job)
                guard let end = await finish(job), isWhole(end) else { return false }
            }
            return true
        } catch {
            say("\(error)")
            return false
        }
    }

    /// - Parameter again: Whether it has been done already, and only what was written since is stored; that nothing was needs no word.
    private func backUp(_ plan: RestorePlan, again: Bool = false) async -> Bool {
        if plan.backupJobs.isEmpty, !again { say("no job backs up the current data, so they are not stored first") }
        for job in plan.backupJobs {
            if !again { say("backing up the current data: \(job)", before: job) }
            guard let end = await finish(job, tellsUnchanged: !again), isWhole(end) else { return false }
        }
        return true
    }

    private func isWhole(_ backup: Run) -> Bool {
        switch backup.state.outcome {
        case .succeeded: return true
        case .incomplete:
            say("that backup is incomplete, so the current data stay")
            return false
        case .failed, .timedOut, .cancelled, .skipped, .interrupted, nil: return false
        }
    }

    /// Stops the services that need the data, each once nothing that needs it is left; others continue.
    private func stopServices(_ plan: RestorePlan) async -> [JobDefinition] {
        let jobs = await scheduler.snapshot()?.jobs ?? []
        let definitions = jobs.map(\.definition)
        let below = InPlaceRestore.dependents(of: plan.restoreJob, among: definitions)
        let running = jobs.filter { $0.definition.isService && $0.current != nil && below.contains($0.definition.name) }
        let names = running.map(\.definition.name)
        var left = running
        while !left.isEmpty {
            let others = Set(left.map(\.definition.name))
            let free = left.filter { InPlaceRestore.dependents(of: $0.definition.name, among: definitions).isDisjoint(with: others) }
            // A circle is a mistake that no configuration has: should there be one, all of it is stopped at once.
            let wave = free.isEmpty ? left : free
            left.removeAll { service in wave.contains { $0.definition.name == service.definition.name } }
            for service in wave { _ = await scheduler.ask(.stopRequested(job: service.definition.name, because: .restore)) }
            for run in wave.compactMap({ $0.current?.id }) { _ = await end(of: run) }
        }
        if !names.isEmpty { say("stopped \(names.joined(separator: ", "))") }
        return running.map(\.definition)
    }

    private func restore(_ plan: RestorePlan) async -> Bool {
        say("restoring \(plan.displayText)", before: plan.restoreJob)
        do throws(JobError) {
            try await plan.request(plan.version)
            if await finish(plan.restoreJob)?.state.outcome == .succeeded { return true }
            try await plan.request(nil)
        } catch {
            say("\(error)")
        }
        return false
    }

    // MARK: Runs

    /// Runs a job to its end and reports how it ended; nil when it did not come to a run.
    /// - Parameter tellsUnchanged: Whether a backup that found nothing to store is reported.
    private func finish(_ job: String, tellsUnchanged: Bool = true) async -> Run? {
        self.job = job
        defer { self.job = nil }
        let reply = await scheduler.ask(.startRequested(job: job, via: InPlaceRestore.origin, evenIfRunning: true))
        switch reply {
        case .started(let run), .joined(let run):
            guard let end = await end(of: run, once: job) else { return nil }
            if !tellsUnchanged, end.state.outcome == .succeeded, end.result?.isUnchanged == true { return end }
            add(Line(text: "\(job) \(end.state.outcome?.rawValue ?? ""): \(end.error ?? end.summary ?? "")\(end.hint.map { " (\($0))" } ?? "")", isOfRun: true))
            return end
        case .refused(let message):
            say("\(job): \(message)")
            return nil
        case .stopping, .notRunning, .done, .noSuchJob, nil:
            say("\(job) can't be started now")
            return nil
        }
    }

    /// The run once it has ended; nil when that can't be known any more.
    /// - Parameter job: Its job, which gets one attempt: services wait for it. Nil to wait as long as it lasts.
    private func end(of run: Int64, once job: String? = nil) async -> Run? {
        var events = scheduler.events().makeAsyncIterator()
        var known = try? await store.run(run)
        while true {
            if let known, known.state.outcome != nil { return known }
            if let job, known?.state.nextAttemptAt != nil { _ = await scheduler.ask(.stopRequested(job: job, because: .restore)) }
            guard let event = await events.next() else { return nil }
            switch event.content {
            case .run(let changed) where changed.id == run: known = changed
            case .missed: known = try? await store.run(run)
            case .run, .service, .progress, .log, .message, .configured: continue
            }
        }
    }
}

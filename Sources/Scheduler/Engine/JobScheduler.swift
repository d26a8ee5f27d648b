package import Foundation
package import JobKit
import Settings
import Synchronization
import TimeZones

/// Drives the engine: all events that wait are decided, recorded in one transaction, and then acted on.
package actor JobScheduler {
    private struct Envelope: Sendable {
        var event: EngineEvent
        var jobs: [ScheduledJob]?
        var reply: CheckedContinuation<Reply?, Never>?
    }

    /// How often the pressure is measured while a run waits for a quiet moment.
    private static let quietPace = Duration.seconds(5)
    /// How long an attempt may take to end before it is named: the usual steps of a stop, and what a killed process may take.
    private static let endPatience = Duration.seconds(15)

    let ports: SchedulerPorts
    let bootID: String
    private let mostParallel: Int
    private let containerStart: Date?
    /// Processes of services that have outlived the last program, until the engine has decided about them.
    private var survivors: [Survivor]
    private nonisolated let inbox = Inbox<Envelope>()
    nonisolated let stopDeadline = Mutex<StopDeadline?>(nil)
    nonisolated let feed: EventFeed

    private(set) var engine: Engine?
    private(set) var jobs: [String: ScheduledJob]
    private var attempts: [Int64: (task: Task<Void, Never>, reporter: AttemptReporter, control: ServiceControl)] = [:]
    /// Runs that take no notice of being asked to end.
    private var stuck: Set<Int64> = []
    private var startedServices = Set<String>()
    /// Jobs that have succeeded at the stop.
    var finishedAtStop = Set<String>()
    private var timer: Task<Void, Never>?
    private var clockOffset: TimeInterval?
    var decidedAt = Date.distantPast

    /// - Parameter containerStart: When this container began, where the program was started before in it.
    /// - Parameter survivors: Processes of services that have outlived the last program.
    package init(
        jobs: [ScheduledJob], ports: SchedulerPorts, bootID: String, mostParallel: Int, containerStart: Date? = nil, survivors: [Survivor] = []
    ) {
        self.survivors = survivors
        self.ports = ports
        self.bootID = bootID
        self.mostParallel = mostParallel
        self.containerStart = containerStart
        feed = EventFeed(start: ports.clock.now)
        self.jobs = Dictionary(jobs.map { ($0.definition.name, $0) }) { first, _ in first }
    }

    // MARK: For others

    /// Asks for something and waits until it is recorded.
    package nonisolated func ask(_ event: EngineEvent) async -> Reply? {
        await ask(Envelope(event: event))
    }

    /// Reports that a watched folder has come to rest.
    package nonisolated func changed(job: String, path: String, at instant: Date) {
        inbox.post(Envelope(event: .changed(job: job, path: path, at: instant)))
    }

    /// Whether the engine has booted. To be asked is a sign that the scheduler is well.
    package var hasBooted: Bool { engine != nil }

    /// Whether it has ended: no event comes any more.
    package nonisolated var hasEnded: Bool { feed.isClosed }

    /// Whether it has ended for another program that takes over.
    package var isHandedOver: Bool { engine?.phase == .handedOver }

    /// Puts another configuration in force.
    ///
    /// - Parameter mostParallel: The most runs at once from now on; nil leaves it as it is.
    package nonisolated func reload(_ jobs: [ScheduledJob], mostParallel: Int? = nil) async {
        if let mostParallel { _ = await ask(.limitChanged(mostParallel)) }
        _ = await ask(Envelope(event: .reloaded(jobs.map(\.definition)), jobs: jobs))
    }

    private nonisolated func ask(_ envelope: Envelope) async -> Reply? {
        await withCheckedContinuation { reply in
            var envelope = envelope
            envelope.reply = reply
            if !inbox.post(envelope) { reply.resume(returning: .refused("the program is stopping")) }
        }
    }

    /// Starts stopping; before `run`, nothing else is started at all. Runs may take `runs` of the `budget`; what is left then is for the services.
    package nonisolated func shutDown(budget: Duration, runs: Duration) {
        let times = stopDeadline.withLock { deadline in
            guard deadline == nil else { return nil as StopTimes? }
            let new = StopDeadline(from: ports.clock.uptime, budget: budget, runs: runs, at: ports.clock.now)
            deadline = new
            return new.times
        }
        if let times { inbox.post(Envelope(event: .shutdown(runsUntil: times.runsUntil, end: times.end))) }
    }

    /// How things are just now.
    package func snapshot() -> SchedulerSnapshot? {
        engine.map { SchedulerSnapshot($0, at: ports.clock.now, position: feed.position, report: report) }
    }

    /// How one job is just now, for a fraction of what a snapshot of all takes; nil where there is none.
    package func view(of job: String) -> SchedulerSnapshot.JobView? {
        guard let engine, let found = engine.jobs[job] else { return nil }
        return SchedulerSnapshot.JobView(found, engine, engine.busy, report)
    }

    /// The names of all jobs, sorted.
    package var jobNames: [String] { engine?.names ?? [] }

    /// Lets a service reload its own configuration; see `ServiceControl.reload`. Nothing is recorded but in its log. Nil where it does not run.
    package func reloadService(_ job: String) async -> (run: Int64, result: ServiceReloadResult)? {
        guard let run = engine?.runs.of(job).first(where: { if case .running = $0.state { true } else { false } }), let attempt = attempts[run.id] else {
            return nil
        }
        return (run.id, await attempt.control.reload())
    }

    private func report(_ run: Int64) -> SchedulerSnapshot.Report? {
        attempts[run].map { ($0.reporter.progress, $0.reporter.service, $0.reporter.checks) }
    }

    /// What the processes of services use just now, by run.
    package func usages() async -> [Int64: ProcessUsage] {
        let reporters = attempts.filter { $0.value.reporter.service != nil }.mapValues(\.reporter)
        return await withTaskGroup(of: (Int64, ProcessUsage?).self) { group in
            for (run, reporter) in reporters { group.addTask { (run, await reporter.usage()) } }
            return await group.reduce(into: [:]) { usages, one in usages[one.0] = one.1 }
        }
    }

    // MARK: The loop

    /// Boots the engine and continues until everything has stopped.
    package func run() async throws(StoreError) {
        defer {
            refuseTheRest()
            feed.close()
        }
        let stored = try await ports.store.load()
        decidedAt = ports.clock.now
        let (engine, decision) = Engine.boot(
            jobs.values.map(\.definition).sorted { $0.name < $1.name }, stored: stored, mostParallel: mostParallel,
            containerStart: containerStart, survivors: survivors.map(surviving), stop: stopDeadline.withLock(\.self)?.times,
            pressure: ports.pressure?.percent() ?? 0, at: decidedAt)
        try await ports.store.commit(decision.changes.collapsed)
        await endStrays(decision)
        self.engine = engine
        ports.sockets?.retain(jobs: Set(engine.runs.values.map(\.job)))
        clockOffset = currentOffset()
        feed.publish(.configured)
        var isDone = carryOut(decision)
        armTimer()
        for await _ in inbox.bell {
            isDone = await process(inbox.takeAll()) || isDone
            if isDone { break }
        }
        timer?.cancel()
    }

    private func surviving(_ survivor: Survivor) -> SurvivingService {
        let note = survivor.note
        return SurvivingService(
            job: note.job, run: note.run, launch: note.launch, startedAt: note.startedAt,
            isChanged: jobs[note.job].map { ServiceFingerprint.of($0) != note.fingerprint } ?? true)
    }

    /// Ends the survivors that the engine has no run for, before anything is started that might want their ports.
    private func endStrays(_ decision: Decision) async {
        let adopted = Set(decision.effects.compactMap { if case .adopt(let run, _) = $0 { run.id } else { nil } })
        let strays = survivors.filter { !adopted.contains($0.note.run) }
        survivors.removeAll { !adopted.contains($0.note.run) }
        await withTaskGroup(of: Void.self) { group in
            for stray in strays {
                ports.logs.note(LogNotice("its process is still there, and nothing is known that it belongs to; ending it", .warning, job: stray.note.job))
                group.addTask {
                    guard let process = try? stray.adopt({ _, _, whenKept in whenKept?(.none) }) else { return }
                    await process.stop(StopSteps())
                }
            }
        }
    }

    /// Nobody who still asks waits for ever.
    private func refuseTheRest() {
        for envelope in inbox.close() { envelope.reply?.resume(returning: .refused("the program is stopping")) }
    }

    private func process(_ batch: [Envelope]) async -> Bool {
        guard !batch.isEmpty else { return false }
        let jump = clockJump().map { [Envelope(event: .clockJumped($0))] } ?? []
        let pressure = measuredPressure().map { [Envelope(event: .pressure($0))] } ?? []
        var isDone = false
        for (envelope, decision) in await decided(jump + pressure + batch) {
            if let jobs = envelope.jobs {
                self.jobs = Dictionary(jobs.map { ($0.definition.name, $0) }) { first, _ in first }
                feed.publish(.configured)
            }
            switch envelope.event {
            case .attemptEnded(let run, _):
                attempts[run] = nil
                stuck.remove(run)
            case .shutdown:
                abandonStuck()
                for run in engine?.runs.inOrder ?? [] { if case .ending = run.state { watchEnd(of: run.id) } }
            default: break
            }
            isDone = carryOut(decision) || isDone
            envelope.reply?.resume(returning: decision.reply)
        }
        armTimer()
        return isDone
    }

    /// Decides and records, in one transaction. While the record can't be written nothing is begun; stopping continues without it.
    private func decided(_ batch: [Envelope]) async -> [(Envelope, Decision)] {
        var hasComplained = false
        while true {
            guard var next = engine else { return [] }
            let now = ports.clock.now
            decidedAt = now
            let decisions = batch.map { ($0, next.handle($0.event, at: now)) }
            let changes = decisions.flatMap(\.1.changes).collapsed
            do {
                if !changes.isEmpty { try await ports.store.commit(changes) }
                if hasComplained { ports.logs.note(LogNotice("the state file can be written again", event: .stateFile)) }
                engine = next
                return decisions
            } catch {
                if !hasComplained { ports.logs.note(LogNotice("the state file can't be written: \(error.message)", .warning, event: .stateFile)) }
                hasComplained = true
            }
            if stopDeadline.withLock({ $0 }) != nil {
                engine = next
                return decisions
            }
            try? await ports.clock.sleep(for: .seconds(1))
        }
    }

    private func carryOut(_ decision: Decision) -> Bool {
        for change in decision.changes {
            publish(change)
            releaseSockets(after: change)
        }
        var isDone = false
        for effect in decision.effects {
            switch effect {
            case .start(let run, let attempt): begin(run, attempt: attempt)
            case .adopt(let run, let attempt): begin(run, attempt: attempt, survivors.first { $0.note.run == run.id && $0.note.launch == attempt })
            case .end(let run, _): end(run)
            case .done: isDone = true
            }
        }
        return isDone
    }

    // MARK: Attempts

    private func begin(_ run: Run, attempt: Int, _ survivor: Survivor? = nil) {
        guard let job = jobs[run.job] else {
            inbox.post(Envelope(event: .attemptEnded(run: run.id, .failed(JobError("the job is no longer declared")))))
            return
        }
        let (inbox, logs, feed) = (inbox, ports.logs, feed)
        let log = logs.open(job: run.job, run: run.id) { feed.publish(.log(job: run.job, run: run.id)) }
        if let survivor { log.resume(after: survivor.logEnds) }
        let launches = survivor.map { $0.note.launch - 1 } ?? 0
        let reporter = AttemptReporter(log: log, clock: ports.clock, launches: launches, redacted: logs.redacted) { report in
            switch report {
            case .progress(let progress): feed.publish(.progress(job: run.job, run: run.id, progress))
            case .service(let news): inbox.post(Envelope(event: .service(run: run.id, news)))
            }
        }
        let prepared = context(of: run, attempt: attempt, job, reporter)
        let isFirst = startedServices.insert(run.job).inserted && survivor == nil
        let (tools, sockets, control) = (ports.serviceTools, ports.sockets, ServiceControl())
        let replaced: @Sendable () async -> Int64? = { [self] in await self.replaced(by: run.id) }
        let task = Task { @concurrent in
            var context = prepared
            if let run = context.followed?.run { context.followed?.log = await logs.lastLines(FollowedJob.mostLines, of: run) }
            // Clean before it enters the engine: from there it goes to the store, the answers and the log.
            let result = await JobScheduler.attempt(job, context) { definition in
                ServiceSupervisor(
                    definition: definition, tools: tools, isFirstStart: isFirst, fingerprint: ServiceFingerprint.of(job), survivor: survivor, control: control,
                    replaced: replaced, sockets: sockets)
            }.redacted(by: logs.redacted)
            reporter.close()
            inbox.post(Envelope(event: .attemptEnded(run: run.id, result)))
        }
        attempts[run.id] = (task, reporter, control)
    }

    /// Cancels an attempt, and names it in the log when it takes no notice.
    private func end(_ run: Int64) {
        guard let attempt = attempts[run] else { return }
        attempt.task.cancel()
        watchEnd(of: run)
    }

    /// Looks again when the attempt should have ended: while the program stops, in time for the services to stop after it.
    private func watchEnd(of run: Int64) {
        guard let job = engine?.runs[run]?.job, let task = attempts[run]?.task else { return }
        let (clock, isService) = (ports.clock, jobs[job]?.definition.isService == true)
        let left = stopDeadline.withLock { $0 }.map { max(.zero, $0.left(isService: isService, at: clock.uptime)) }
        let patience = min(JobScheduler.endPatience, left ?? JobScheduler.endPatience)
        // Owned by nobody: it ends by itself.
        Task {
            try? await clock.sleep(for: patience)
            nameIfStuck(run, task, after: patience)
        }
    }

    /// - Parameter task: That of the attempt that was asked to end: the run may have begun another one meanwhile.
    private func nameIfStuck(_ id: Int64, _ task: Task<Void, Never>, after patience: Duration) {
        guard let run = engine?.runs[id], case .ending = run.state, attempts[id]?.task == task else { return }
        stuck.insert(id)
        ports.logs.note(
            LogNotice(
                "run \(id) was asked to end \(DurationText.readable(patience)) ago and is still running; it keeps its place until it ends", .warning,
                event: .runStuck, job: run.job, run: id))
        if stopDeadline.withLock({ $0 }) != nil { abandonStuck() }
    }

    /// Anyone who took no notice of being asked to end does not hold up the stop: it is left to the end of the program.
    private func abandonStuck() {
        for run in stuck where attempts[run] != nil {
            inbox.post(Envelope(event: .attemptEnded(run: run, .failed(JobError("it did not end when it was asked to")))))
        }
    }

    @concurrent
    private static func attempt(
        _ job: ScheduledJob, _ context: RunContext, _ supervisor: @Sendable (ServiceDefinition) -> ServiceSupervisor
    ) async -> AttemptResult {
        do {
            switch job.work {
            case .job(let job): return .succeeded(try await job.run(context))
            case .service(let definition): return .succeeded(try await supervisor(definition).run(context))
            }
        } catch {
            return .failed(error)
        }
    }

    // MARK: Time

    private func armTimer() {
        guard let engine else { return }
        timer?.cancel()
        let (clock, inbox) = (ports.clock, inbox)
        // From the instant of the last decision: what fell due while it was being recorded is due now.
        let pace = engine.awaitsQuiet ? JobScheduler.quietPace : .seconds(30)
        let wake = min(engine.nextWake(after: decidedAt) ?? .distantFuture, clock.now.adding(pace))
        timer = Task {
            do { try await clock.sleep(until: wake) } catch { return }
            inbox.post(Envelope(event: .tick))
        }
    }

    /// How much processes wait just now, where a job asks for it and it differs from what the engine knows.
    private func measuredPressure() -> Double? {
        guard let engine, engine.measuresPressure, let percent = ports.pressure?.percent() else { return nil }
        return percent == engine.pressure ? nil : percent
    }

    private func currentOffset() -> TimeInterval { ports.clock.now.timeIntervalSince1970 - ports.clock.uptime.seconds }

    /// How far the wall clock moved against the one that does not jump since the last look; nil below two seconds.
    private func clockJump() -> Duration? {
        let offset = currentOffset()
        defer { clockOffset = offset }
        guard let before = clockOffset, abs(offset - before) >= 2 else { return nil }
        return .milliseconds(Int64((offset - before) * 1000))
    }
}

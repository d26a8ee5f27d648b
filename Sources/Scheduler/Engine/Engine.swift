package import Foundation
import JobKit

/// All of scheduling as a value: events in, decisions out, no clock and no I/O of its own.
///
/// Anyone who drives it records a decision's changes before it carries out the effects; where recording fails, the value from
/// before the event is kept, and nothing has happened.
package struct Engine: Sendable {
    package enum Phase: Hashable, Sendable {
        case running
        /// No new work but what belongs to stopping; runs may continue until the first instant, then services are ended. All must be over by the second.
        case stopping(runsUntil: Date, end: Date)
        /// Services are gone, and what takes what they left runs once more.
        case lastPass(end: Date)
        case done
        /// Another program takes over; services continue.
        case handedOver
    }

    /// A job with what is known of it in this boot.
    package struct Job: Sendable {
        @Boxed package var definition: JobDefinition
        package var cursors: [String: Date]
        /// When each schedule next asks for something, kept so that a tick costs a comparison.
        var upcoming: [Upcoming] = []
        /// The newest finished run, of this boot or an earlier one; skipped ones don't count.
        @Boxed package var last: Run? = nil
        /// The newest run that did its work: its facts and what it said that needs attention stay until another one reports.
        @Boxed package var lastReport: Run? = nil
        /// The newest run that came to an end by itself: a cancelled one after it says nothing about the job. Of a service, whose runs are meant
        /// to be ended, the newest run.
        @Boxed package var verdict: Run? = nil
        /// The newest run that stored a whole backup.
        @Boxed package var lastStored: Run? = nil
        /// How the last run that was not skipped ended in this boot.
        package var outcome: RunOutcome?
        /// From the start to the end of the newest run that has succeeded in this boot.
        var worked: ClosedRange<Date>?
        /// A change that is looked at again once the needed jobs have come to rest: what, and when it was last.
        var heldChange: HeldChange?
        /// Whether a run has succeeded in this boot.
        package var hasSucceeded: Bool { worked != nil }
        /// Whether the service is ready.
        package var isReady = false
        /// Whether the service has been ready and its process is there, however it is now.
        var isUp = false
        /// What is wrong with it.
        package var problems: [JobProblem.Kind: JobProblem] = [:]
        /// From when on its deadline counts; nil where it has none.
        var deadline: DeadlineState?
        /// How long the newest runs took that have succeeded, newest first.
        var durations: [Duration] = []
        /// Of a service: how often it was started again since it was stable, and since when it is ready.
        var restarts = 0
        var readySince: Date?
    }

    struct HeldChange: Sendable {
        let path: String
        let last: Date
    }

    struct Upcoming: Sendable {
        let schedule: Schedule
        let name: String
        /// Of the runs that it makes.
        let cause: RunCause
        var next: Date?
    }

    package internal(set) var phase = Phase.running
    package internal(set) var jobs: [String: Job] = [:]
    /// Of all jobs, sorted.
    var names: [String] = []
    /// Unfinished runs.
    package internal(set) var runs = RunTable()
    /// When each job's schedules next ask for something; not of jobs that are disabled.
    var fireTimes = DueTimes<String>()
    /// The same of disabled jobs: their cursors advance at the next event, without a wake-up of their own.
    var silentTimes = DueTimes<String>()
    /// When runs time out or are tried again.
    var runTimes = DueTimes<Int64>()
    /// When something is to be decided about a job's deadline, or about whether a service is stable.
    var alarmTimes = DueTimes<String>()
    var followers = Followers()
    /// Jobs with a change that waits for needed jobs.
    var heldJobs: Set<String> = []
    /// The latest instant that was decided about: a clock that is before it was set back.
    var decidedUpTo = Date.distantPast
    /// No cursor is later.
    var latestCursor = Date.distantPast
    var highestRunID: Int64
    /// Whether a service was running when stopping began: it may write while it stops.
    var stopsServices = false
    /// The most runs at once, services apart.
    var mostParallel: Int
    package internal(set) var holds: [Hold] = []
    /// Services that were stopped manually and not started since, and when.
    package internal(set) var stoppedServices: [String: Date] = [:]
    /// What was resumed just now: its missed times are judged next.
    var resumed: Set<String?> = []
    /// By job; under nil that of all jobs.
    package internal(set) var pauses: [String?: Pause] = [:]
    /// Services that are ended together, those that others of them need last.
    var orderedEnds: [OrderedEnd] = []
    /// The runs that requests with a key have led to: who asks again gets the same.
    var requests: [RequestKey: Int64] = [:]
    /// How much the machine keeps processes waiting just now, in percent of the time.
    package internal(set) var pressure = 0.0
    /// Whether any job waits while that is high.
    package internal(set) var measuresPressure = false
    /// What followers are still to hear of.
    var happenings: [Happening] = []
    var decision = Decision()

    /// The engine of a new boot, and the decision that accounts for what the last one left.
    /// - Parameter containerStart: When this container began, where the program was started before in it: services that were stopped manually since
    ///   then stay stopped. Nil at the first start in a container.
    /// - Parameter survivors: Services' processes that have outlived the last program.
    /// - Parameter stop: Set where this boot is there to stop what runs: nothing is started but the jobs of a stop.
    /// - Parameter pressure: How much the machine keeps processes waiting, in percent.
    package static func boot(
        _ definitions: [JobDefinition], stored: StoredState, mostParallel: Int, containerStart: Date? = nil, survivors: [SurvivingService] = [],
        stop: StopTimes? = nil, pressure: Double = 0, at now: Date
    ) -> (engine: Engine, decision: Decision) {
        var engine = Engine(highestRunID: stored.highestRunID, mostParallel: mostParallel)
        engine.pressure = pressure
        engine.requests = stored.requests
        for definition in definitions {
            engine.jobs[definition.name] = Job(
                definition: definition, cursors: stored.cursors(of: definition.name), last: stored.last[definition.name],
                lastReport: stored.lastReports[definition.name],
                verdict: definition.isService ? stored.last[definition.name] : stored.verdicts[definition.name], lastStored: stored.lastStored[definition.name],
                deadline: stored.deadlines[definition.name], durations: stored.durations[definition.name] ?? [])
            engine.takeOverProblems(of: definition.name, stored, at: now)
        }
        engine.forgetProblems(stored)
        engine.indexDefinitions()
        engine.latestCursor = stored.cursors.values.max() ?? .distantPast
        engine.forgetCursors(Set(stored.cursors.keys))
        engine.note(.boot, "shipkeeper was started", at: now)
        engine.pauses = Dictionary(stored.pauses.map { ($0.job, $0) }) { _, new in new }
        engine.forgetPauses()
        engine.stoppedServices = stored.stoppedServices
        engine.forgetStops { _, at in containerStart.map { at < $0 } ?? true }
        for run in stored.unfinished.sorted(by: { $0.id < $1.id }) {
            if let survivor = survivors.first(where: { $0.fits(run) }), engine.adopt(run, survivor, at: now) { continue }
            engine.takeOver(run, at: now)
        }
        if let stop {
            engine.continueBoot(since: containerStart, isStop: true)
            // What follows the runs that were found interrupted is recorded before the stop ends it, as if the two had come one after the other.
            engine.followHappenings(at: now)
            engine.shutDown(by: stop, at: now)
        } else {
            engine.endChangedSurvivors(survivors, at: now)
            engine.continueBoot(since: containerStart)
            for definition in definitions { engine.begin(definition, at: now) }
            engine.replaceChangedSurvivors(survivors, at: now)
        }
        engine.settle(at: now)
        let decision = engine.takeDecision()
        return (engine, decision)
    }

    private init(highestRunID: Int64, mostParallel: Int) {
        self.highestRunID = highestRunID
        self.mostParallel = mostParallel
    }

    /// Decides what follows from `event`.
    package mutating func handle(_ event: EngineEvent, at now: Date) -> Decision {
        switch event {
        case .tick: break
        case .attemptEnded(let run, let result): attemptEnded(run, result, at: now)
        case .service(let run, let news): heard(news, of: run, at: now)
        case .startRequested(let job, let origin, let evenIfRunning, let confirmsEmpty, let key):
            let cause = confirmsEmpty ? RunCause.confirmed(via: origin) : .person(via: origin)
            decision.reply = answer(to: key.map { RequestKey(job: job, key: $0) }, at: now) { engine in
                engine.start(job, cause, evenIfRunning: evenIfRunning || confirmsEmpty, at: now)
            }
        case .dryRunRequested(let job, let origin): decision.reply = dryRun(job, via: origin, at: now)
        case .changed(let job, let path, let instant): changed(job, path, last: instant, at: now)
        case .stopRequested(let job, let reason): decision.reply = stop(job, because: reason, at: now)
        case .restartRequested(let job, let origin, let reason): decision.reply = restart(job, via: origin, reason: reason, at: now)
        case .clockJumped(let jump): shift(by: jump, at: now)
        case .reloaded(let definitions): reload(definitions, at: now)
        case .limitChanged(let most): mostParallel = most
        case .pressure(let percent): pressure = percent
        case .pauseRequested(let job, let until, let origin): decision.reply = pause(job, until: until, via: origin, at: now)
        case .resumeRequested(let job): decision.reply = resume(job, at: now)
        case .holdRequested(let hold): decision.reply = take(hold)
        case .releaseRequested(let holder): holds.removeAll { $0.holder == holder }
        case .handOver: decision.reply = handOver(at: now)
        case .shutdown(let runsUntil, let end): shutDown(by: StopTimes(runsUntil: runsUntil, end: end), at: now)
        }
        settle(at: now)
        return takeDecision()
    }

    private mutating func takeDecision() -> Decision {
        defer { decision = Decision() }
        return decision
    }

    /// The next instant at which something is to be decided without an event.
    package func nextWake(after now: Date) -> Date? {
        var wake: Date?
        func consider(_ instant: Date?) { if let instant, instant > now { wake = wake.map { min($0, instant) } ?? instant } }
        switch phase {
        case .running:
            consider(fireTimes.earliest?.at)
            consider(alarmTimes.earliest?.at)
            for pause in pauses.values { consider(pause.until) }
        case .stopping(let runsUntil, _): consider(runsUntil)
        case .lastPass(let end): consider(end)
        case .done, .handedOver: break
        }
        consider(runTimes.earliest?.at)
        return wake
    }

    // MARK: Recording

    mutating func record(_ run: Run) {
        decision.changes.append(.save(run))
        guard let outcome = run.state.outcome else {
            runs[run.id] = run
            addTimes(of: run)
            if run.state == .queued { forgetStops { name, _ in name == run.job } }
            return
        }
        runs[run.id] = nil
        holds.removeAll { $0.run == run.id }
        guard !run.cause.isDryRun, outcome != .skipped else { return }
        jobs[run.job]?.last = run
        if outcome.didWork { jobs[run.job]?.lastReport = run }
        if outcome.isVerdict || jobs[run.job]?.definition.isService == true { jobs[run.job]?.verdict = run }
        if run.hasStoredBackup { jobs[run.job]?.lastStored = run }
        judge(run, outcome)
    }

    mutating func note(_ kind: Event.Kind, job: String? = nil, _ message: String, at now: Date) {
        decision.changes.append(.event(Event(at: now, kind: kind, job: job, message: message)))
    }

    /// Moves a run on; what can't happen in its state is a mistake of ours, noted and left alone.
    mutating func move(
        _ id: Int64, _ event: RunEvent, at now: Date, with change: (inout Run) -> Void = { _ in }
    ) {
        guard var run = runs[id] else { return }
        do {
            run.state = try run.state.after(event, at: now, retry: retryPolicy(of: run), salt: run.id)
            change(&run)
            record(run)
        } catch {
            note(.defect, job: run.job, "run \(id): \(error.event) met \(error.state)", at: now)
        }
    }

    /// While the program stops there is no time for another try, but the next one may have it.
    private func retryPolicy(of run: Run) -> RetryPolicy {
        guard let job = jobs[run.job]?.definition, !run.cause.isDryRun, phase == .running || job.survivesRestarts else { return .never }
        guard !job.survivesRestarts || isOfItsBoot(run) else { return job.retry }
        var retry = job.retry
        retry.on.remove(.interrupted)
        return retry
    }

    /// Whether a run has no meaning beyond the boot that it was made in.
    func isOfItsBoot(_ run: Run) -> Bool { [.boot, .reload, .stop].contains(run.cause) || jobs[run.job]?.definition.isService == true }

    mutating func newRun(_ job: String, _ cause: RunCause, scheduledAt: Date, missed: Int = 0, at now: Date) -> Run {
        highestRunID += 1
        return Run(
            id: highestRunID, job: job, cause: cause, scheduledAt: scheduledAt, missed: missed, createdAt: now)
    }

    func unfinished(of job: String) -> [Run] { runs.of(job) }
}

extension StoredState {
    fileprivate func cursors(of job: String) -> [String: Date] {
        var result: [String: Date] = [:]
        for (key, date) in cursors where key.job == job { result[key.schedule] = date }
        return result
    }
}

extension Engine.Job {
    /// Works out again when each schedule next asks for something.
    mutating func lookAhead() {
        upcoming = definition.triggers.compactMap(\.schedule).map { schedule in
            Engine.Upcoming(
                schedule: schedule, name: schedule.name, cause: .schedule(schedule.readable), next: next(of: schedule, cursors[schedule.name]))
        }
    }

    /// Moves a schedule's cursor on.
    mutating func set(_ cursor: Date, of schedule: String) {
        cursors[schedule] = cursor
        for index in upcoming.indices where upcoming[index].name == schedule {
            upcoming[index].next = next(of: upcoming[index].schedule, cursor)
        }
    }

    /// The same by a plan, which knows what comes next.
    mutating func set(_ plan: FirePlan, of schedule: String) {
        cursors[schedule] = plan.cursor
        for index in upcoming.indices where upcoming[index].name == schedule { upcoming[index].next = plan.next }
    }

    private func next(of schedule: Schedule, _ cursor: Date?) -> Date? {
        cursor.flatMap { schedule.plan(last: $0, now: $0, rule: definition.fireRule, job: definition.name).next }
    }

    /// When the job's schedules next ask for something.
    package var nextFire: Date? { definition.disabled == nil ? nextTime : nil }

    /// The same, of a job that is disabled too.
    var nextTime: Date? { upcoming.lazy.compactMap(\.next).min() }
}

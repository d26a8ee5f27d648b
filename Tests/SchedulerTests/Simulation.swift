import Foundation
import JobKit
import Scheduler
import TestSupport
import TimeZones

/// A world in virtual time around the engine: schedules, work that ends well or badly, crashes before and after the record is
/// written, clock jumps, reloads, busy machines, and persons. Every policy is on. Everything follows from the seed.
struct Simulation {
    private var random: SeededRandom
    private var now = Date(timeIntervalSince1970: 1_790_000_000)
    private var definitions: [JobDefinition]
    private var engine: Engine
    /// What is on disk: it survives a crash.
    var disk: [Int64: Run] = [:]
    private var unfinished: Set<Int64> = []
    private var highestRunID: Int64 = 0
    private var cursors: [StoredState.CursorKey: Date] = [:]
    private var firstCursors: [StoredState.CursorKey: Date] = [:]
    /// Stretches that are closed: a cursor was forgotten, or had come from a wrong clock and was set back.
    private var stretches: [StoredState.CursorKey: [Stretch]] = [:]
    private var stretchBegins: [StoredState.CursorKey: Int64] = [:]
    private var pauses: [String?: Pause] = [:]
    private var stopped: [String: Date] = [:]
    private var lastFinished: [String: Run] = [:]
    private var wrong: [String: [JobProblem.Kind: JobProblem]] = [:]
    private var deadlines: [String: DeadlineState] = [:]
    private var requests: [RequestKey: Int64] = [:]
    /// Runs that were too late to start.
    private(set) var tooLate = 0
    /// Runs that waited for a quiet moment.
    private(set) var waitedForQuiet: Set<Int64> = []
    /// Problems that have begun, by job and kind, and how often each kind was reported by a message.
    private(set) var begun: [JobProblem.Kind: Int] = [:]
    private(set) var keptMessages = 0
    /// Runs that somebody stopped while they were under way.
    private(set) var stoppedRuns: Set<Int64> = []
    private(set) var pausesSeen = 0
    private var holder: String?
    private var holds: Set<String> = []
    /// Whether the engine has decided about this instant.
    private var isSettled = true
    /// Attempts at work in the world.
    private var working: Set<Int64> = []
    /// The newest instant that was seen; fire times up to it may be due.
    var problems: [String] = []
    private(set) var crashes = 0
    private(set) var steps = 0

    private(set) var resets = 0
    /// Runs that had ended before the program was asked to stop.
    var endedBefore: Set<Int64> = []

    static let mostParallel = 4

    /// Fire times in (first, last] are accounted for by runs with ids above `after` and up to `upTo`.
    private struct Stretch {
        let first: Date
        let last: Date
        let after: Int64
        let upTo: Int64
    }

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        definitions = try Simulation.jobs()
        engine = Engine.boot([], stored: StoredState(), mostParallel: Simulation.mostParallel, at: now).engine
        boot()
    }

    private static func jobs() throws -> [JobDefinition] {
        func cron(_ text: String) throws -> Trigger { .schedule(.cron(try CronExpression(text), .utc), atStart: false) }
        let retry = RetryPolicy(attempts: 3, backoff: .seconds(5), backoffCap: .seconds(60))
        return [
            JobDefinition(name: "restore", triggers: [.boot], retry: retry),
            JobDefinition(name: "gateway", isService: true, triggers: [.boot], needs: ["restore"], stableAfter: .seconds(1000)),
            JobDefinition(
                name: "backup", triggers: [try cron("*/5 * * * *"), .stop], needs: ["restore"], timeout: .seconds(300), retry: retry,
                deadline: DeadlineRule(startWithin: .seconds(3000), slowerThan: 1.5), group: "disk", exclusive: ["tree//data"]),
            JobDefinition(name: "vacuum", triggers: [try cron("*/7 * * * *")], overlap: .queue, group: "disk", priority: 10),
            JobDefinition(
                name: "index", triggers: [try cron("*/6 * * * *")], overlap: .queue,
                fireRule: FireRule(catchUp: .skip, startDeadline: .seconds(700), jitter: .seconds(900)), group: "disk", priority: -5),
            JobDefinition(
                name: "batch", triggers: [try cron("*/10 * * * *")],
                retry: RetryPolicy(attempts: 2, backoff: .seconds(5), backoffCap: .seconds(60), on: [.timeout], exitCodes: [75]),
                background: Background(pressure: 50, wait: .seconds(1200))),
            JobDefinition(name: "report", triggers: [try cron("* * * * *")], timeout: .seconds(120), overlap: .replace),
            JobDefinition(name: "tidy", triggers: [try cron("*/2 * * * *")], fireRule: FireRule(catchUp: .all, limit: 5)),
            JobDefinition(
                name: "strict", triggers: [try cron("*/3 * * * *")], fireRule: FireRule(catchUp: .skip, startDeadline: .seconds(300), jitter: .seconds(20))),
            JobDefinition(name: "ping", triggers: [.schedule(.every(.seconds(30)), atStart: true)], needs: ["gateway"]),
            JobDefinition(name: "mail", triggers: [.after(job: "backup", .finished)]),
            JobDefinition(name: "nested", triggers: [try cron("*/4 * * * *")], exclusive: ["tree//data/app"]),
            JobDefinition(name: "alarm", triggers: [.after(job: "backup", .failed)]),
            JobDefinition(
                name: "message", triggers: [.after(job: Followers.anyJob, .problem), .after(job: Followers.anyJob, .recovered)],
                retry: RetryPolicy(attempts: 100, backoff: .seconds(5), backoffCap: .seconds(60), on: [.error, .timeout, .interrupted]),
                overlap: .all, isMessage: true),
            JobDefinition(name: "manual", deadline: DeadlineRule(startWithin: .seconds(7000))),
        ]
    }

    // MARK: Running

    mutating func run(steps count: Int) {
        for _ in 0..<count where problems.isEmpty {
            steps += 1
            step()
            checkNow()
        }
        drain()
        checkAccounts()
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            now += Double(Int.random(in: 0...60, using: &random))
            decide(.tick)
        case 45..<50:
            now += Double(Int.random(in: 0...7200, using: &random))
            decide(.tick)
        case 50..<80: endSomething()
        case 80..<83: decide(.startRequested(job: someJob(), via: "test", evenIfRunning: random.chance(30)))
        case 83: ask()
        case 84..<86: decide(.stopRequested(job: someJob()))
        case 86..<88: decide(.restartRequested(job: someJob(), via: "test"))
        case 88..<90:
            let jump = Double(Int.random(in: random.chance(70) ? -3600...3600 : -864_000...86_400, using: &random))
            now += jump
            decide(.clockJumped(.seconds(jump)))
        case 90..<92: reload()
        case 92..<94: becomeReady()
        case 94: hold()
        case 95: pause()
        case 96: decide(.pressure(Double(Int.random(in: 0...100, using: &random))))
        default: crash()
        }
    }

    private mutating func someJob() -> String { definitions.randomElement(using: &random)?.name ?? "manual" }

    /// Somebody asks with a key, perhaps again: it is the same run, whatever became of that.
    private mutating func ask() {
        let request = RequestKey(job: someJob(), key: "\(Int.random(in: 0...50, using: &random))")
        let known = requests[request]
        if let run = answer(to: .startRequested(job: request.job, via: "test", evenIfRunning: true, key: request.key)).flatMap(\.run), let known, run != known {
            problems.append("\(request) led to run \(known), and now to \(run)")
        }
    }

    private mutating func endSomething() {
        // Messages are short: more than one world can deliver would only pile up.
        let message = working.first { disk[$0]?.job == "message" }
        guard let id = (random.chance(50) ? message : nil) ?? working.sorted().randomElement(using: &random), let run = disk[id] else { return decide(.tick) }
        now += Double(Int.random(in: 0...20, using: &random))
        let isService = run.job == "gateway"
        let result: AttemptResult =
            if random.chance(isService ? 0 : 65) { .succeeded(RunReport(summary: "ok")) } else {
                .failed(JobError("did not work", retry: random.chance(80) ? .worthwhile : .pointless, exitCode: random.chance(50) ? 75 : 1))
            }
        working.remove(id)
        decide(.attemptEnded(run: id, result))
    }

    private mutating func becomeReady() {
        guard let id = working.sorted().first(where: { disk[$0]?.job == "gateway" }) else { return decide(.tick) }
        if random.chance(60), let attempt = engine.runs[id]?.state.activeAttempt { return decide(.service(run: id, .launched(number: attempt + 1))) }
        decide(.service(run: id, .status(ServiceStatus(state: random.chance(80) ? .ready : .unready))))
    }

    /// Another configuration: a job comes or goes.
    private mutating func reload() {
        if let index = definitions.firstIndex(where: { $0.name == "extra" }) {
            definitions.remove(at: index)
        } else {
            definitions.append(JobDefinition(name: "extra", triggers: [.schedule(.every(.seconds(45)), atStart: false)]))
        }
        decide(.reloaded(definitions))
    }

    /// Somebody begins, or ends, what needs some jobs at rest.
    private mutating func hold() {
        if let holder {
            self.holder = nil
            decide(.releaseRequested(holder: holder))
        } else {
            holder = "procedure"
            holds = ["restore"]
            decide(.holdRequested(Hold(jobs: ["restore"], holder: "procedure", reason: "a restore is under way")))
            if engine.holds.isEmpty { holder = nil }
        }
    }

    /// Pauses a job or all, for a while or for good, or ends such a pause.
    private mutating func pause() {
        let job = random.chance(30) ? nil : someJob()
        if pauses[job] != nil || random.chance(20) { return decide(.resumeRequested(job: job)) }
        pausesSeen += 1
        // Longer ones would leave more fire times than are counted one by one.
        let until = now + Double(Int.random(in: 1...20_000, using: &random))
        decide(.pauseRequested(job: job, until: until, via: "test"))
    }

    // MARK: Recording

    private mutating func decide(_ event: EngineEvent) { _ = answer(to: event) }

    /// One event: decided, recorded, carried out; sometimes the program dies in between.
    /// - Returns: The reply, once it is recorded.
    private mutating func answer(to event: EngineEvent) -> Reply? {
        let before = engine
        let decision = engine.handle(event, at: now)
        if random.chance(1) {
            // The disk is full: nothing is recorded, so nothing has happened.
            engine = before
            isSettled = false
            if case .attemptEnded(let id, _) = event { working.insert(id) }
            if case .reloaded = event { definitions = before.jobs.values.map(\.definition) }
            return nil
        }
        if random.chance(1) {
            crash()
            return nil
        }
        apply(decision)
        if random.chance(1) {
            crash()
            return nil
        }
        carryOut(decision)
        isSettled = true
        return decision.reply
    }

    private mutating func apply(_ decision: Decision) {
        for change in decision.changes {
            switch change {
            case .save(let run): save(run)
            case .cursor(let job, let schedule, let date):
                let key = StoredState.CursorKey(job: job, schedule: schedule)
                if let old = cursors[key], date < old, schedule.hasPrefix("cron") {
                    resets += 1
                    if old <= now + 3600 { problems.append("\(job): the cursor went back from \(old) at \(now)") }
                    close(key, at: old)
                }
                if firstCursors[key] == nil { (firstCursors[key], stretchBegins[key]) = (date, highestRunID) }
                cursors[key] = date
            case .forgetCursor(let job, let schedule):
                let key = StoredState.CursorKey(job: job, schedule: schedule)
                if let old = cursors[key] { close(key, at: old) }
                cursors[key] = nil
            case .event(let event):
                if event.kind == .defect { problems.append(event.message) }
            case .pause(let pause): pauses[pause.job] = pause
            case .resume(let job): pauses[job] = nil
            case .serviceStopped(let job, let at): stopped[job] = at
            case .serviceWanted(let job): stopped[job] = nil
            case .problem(let job, let problem):
                if wrong[job]?[problem.kind] != nil { problems.append("\(job): \(problem.kind) began twice") }
                wrong[job, default: [:]][problem.kind] = problem
                begun[problem.kind, default: 0] += 1
            case .problemOver(let job, let kind): wrong[job]?[kind] = nil
            case .deadline(let job, let state): deadlines[job] = state
            case .request(let request, let run):
                if disk[run] == nil { problems.append("\(request) led to run \(run), which is not on disk") }
                requests[request] = run
            case .saveAttempt, .service: break
            }
        }
    }

    private mutating func close(_ key: StoredState.CursorKey, at last: Date) {
        guard let first = firstCursors.removeValue(forKey: key) else { return }
        stretches[key, default: []].append(Stretch(first: first, last: last, after: stretchBegins[key] ?? 0, upTo: highestRunID))
    }

    private mutating func save(_ run: Run) {
        if disk[run.id] == nil, case .schedule = run.cause, let pause = pauses[run.job] ?? pauses[String?.none], pause.until.map({ $0 > now }) ?? true {
            problems.append("run \(run.id) of \(run.job) was made by its schedule while it was paused")
        }
        if let old = disk[run.id], old.state.outcome != nil, old != run { problems.append("run \(run.id) changed after its end") }
        if run.state.outcome == .skipped, run.summary?.hasPrefix("it could not start within") == true { tooLate += 1 }
        disk[run.id] = run
        if case .ending(_, _, .person) = run.state { stoppedRuns.insert(run.id) }
        highestRunID = max(highestRunID, run.id)
        if run.state.outcome == nil { unfinished.insert(run.id) } else { unfinished.remove(run.id) }
    }

    private mutating func carryOut(_ decision: Decision) {
        for case .start(let run, let attempt) in decision.effects {
            if attempt == 1, let definition = engine.jobs[run.job]?.definition { checkStart(run, of: definition) }
            if holder != nil, run.cause != .person(via: "procedure"), holds.contains(run.job) { problems.append("\(run.job) was started while it was held") }
            if !working.insert(run.id).inserted { problems.append("run \(run.id) was started twice") }
        }
    }

    /// Nothing starts too late, or while the machine is busy.
    private mutating func checkStart(_ run: Run, of job: JobDefinition) {
        guard case .schedule = run.cause else { return }
        if let deadline = job.fireRule.startDeadline, now > run.scheduledAt.adding(deadline + job.fireRule.jitter + .milliseconds(2)) {
            problems.append("run \(run.id) of \(job.name) started at \(now), and was due at \(run.scheduledAt)")
        }
        if let background = job.background, let limit = background.pressure, engine.pressure >= Double(limit), now < run.createdAt.adding(background.wait) {
            problems.append("run \(run.id) of \(job.name) started while the machine was busy")
        }
    }

    private mutating func crash() {
        crashes += 1
        holder = nil
        working = []
        if random.chance(50) { now += Double(Int.random(in: 0...10_000, using: &random)) }
        boot()
    }

    private mutating func boot() {
        let stored = StoredState(
            unfinished: unfinished.sorted().compactMap { disk[$0] }, problems: wrong.mapValues { Array($0.values) }, deadlines: deadlines, cursors: cursors,
            highestRunID: highestRunID,
            pauses: pauses.values.sorted { ($0.job ?? "") < ($1.job ?? "") },
            stoppedServices: stopped, requests: requests)
        let (engine, decision) = Engine.boot(
            definitions, stored: stored, mostParallel: Simulation.mostParallel, containerStart: random.chance(80) ? .distantPast : nil, at: now)
        self.engine = engine
        apply(decision)
        carryOut(decision)
    }

    // MARK: What must hold

    private mutating func checkNow() {
        let active = engine.runs.values.filter { $0.state.activeAttempt != nil }
        let busy = active.filter { $0.job != "gateway" }
        if busy.count > Simulation.mostParallel { problems.append("\(busy.count) jobs at once") }
        for (job, runs) in Dictionary(grouping: active, by: \.job) where runs.count > 1 { problems.append("\(job) runs twice at once") }
        if active.filter({ ["backup", "nested"].contains($0.job) }).count > 1 { problems.append("two work on one tree at once") }
        for (job, all) in engine.jobs where engine.phase == .running && isSettled {
            for (name, cursor) in all.cursors where cursor > now + 3600 {
                problems.append("\(job): the cursor of \(name) is left at \(cursor), and it is \(now)")
            }
        }
        if active.filter({ ["backup", "vacuum"].contains($0.job) }).count > 1 { problems.append("two of one group at once") }
        if engine.stoppedServices != stopped { problems.append("the engine and the disk differ about what is stopped") }
        if stopped["gateway"] != nil, engine.runs.values.contains(where: { $0.job == "gateway" && $0.state == .queued }) {
            problems.append("the gateway is to be started though it was stopped")
        }
        for (name, job) in engine.jobs where job.problems != wrong[name] ?? [:] {
            problems.append("the engine and the disk differ about what is wrong with \(name)")
        }
        if Set(engine.pauses.values) != Set(pauses.values) { problems.append("the engine and the disk differ about what is paused") }
        for run in engine.runs.values where disk[run.id] == nil { problems.append("run \(run.id) is not on disk") }
        checkIndexes()
        if Set(active.map(\.id)) != working { problems.append("the engine and the world differ about what is running") }
    }

    /// What the engine keeps to find things fast agrees with a look at everything.
    private mutating func checkIndexes() {
        // By their ids: the table gives the runs themselves from one place. Runs are large, and this is done at each step.
        let all = engine.runs.values.map(\.id).sorted().compactMap { engine.runs[$0] }
        func differ(_ found: [Run], _ expected: [Int64]) -> Bool { found.map(\.id) != expected }
        if differ(engine.runs.active, all.filter { $0.state.activeAttempt != nil }.map(\.id)) { problems.append("the index of active runs is wrong") }
        let waiting = all.filter { $0.state == .queued || $0.state.nextAttemptAt != nil }
        let order = waiting.map { (-(engine.jobs[$0.job]?.definition.priority ?? 0), $0.scheduledAt, $0.job, $0.id) }.sorted { $0 < $1 }
        if engine.awaitsQuiet { for run in waiting where run.job == "batch" { waitedForQuiet.insert(run.id) } }
        if differ(engine.runs.waiting, order.map(\.3)) { problems.append("the index of waiting runs is wrong") }
        var byJob: [String: [Int64]] = [:]
        for run in all { byJob[run.job, default: []].append(run.id) }
        for job in engine.jobs.keys where differ(engine.runs.of(job), byJob[job] ?? []) { problems.append("the index of \(job)'s runs is wrong") }
        guard isSettled, engine.phase == .running else { return }
        let isAllPaused = engine.pauses[String?.none] != nil
        let fires = engine.jobs.values.filter { !isAllPaused && engine.pauses[$0.definition.name] == nil }.compactMap(\.nextFire)
        let runs = all.flatMap { run -> [Date] in
            let job = engine.jobs[run.job]?.definition
            if case .running(_, let since) = run.state { return [job?.timeout.map { since.adding($0) }].compactMap(\.self) }
            guard run.state == .queued else { return [run.state.nextAttemptAt].compactMap(\.self) }
            return [engine.latestStart(of: run), engine.endOfPatience(of: run)].compactMap(\.self)
        }
        let alarms = engine.jobs.keys.compactMap { engine.nextAlarm(of: $0) }
        let expected = (fires + runs + alarms + engine.pauses.values.compactMap(\.until)).filter { $0 > now }.min()
        if engine.nextWake(after: now) != expected {
            problems.append("the next wake is \(engine.nextWake(after: now).map { "\($0)" } ?? "never") instead of \(expected.map { "\($0)" } ?? "never")")
        }
        if let late = (fires + alarms).min(), late <= now { problems.append("something due at \(late) was not looked at") }
    }

    private mutating func drain() {
        guard problems.isEmpty else { return }
        for job in pauses.keys {
            let resumed = engine.handle(.resumeRequested(job: job), at: now)
            apply(resumed)
            carryOut(resumed)
        }
        endedBefore = Set(disk.values.filter { $0.state.outcome != nil }.map(\.id))
        let end = engine.handle(.shutdown(runsUntil: now + 60, end: now + 90), at: now)
        apply(end)
        carryOut(end)
        for _ in 0..<1000 where engine.phase != .done {
            now += 10
            let tick = engine.handle(.tick, at: now)
            apply(tick)
            carryOut(tick)
            if let id = working.min() {
                working.remove(id)
                let ended = engine.handle(.attemptEnded(run: id, .failed(JobError("ended"))), at: now)
                apply(ended)
                carryOut(ended)
            }
        }
        if engine.phase != .done { problems.append("stopping does not end") }
        for run in disk.values where run.state.outcome == nil {
            if run.job == "message", run.state.activeAttempt == nil { keptMessages += 1 } else { problems.append("run \(run.id) of \(run.job) has no outcome") }
        }
    }

    /// Every fire time has exactly one verdict: the records of a schedule add up to the fire times between its cursors.
    private mutating func checkAccounts() {
        let records = Dictionary(grouping: disk.values, by: \.job)
        for definition in definitions {
            for case .schedule(let schedule, _) in definition.triggers {
                guard case .cron = schedule else { continue }
                let key = StoredState.CursorKey(job: definition.name, schedule: schedule.name)
                if let last = cursors[key] { close(key, at: last) }
                let own = (records[definition.name] ?? []).filter { $0.cause == .schedule(schedule.readable) }
                check(schedule, of: definition, stretches[key] ?? [], own)
            }
        }
        checkFollowers()
    }

    private mutating func check(_ schedule: Schedule, of job: JobDefinition, _ stretches: [Stretch], _ records: [Run]) {
        var expected = 0
        for stretch in stretches {
            var cursor = stretch.first
            while let next = schedule.next(after: cursor), next <= stretch.last { (expected, cursor) = (expected + 1, next) }
        }
        let accounted = records.reduce(0) { $0 + 1 + $1.missed }
        if accounted != expected { problems.append("\(job.name): \(expected) fire times, \(accounted) accounted for") }
        // One that waits stands for later fire times too, also from after the clock was set right.
        guard job.overlap != .queue || stretches.count == 1 else { return }
        for stretch in stretches {
            let times = records.filter { $0.id > stretch.after && $0.id <= stretch.upTo }.map(\.scheduledAt)
            if Set(times).count != times.count { problems.append("\(job.name): a fire time was acted on twice") }
        }
    }
}

import Foundation
import JobKit
import Scheduler
import TestSupport

/// A world in virtual time around the engine: schedules, work that ends well or badly, crashes before and after the record is
/// written, clock jumps, reloads, and persons. Everything follows from the seed.
struct Simulation {
    private var random: SeededRandom
    private var now = Date(timeIntervalSince1970: 1_790_000_000)
    private var definitions: [JobDefinition]
    private var engine: Engine
    /// What is on disk: it survives a crash.
    private var disk: [Int64: Run] = [:]
    private var unfinished: Set<Int64> = []
    private var highestRunID: Int64 = 0
    private var cursors: [StoredState.CursorKey: Date] = [:]
    private var firstCursors: [StoredState.CursorKey: Date] = [:]
    /// Attempts at work in the world.
    private var working: Set<Int64> = []
    /// The newest instant that was seen; fire times up to it may be due.
    private(set) var problems: [String] = []
    private(set) var crashes = 0
    private(set) var steps = 0

    static let mostParallel = 4

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        definitions = try Simulation.jobs()
        engine = Engine.boot([], stored: StoredState(), mostParallel: Simulation.mostParallel, at: now).engine
        boot()
    }

    private static func jobs() throws -> [JobDefinition] {
        func cron(_ text: String) throws -> Trigger { .schedule(.cron(try CronExpression(text), .gmt), atStart: false) }
        let retry = RetryPolicy(attempts: 3, backoff: .seconds(5), backoffCap: .seconds(60))
        return [
            JobDefinition(name: "restore", triggers: [.boot], retry: retry),
            JobDefinition(name: "gateway", isService: true, triggers: [.boot], needs: ["restore"]),
            JobDefinition(name: "backup", triggers: [try cron("*/5 * * * *"), .stop], needs: ["restore"], timeout: .seconds(300), retry: retry, group: "disk"),
            JobDefinition(name: "vacuum", triggers: [try cron("*/7 * * * *")], overlap: .queue, group: "disk"),
            JobDefinition(name: "report", triggers: [try cron("* * * * *")], timeout: .seconds(120), overlap: .replace),
            JobDefinition(name: "tidy", triggers: [try cron("*/2 * * * *")], fireRule: FireRule(catchUp: .all, limit: 5)),
            JobDefinition(name: "strict", triggers: [try cron("*/3 * * * *")], fireRule: FireRule(catchUp: .skip, jitter: .seconds(20))),
            JobDefinition(name: "ping", triggers: [.schedule(.every(.seconds(30)), atStart: true)], needs: ["gateway"]),
            JobDefinition(name: "mail", triggers: [.after(job: "backup", .finished)]),
            JobDefinition(name: "manual"),
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
        case 80..<84: decide(.startRequested(job: someJob(), via: "test", evenIfRunning: random.chance(30)))
        case 84..<86: decide(.stopRequested(job: someJob()))
        case 86..<88: decide(.restartRequested(job: someJob(), via: "test"))
        case 88..<90:
            let jump = Double(Int.random(in: -3600...3600, using: &random))
            now += jump
            decide(.clockJumped(.seconds(jump)))
        case 90..<92: reload()
        case 92..<95: becomeReady()
        default: crash()
        }
    }

    private mutating func someJob() -> String { definitions.randomElement(using: &random)?.name ?? "manual" }

    private mutating func endSomething() {
        guard let id = working.sorted().randomElement(using: &random), let run = disk[id] else { return decide(.tick) }
        now += Double(Int.random(in: 0...20, using: &random))
        let isService = run.job == "gateway"
        let result: AttemptResult =
            if random.chance(isService ? 0 : 65) { .succeeded(RunReport(summary: "ok")) } else {
                .failed(JobError("did not work", retry: random.chance(80) ? .worthwhile : .pointless))
            }
        working.remove(id)
        decide(.attemptEnded(run: id, result))
    }

    private mutating func becomeReady() {
        guard let id = working.sorted().first(where: { disk[$0]?.job == "gateway" }) else { return decide(.tick) }
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

    // MARK: Recording

    /// One event: decided, recorded, carried out; sometimes the program dies in between.
    private mutating func decide(_ event: EngineEvent) {
        let before = engine
        let decision = engine.handle(event, at: now)
        if random.chance(1) {
            // The disk is full: nothing is recorded, so nothing has happened.
            engine = before
            if case .attemptEnded(let id, _) = event { working.insert(id) }
            if case .reloaded = event { definitions = before.jobs.values.map(\.definition) }
            return
        }
        if random.chance(1) { return crash() }
        apply(decision)
        if random.chance(1) { return crash() }
        carryOut(decision)
    }

    private mutating func apply(_ decision: Decision) {
        for change in decision.changes {
            switch change {
            case .save(let run): save(run)
            case .cursor(let job, let schedule, let date):
                let key = StoredState.CursorKey(job: job, schedule: schedule)
                if firstCursors[key] == nil { firstCursors[key] = date }
                cursors[key] = date
            case .event(let event):
                if event.kind == "defect" { problems.append(event.message) }
            case .saveAttempt, .service: break
            }
        }
    }

    private mutating func save(_ run: Run) {
        if let old = disk[run.id], old.state.outcome != nil, old != run { problems.append("run \(run.id) changed after its end") }
        disk[run.id] = run
        highestRunID = max(highestRunID, run.id)
        if run.state.outcome == nil { unfinished.insert(run.id) } else { unfinished.remove(run.id) }
    }

    private mutating func carryOut(_ decision: Decision) {
        for case .start(let run, _) in decision.effects {
            if !working.insert(run.id).inserted { problems.append("run \(run.id) was started twice") }
        }
    }

    private mutating func crash() {
        crashes += 1
        working = []
        if random.chance(50) { now += Double(Int.random(in: 0...10_000, using: &random)) }
        boot()
    }

    private mutating func boot() {
        let stored = StoredState(
            unfinished: unfinished.compactMap { disk[$0] }, cursors: cursors, highestRunID: highestRunID)
        let (engine, decision) = Engine.boot(definitions, stored: stored, mostParallel: Simulation.mostParallel, at: now)
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
        if active.filter({ ["backup", "vacuum"].contains($0.job) }).count > 1 { problems.append("two of one group at once") }
        for run in engine.runs.values where disk[run.id] == nil { problems.append("run \(run.id) is not on disk") }
        if Set(active.map(\.id)) != working { problems.append("the engine and the world differ about what is running") }
    }

    private mutating func drain() {
        guard problems.isEmpty else { return }
        let end = engine.handle(.shutdown(runsUntil: now + 60), at: now)
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
        for run in disk.values where run.state.outcome == nil { problems.append("run \(run.id) of \(run.job) has no outcome") }
    }

    /// Every fire time has exactly one verdict: the records of a schedule add up to the fire times between its cursors.
    private mutating func checkAccounts() {
        for definition in definitions {
            for case .schedule(let schedule, _) in definition.triggers {
                guard case .cron = schedule else { continue }
                let key = StoredState.CursorKey(job: definition.name, schedule: schedule.name)
                guard let first = firstCursors[key], let last = cursors[key] else { continue }
                let records = disk.values.filter { $0.job == definition.name && $0.cause == .schedule(schedule.readable) }
                let accounted = records.reduce(0) { $0 + 1 + $1.missed }
                var (expected, cursor) = (0, first)
                while let next = schedule.next(after: cursor), next <= last { (expected, cursor) = (expected + 1, next) }
                if accounted != expected { problems.append("\(definition.name): \(expected) fire times, \(accounted) accounted for") }
                let times = records.map(\.scheduledAt)
                if Set(times).count != times.count { problems.append("\(definition.name): a fire time was acted on twice") }
            }
        }
    }
}

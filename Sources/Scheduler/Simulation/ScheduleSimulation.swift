package import Foundation
import JobKit

/// Scheduling in virtual time: the engine itself, with runs that end after a length that is known. A value, without a clock or I/O.
///
/// ```swift
/// var simulation = ScheduleSimulation(definitions, world, from: now, until: now + 400 * 86_400)
/// simulation.run { run in print(run.job, run.scheduledAt) }
/// ```
package struct ScheduleSimulation: Sendable {
    /// What is taken for granted of the world around the engine.
    package struct World: Sendable {
        /// How long a run takes, by the job's name.
        package var lengths: [String: Duration]
        /// How long runs of all other jobs take.
        package var usualLength: Duration
        /// How long services take to end, by name; others end at once.
        package var stopLengths: [String: Duration]
        /// The most runs at once, services apart.
        package var mostParallel: Int
        /// How long a stop may take, and the part of it that runs may take.
        package var stopBudget: Duration
        package var runsBudget: Duration
        /// Stretches of time in their order, none of which overlaps another.
        package var absences: [Absence]

        package init(
            lengths: [String: Duration] = [:], usualLength: Duration = .seconds(1), stopLengths: [String: Duration] = [:], mostParallel: Int,
            stopBudget: Duration, runsBudget: Duration,
            absences: [Absence] = []
        ) {
            self.lengths = lengths
            self.usualLength = usualLength
            self.stopLengths = stopLengths
            self.mostParallel = mostParallel
            self.stopBudget = stopBudget
            self.runsBudget = runsBudget
            self.absences = absences
        }
    }

    /// A stretch of time in which nothing is decided.
    package struct Absence: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// The host sleeps, with all its processes, which continue afterwards.
            case asleep
            /// The program is stopped before, and started afterwards.
            case down
        }

        package var kind: Kind
        package var start: Date
        package var end: Date

        package init(_ kind: Kind, from start: Date, to end: Date) { (self.kind, self.start, self.end) = (kind, start, end) }
    }

    /// Why the simulation ended before its end: an engine that wants to be woken at once without end, a mistake of ours.
    package struct Standstill: Error, Sendable {
        package let at: Date
    }

    private static let mostStepsAtOnce = 1_000_000

    private let definitions: [JobDefinition]
    private let world: World
    private let end: Date
    private var absences: ArraySlice<Absence>
    private var now: Date
    private(set) var engine: Engine
    /// When attempts end.
    private var ends = DueTimes<Int64>()
    /// The attempts under way, with the time at which they end.
    private var active: [Int64: Date] = [:]
    /// Services that were asked to end, and take their time.
    private var ending: Set<Int64> = []
    private var isDone = false
    /// Steps at one instant.
    private var steps = 0

    /// - Parameter definitions: All jobs, services too, which are ready as soon as they are started.
    package init(_ definitions: [JobDefinition], _ world: World, from start: Date, until end: Date) {
        // As the scheduler does it: the order in which jobs begin numbers their runs.
        self.definitions = definitions.sorted { $0.name < $1.name }
        self.world = world
        self.end = end
        now = start
        absences = world.absences[...]
        (engine, boot) = Engine.boot(self.definitions, stored: StoredState(), mostParallel: world.mostParallel, at: start)
    }

    /// The decision of a boot that has not been carried out.
    private var boot: Decision?

    /// Lets time go by until the end, where the program is stopped.
    /// - Parameter record: Gets each run when it has ended, was skipped, or is cut off.
    package mutating func run(_ record: (Run) -> Void) throws(Standstill) {
        if let decision = boot { carryOut(decision, record) }
        boot = nil
        while now < end {
            let absence = absences.first
            try advance(to: earliest(absence.map { min($0.start, end) } ?? end))
            if let absence, absence.start <= now {
                absences.removeFirst()
                try pass(absence, record)
            } else {
                step(record)
            }
        }
        try stop(record)
        for run in engine.runs.values { record(run) }
    }

    /// When something happens next, at the latest then.
    private func earliest(_ limit: Date) -> Date {
        var next = limit
        if let wake = engine.nextWake(after: now), wake < next { next = wake }
        if let over = ends.earliest?.at, over < next { next = over }
        return next
    }

    private mutating func advance(to instant: Date) throws(Standstill) {
        steps = instant > now ? 0 : steps + 1
        guard steps < ScheduleSimulation.mostStepsAtOnce else { throw Standstill(at: now) }
        now = max(now, instant)
    }

    /// Ends the attempts that are over, or lets the engine look.
    private mutating func step(_ record: (Run) -> Void) {
        let due = ends.takeDue(by: now).filter { active[$0].map { $0 <= now } ?? false }.sorted()
        for run in due {
            active[run] = nil
            let result = ending.remove(run) == nil ? AttemptResult.succeeded(RunReport(summary: "")) : .failed(JobError("ended"))
            carryOut(engine.handle(.attemptEnded(run: run, result), at: now), record)
        }
        if due.isEmpty { carryOut(engine.handle(.tick, at: now), record) }
    }

    // MARK: Absences

    private mutating func pass(_ absence: Absence, _ record: (Run) -> Void) throws(Standstill) {
        switch absence.kind {
        case .asleep:
            let length = absence.end.timeIntervalSince(now)
            ends = DueTimes()
            for (run, at) in active {
                active[run] = at + length
                ends.add(run, at: at + length)
            }
            now = max(now, absence.end)
            step(record)
        case .down:
            try stop(record)
            let unfinished = engine.runs.values.sorted { $0.id < $1.id }
            now = max(now, absence.end)
            (ends, active, ending, isDone) = (DueTimes(), [:], [], false)
            let (next, decision) = Engine.boot(definitions, stored: stored(unfinished), mostParallel: world.mostParallel, at: now)
            engine = next
            carryOut(decision, record)
        }
    }

    /// Lets the program stop as SIGTERM does; what is not done within the budget is cut off.
    private mutating func stop(_ record: (Run) -> Void) throws(Standstill) {
        let deadline = now.adding(world.stopBudget)
        carryOut(engine.handle(.shutdown(runsUntil: now.adding(world.runsBudget), end: deadline), at: now), record)
        while !isDone, now < deadline {
            try advance(to: earliest(deadline))
            step(record)
        }
    }

    /// What a boot continues from.
    private func stored(_ unfinished: [Run]) -> StoredState {
        var stored = StoredState(unfinished: unfinished, highestRunID: engine.highestRunID)
        for (name, job) in engine.jobs {
            stored.last[name] = job.last
            stored.verdicts[name] = job.verdict
            stored.deadlines[name] = job.deadline
            stored.durations[name] = job.durations
            for (schedule, cursor) in job.cursors { stored.cursors[.init(job: name, schedule: schedule)] = cursor }
        }
        return stored
    }

    // MARK: Effects

    private mutating func carryOut(_ decision: Decision, _ record: (Run) -> Void) {
        var open = [decision][...]
        while let decision = open.popFirst() {
            for case .save(let run) in decision.changes where run.state.outcome != nil { record(run) }
            for effect in decision.effects {
                switch effect {
                case .start(let run, _): if let next = begin(run) { open.append(next) }
                case .end(let run, _):
                    if let length = stopLength(of: run) {
                        ending.insert(run)
                        active[run] = now.adding(length)
                        ends.add(run, at: now.adding(length))
                    } else {
                        active[run] = nil
                        open.append(engine.handle(.attemptEnded(run: run, .failed(JobError("ended"))), at: now))
                    }
                case .adopt: break
                case .done: isDone = true
                }
            }
        }
    }

    /// How long the service of a run takes to end; nil for no time at all.
    private func stopLength(of run: Int64) -> Duration? {
        guard !world.stopLengths.isEmpty, let job = engine.runs[run]?.job, let length = world.stopLengths[job], length > .zero else { return nil }
        return length
    }

    /// Begins an attempt; a service is ready at once.
    private mutating func begin(_ run: Run) -> Decision? {
        if engine.jobs[run.job]?.definition.isService == true {
            return engine.handle(.service(run: run.id, .status(ServiceStatus(state: .ready, process: 1, launches: 1))), at: now)
        }
        let over = now.adding(world.lengths[run.job] ?? world.usualLength)
        active[run.id] = over
        ends.add(run.id, at: over)
        return nil
    }
}

import Foundation
import JobKit
import Synchronization
import TestSupport

@testable import Scheduler

/// The scheduler with its loop, its record and its tasks, in virtual time. Each step waits for what it leads to, so that no clock decides anything.
final class VirtualDaemon: Sendable {
    let store = InMemoryStore()
    private let clock: ManualClock
    private let jobs: [JobDefinition]
    private let world: ScheduleSimulation.World
    private let attempts = VirtualAttempts()
    private let logs = RecordedLogs()

    init(_ jobs: [JobDefinition], _ world: ScheduleSimulation.World, at start: Date) {
        (self.jobs, self.world) = (jobs, world)
        clock = ManualClock(start)
    }

    /// Lets time go by until the end, where the program is stopped.
    func run(until end: Date) async throws {
        var absences = world.absences[...]
        while clock.now < end {
            let next = absences.first
            let down = next.flatMap { $0.kind == .down ? $0 : nil } ?? absences.dropFirst().first { $0.kind == .down }
            let stop = min(down?.start ?? end, end)
            let asleep = absences.prefix { $0.kind == .asleep && $0.start < stop }
            try await live(until: stop, asleep: Array(asleep))
            absences = absences.dropFirst(asleep.count + (down == nil ? 0 : 1))
            guard let down, stop < end else { return }
            clock.advance(to: down.end)
        }
    }

    /// One life of the program: from its boot to the end of its stop.
    private func live(until stop: Date, asleep: [ScheduleSimulation.Absence]) async throws {
        let scheduler = scheduler()
        async let ended: Void = scheduler.run()
        _ = await scheduler.wait { _ in true }
        await attempts.settle(with: scheduler)
        var asleep = asleep[...]
        while clock.now < stop {
            let engine = await scheduler.engine
            let next = [engine?.nextWake(after: clock.now), attempts.earliest, asleep.first?.start, stop].compactMap(\.self).min() ?? stop
            advance(to: next)
            if let absence = asleep.first, absence.start <= clock.now {
                asleep.removeFirst()
                attempts.putOff(by: absence.end.timeIntervalSince(clock.now))
                advance(to: absence.end)
            } else if clock.now >= stop {
                break
            }
            await step(scheduler)
        }
        scheduler.shutDown(budget: world.stopBudget, runs: world.runsBudget)
        let last = clock.now.adding(world.stopBudget)
        _ = await scheduler.wait { $0.isStopping ? true : nil }
        await attempts.settle(with: scheduler)
        while let engine = await scheduler.engine, engine.phase != .done, clock.now < last {
            advance(to: min(last, [engine.nextWake(after: clock.now), attempts.earliest].compactMap(\.self).min() ?? last))
            await step(scheduler)
        }
        try await ended
    }

    private func scheduler() -> JobScheduler {
        let scheduled = jobs.map { definition in
            let work: Work = .job(
                ScriptedJob { [attempts, clock, world] context throws(JobError) in
                    if definition.isService { context.reporter.report(ServiceStatus(state: .ready, process: 1, launches: 1)) }
                    let length = definition.isService ? nil : world.lengths[definition.name] ?? world.usualLength
                    try await attempts.live(context.run, until: length.map { clock.now.adding($0) })
                    return RunReport(summary: "")
                })
            return ScheduledJob(definition: definition, work: work, environment: [:])
        }
        return JobScheduler(
            jobs: scheduled,
            ports: SchedulerPorts(
                store: store, clock: clock, processes: NoProcesses(), values: store, logs: logs, serviceTools: VirtualTools(), stateFolder: "/tmp"),
            bootID: "boot", mostParallel: world.mostParallel)
    }

    private func advance(to instant: Date) { if instant > clock.now { clock.advance(to: instant) } }

    /// Ends the attempts that are over, one after the other, or lets the engine look.
    private func step(_ scheduler: JobScheduler) async {
        let due = attempts.takeDue(at: clock.now)
        for run in due {
            attempts.end(run)
            _ = await scheduler.wait { _ in await scheduler.engine?.runs[run]?.state.activeAttempt == nil ? true : nil }
            await attempts.settle(with: scheduler)
        }
        guard due.isEmpty else { return }
        _ = await scheduler.ask(.tick)
        await attempts.settle(with: scheduler)
    }
}

/// The attempts under way: each goes on until it is told that its time is over, or is cancelled.
private final class VirtualAttempts: Sendable {
    private struct State {
        var working: [Int64: (until: Date?, continuation: CheckedContinuation<Bool, Never>)] = [:]
        var cancelled: Set<Int64> = []
        var watchers: [(runs: Set<Int64>, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// - Parameter end: Nil for a service, which goes on.
    func live(_ run: Int64, until end: Date?) async throws(JobError) {
        let isWhole = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.contains(run) { return true }
                    state.working[run] = (end, continuation)
                    return false
                }
                if isCancelled { continuation.resume(returning: false) } else { tellWatchers() }
            }
        } onCancel: {
            let found = state.withLock { state in
                state.cancelled.insert(run)
                return state.working.removeValue(forKey: run)
            }
            found?.continuation.resume(returning: false)
        }
        if !isWhole { throw JobError("ended") }
    }

    var earliest: Date? { state.withLock { $0.working.values.compactMap(\.until).min() } }

    /// The runs whose time is over, oldest first.
    func takeDue(at now: Date) -> [Int64] { state.withLock { $0.working.filter { $0.value.until.map { $0 <= now } ?? false }.keys.sorted() } }

    func end(_ run: Int64) { state.withLock { $0.working.removeValue(forKey: run) }?.continuation.resume(returning: true) }

    /// The host sleeps for so long, and all attempts with it.
    func putOff(by seconds: TimeInterval) {
        state.withLock { state in
            for (run, attempt) in state.working { state.working[run]?.until = attempt.until.map { $0 + seconds } }
        }
    }

    /// Waits until what the engine has started is under way, and what it has ended is gone.
    func settle(with scheduler: JobScheduler) async {
        while true {
            guard let engine = await scheduler.engine else { return }
            let ending = engine.runs.active.filter { if case .ending = $0.state { true } else { false } }.map(\.id)
            if !ending.isEmpty {
                let isOver = await scheduler.wait { _ in
                    await scheduler.engine.map { engine in ending.allSatisfy { engine.runs[$0]?.state.activeAttempt == nil } } == true ? true : nil
                }
                if isOver == nil { return }
                continue
            }
            let running = Set(engine.runs.active.map(\.id))
            await started(running)
            // Services are ready as soon as they are started.
            let isReady = await scheduler.wait { _ in
                guard let engine = await scheduler.engine else { return true }
                let services = engine.runs.active.map(\.job).filter { engine.jobs[$0]?.definition.isService == true }
                return services.allSatisfy { engine.jobs[$0]?.isReady == true } ? true : nil
            }
            if isReady == nil { return }
            if await scheduler.engine.map({ Set($0.runs.active.map(\.id)) }) == running { return }
        }
    }

    private func started(_ runs: Set<Int64>) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.watchers.append((runs, continuation)) }
            tellWatchers()
        }
    }

    private func tellWatchers() {
        let ready = state.withLock { state in
            let known = Set(state.working.keys).union(state.cancelled)
            let ready = state.watchers.filter { $0.runs.isSubset(of: known) }
            state.watchers.removeAll { $0.runs.isSubset(of: known) }
            return ready
        }
        for watcher in ready { watcher.continuation.resume() }
    }
}

private struct VirtualTools: ServiceTools {
    func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult { .healthy }
    func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? { nil }
    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { [] }
}

import Foundation
import JobKit
import Scheduler
import Testing

/// What a new program decides about services that have outlived the last one.
@Suite("survivors")
struct EngineSurvivorTests {
    private let t0 = Date(timeIntervalSince1970: 1_800_000_000)

    private let restore = JobDefinition(name: "restore", triggers: [.boot])
    private var app: JobDefinition { JobDefinition(name: "app", isService: true, triggers: [.boot], needs: ["restore"], fingerprint: "1") }

    private func run(_ id: Int64, _ job: String, _ state: RunState) -> Run {
        Run(id: id, job: job, cause: .boot, scheduledAt: t0, missed: 0, createdAt: t0, state: state, startedAt: t0)
    }

    private var restored: Run { run(1, "restore", .finished(.succeeded, at: t0 + 1)) }

    private func stored(_ state: RunState, restored: Run? = nil, stopped: [String: Date] = [:]) -> StoredState {
        let last = restored ?? self.restored
        return StoredState(
            unfinished: [run(2, "app", state)], last: ["restore": last], lastReports: last.state.outcome?.didWork == true ? ["restore": last] : [:],
            verdicts: ["restore": last], highestRunID: 2, stoppedServices: stopped)
    }

    private func survivor(launch: Int = 1, isChanged: Bool = false) -> SurvivingService {
        SurvivingService(job: "app", run: 2, launch: launch, startedAt: t0 + 5, isChanged: isChanged)
    }

    private func boot(_ stored: StoredState, _ survivors: [SurvivingService], _ definitions: [JobDefinition]? = nil, containerStart: Date? = nil) -> (
        engine: Engine, effects: [String], saved: [Run]
    ) {
        let (engine, decision) = Engine.boot(
            definitions ?? [restore, app], stored: stored, mostParallel: 4, containerStart: containerStart ?? t0 - 1, survivors: survivors, at: t0 + 100)
        let effects = decision.effects.map { effect in
            switch effect {
            case .start(let run, let attempt): "start \(run.job) \(run.id) \(attempt)"
            case .adopt(let run, let attempt): "adopt \(run.job) \(run.id) \(attempt)"
            case .end(let run, let reason): "end \(run) \(reason.rawValue)"
            case .done: "done"
            }
        }
        let saved = decision.changes.compactMap { if case .save(let run) = $0 { run } else { nil } }
        return (engine, effects, saved)
    }

    @Test("a running service continues in its run, and the boot that it was started in continues")
    func continues() {
        let (engine, effects, _) = boot(stored(.running(attempt: 1, since: t0 + 5)), [survivor()])
        #expect(effects == ["adopt app 2 1"])
        #expect(engine.runs[2]?.state == .running(attempt: 1, since: t0 + 5))
        #expect(engine.jobs["restore"]?.hasSucceeded == true)
        #expect(engine.runs.of("restore").isEmpty)
    }

    @Test("a boot that continues a stop starts nothing but what belongs to a stop, and what the boot before has done is done")
    func stop() {
        let tick = JobDefinition(name: "tick", triggers: [.boot, .schedule(.every(.seconds(1)), atStart: true)])
        let backup = JobDefinition(name: "backup", triggers: [.stop], needs: ["restore"], takesWhatServicesLeave: true)
        let stop = StopTimes(runsUntil: t0 + 110, end: t0 + 120)
        func boot(_ survivors: [SurvivingService]) -> (engine: Engine, decision: Decision) {
            Engine.boot(
                [restore, app, tick, backup], stored: stored(.running(attempt: 1, since: t0 + 5)), mostParallel: 4, containerStart: t0 - 1,
                survivors: survivors, stop: stop, at: t0 + 100)
        }
        func started(_ decision: Decision) -> [String] { decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } } }
        func backupRun(_ engine: Engine) -> Int64 { engine.runs.of("backup").first?.id ?? 0 }

        var (engine, decision) = boot([survivor()])
        #expect(started(decision) == ["backup"] && engine.phase == .stopping(runsUntil: stop.runsUntil, end: stop.end))
        decision = engine.handle(.attemptEnded(run: backupRun(engine), .succeeded(RunReport(summary: ""))), at: t0 + 101)
        #expect(decision.effects == [.end(run: 2, because: .shutdown)])
        decision = engine.handle(.attemptEnded(run: 2, .failed(JobError("stopped"))), at: t0 + 102)
        #expect(started(decision) == ["backup"], "what the service has written while it ended is stored")

        (engine, decision) = boot([])
        #expect(started(decision) == ["backup"] && engine.runs.of("app").isEmpty)
        #expect(engine.handle(.attemptEnded(run: backupRun(engine), .succeeded(RunReport(summary: ""))), at: t0 + 101).effects == [.done])
    }

    @Test("what follows a run that the crash in a stop cut off is recorded, and ended with the stop")
    func followerInStop() {
        let follower = JobDefinition(name: "follower", triggers: [.after(job: "restore", .finished)])
        let cut = StoredState(unfinished: [run(1, "restore", .ending(attempt: 1, since: t0, because: .shutdown))], highestRunID: 1)
        let stop = StopTimes(runsUntil: t0 + 110, end: t0 + 120)
        let (_, decision) = Engine.boot([restore, follower], stored: cut, mostParallel: 4, containerStart: t0 - 1, stop: stop, at: t0 + 100)
        let last = decision.changes.compactMap { if case .save(let run) = $0, run.job == "follower" { run.state.outcome } else { nil } }.last
        #expect(last == .cancelled && decision.effects == [.done])
    }

    @Test("a launch that was not recorded is recorded now")
    func behind() {
        let (engine, effects, _) = boot(stored(.running(attempt: 1, since: t0)), [survivor(launch: 3)])
        #expect(effects == ["adopt app 2 3"])
        #expect(engine.runs[2]?.state == .running(attempt: 3, since: t0 + 5))
    }

    @Test("a process of an earlier launch, of another run or of no run is nobody's")
    func strays() {
        for (state, other) in [
            (stored(.running(attempt: 4, since: t0)), survivor(launch: 3)),
            (stored(.queued), survivor()),
            (StoredState(highestRunID: 2), survivor()),
        ] {
            let (engine, effects, _) = boot(state, [other])
            #expect(!effects.contains { $0.hasPrefix("adopt") }, "\(effects)")
            #expect(engine.runs.of("restore").count == 1)
        }
    }

    @Test("other settings: it is stopped in order, and started again after that and what it needs")
    func changed() throws {
        var (engine, effects, _) = boot(stored(.running(attempt: 1, since: t0)), [survivor(isChanged: true)])
        #expect(effects == ["adopt app 2 1", "end 2 reloaded"])
        #expect(engine.runs[2]?.state == .ending(attempt: 1, since: t0, because: .reloaded))
        let restore = try #require(engine.runs.of("restore").first)
        #expect(restore.state == .queued && engine.obstacle(to: restore) == "waits: app is being stopped")
        let decision = engine.handle(.attemptEnded(run: 2, .failed(JobError("stopped"))), at: t0 + 101)
        #expect(engine.runs[2] == nil && engine.runs.of("app").map(\.state) == [.queued])
        #expect(decision.effects.contains { if case .start(let run, _) = $0 { run.job == "restore" } else { false } })
    }

    @Test("what was to end is ended", arguments: [EndReason.person, .restore, .reloaded, .shutdown])
    func ending(reason: EndReason) {
        let stopped = reason == .person ? ["app": t0 + 50] : [:]
        let (engine, effects, _) = boot(stored(.ending(attempt: 1, since: t0, because: reason), stopped: stopped), [survivor()])
        #expect(effects == ["adopt app 2 1", "end 2 \(reason.rawValue)"])
        // Started again but where somebody has stopped it, and not before it is gone.
        #expect(engine.runs.of("app").filter { $0.state == .queued }.count == (reason == .person ? 0 : 1))
        #expect(engine.runs.of("restore").map(\.state) == [.queued])
    }

    @Test("a service that is gone or disabled is not continued")
    func gone() {
        var disabled = app
        disabled.disabled = .missingSecrets(["X"])
        for definitions in [[restore], [restore, disabled]] {
            let (_, effects, saved) = boot(stored(.running(attempt: 1, since: t0)), [survivor()], definitions)
            #expect(!effects.contains { $0.hasPrefix("adopt") })
            #expect(saved.last { $0.id == 2 }?.state.outcome == .interrupted)
        }
    }

    @Test("a boot job that has not done its work since the container began is run")
    func unfinishedBoot() {
        let failed = run(1, "restore", .finished(.failed, at: t0 + 1))
        #expect(boot(stored(.running(attempt: 1, since: t0), restored: failed), [survivor()]).effects.contains("start restore 3 1"))
        #expect(boot(stored(.running(attempt: 1, since: t0)), [survivor()], containerStart: t0 + 50).effects.contains("start restore 3 1"))
    }

    @Test("without survivors everything is as at any boot")
    func none() {
        let (engine, effects, saved) = boot(stored(.running(attempt: 1, since: t0)), [])
        #expect(effects == ["start restore 4 1"] || effects == ["start restore 3 1"])
        #expect(saved.first { $0.id == 2 }?.state.outcome == .interrupted)
        #expect(engine.runs.of("app").count == 1)
    }
}

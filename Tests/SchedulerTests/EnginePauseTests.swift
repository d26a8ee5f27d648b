import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("pauses, and services that stay stopped")
struct EnginePauseTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func started(_ decision: Decision) -> [String] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } }
    }

    private let minutely = Trigger.schedule(.every(.seconds(60)), atStart: false)

    private func engine(_ more: [JobDefinition] = [], rule: FireRule = FireRule()) -> Engine {
        let jobs = [
            JobDefinition(name: "a", triggers: [minutely], fireRule: rule), JobDefinition(name: "b", triggers: [minutely]),
            JobDefinition(name: "follower", triggers: [.after(job: "b", .finished)]),
            JobDefinition(name: "watcher", triggers: [.watch(paths: ["/x"], debounce: .seconds(1))]),
            JobDefinition(name: "svc", isService: true, triggers: [.boot]),
        ]
        return Engine.boot(jobs + more, stored: StoredState(), mostParallel: 8, at: t).engine
    }

    @Test("a paused job is not started by its schedule, is by a person, and makes up for what it missed by its rule", arguments: [CatchUp.once, .skip])
    func one(catchUp: CatchUp) {
        var engine = engine(rule: FireRule(catchUp: catchUp))
        #expect(engine.handle(.pauseRequested(job: "a", until: nil, via: "test"), at: t).reply == .done)
        #expect(started(engine.handle(.tick, at: t + 200)) == ["b"])
        // Nothing of it wakes the scheduler.
        #expect(engine.nextWake(after: t + 200).map { $0 > t + 200 } ?? true)
        let byHand = engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: false), at: t + 210)
        #expect(started(byHand) == ["a"])
        let run = engine.runs.values.first { $0.job == "a" }?.id ?? 0
        _ = engine.handle(.attemptEnded(run: run, .succeeded(RunReport(summary: ""))), at: t + 211)
        let resumed = engine.handle(.resumeRequested(job: "a"), at: t + 250)
        #expect(resumed.reply == .done && started(resumed) == (catchUp == .once ? ["a"] : []))
        let records = resumed.changes.compactMap { if case .save(let run) = $0, run.job == "a" { run } else { nil } }
        // Each of the four fire times has its verdict.
        #expect(records.first.map { $0.missed + 1 } == 4, "\(records)")
        #expect(engine.handle(.resumeRequested(job: "a"), at: t + 251).reply == .refused("a is not paused"))
    }

    @Test("all schedules: boot, stop and persons still start jobs; the pause ends by itself, and survives a boot")
    func all() {
        var engine = engine()
        let paused = engine.handle(.pauseRequested(job: nil, until: t + 600, via: "test"), at: t)
        #expect(started(engine.handle(.tick, at: t + 300)).isEmpty && engine.nextWake(after: t + 300) == t + 600)
        let pauses = paused.changes.compactMap { if case .pause(let pause) = $0 { pause } else { nil } }
        #expect(pauses == [Pause(job: nil, since: t, until: t + 600, via: "test")])
        let stored = StoredState(highestRunID: 50, pauses: pauses)
        let jobs = engine.jobs.values.map(\.definition)
        var (again, decision) = Engine.boot(jobs, stored: stored, mostParallel: 8, at: t + 310)
        #expect(started(decision) == ["svc"])
        #expect(started(again.handle(.tick, at: t + 500)).isEmpty)
        decision = again.handle(.tick, at: t + 600)
        #expect(decision.changes.contains(.resume(job: nil)) && Set(started(decision)) == ["a", "b"])
    }

    @Test("what a paused job would follow is recorded as skipped; a change waits for the end of the pause")
    func others() {
        var engine = engine()
        for job in ["follower", "watcher"] { _ = engine.handle(.pauseRequested(job: job, until: nil, via: "test"), at: t) }
        #expect(started(engine.handle(.changed(job: "watcher", path: "/x", at: t + 1), at: t + 2)).isEmpty)
        _ = engine.handle(.startRequested(job: "b", via: "test", evenIfRunning: false), at: t + 3)
        let run = engine.runs.values.first { $0.job == "b" }?.id ?? 0
        let ended = engine.handle(.attemptEnded(run: run, .succeeded(RunReport(summary: ""))), at: t + 4)
        let skipped = ended.changes.compactMap { if case .save(let run) = $0, run.job == "follower" { run } else { nil } }
        #expect(skipped.map(\.state.outcome) == [.skipped] && skipped.first?.summary == "follower is paused")
        #expect(started(engine.handle(.resumeRequested(job: "watcher"), at: t + 10)) == ["watcher"])
    }

    @Test("services, jobs that are not there and ends that have passed are refused; a job that goes takes its pause along")
    func refused() {
        var engine = engine()
        #expect(engine.handle(.pauseRequested(job: "none", until: nil, via: "test"), at: t).reply == .noSuchJob)
        #expect(engine.handle(.pauseRequested(job: "a", until: t, via: "test"), at: t).reply == .refused("the pause would be over already"))
        guard case .refused = engine.handle(.pauseRequested(job: "svc", until: nil, via: "test"), at: t).reply else {
            Issue.record("a service was paused")
            return
        }
        _ = engine.handle(.pauseRequested(job: "a", until: nil, via: "test"), at: t)
        let gone = engine.handle(.reloaded(engine.jobs.values.map(\.definition).filter { $0.name != "a" }), at: t + 1)
        #expect(gone.changes.contains(.resume(job: "a")))
    }

    @Test("a service that was stopped manually stays stopped over a restart of the program and a reload, not over a new container")
    func stopped() {
        var engine = engine()
        let service = engine.runs.values.first { $0.job == "svc" }?.id ?? 0
        _ = engine.handle(.stopRequested(job: "svc"), at: t + 10)
        _ = engine.handle(.attemptEnded(run: service, .failed(JobError("ended"))), at: t + 11)
        let changed = engine.jobs.values.map(\.definition).map { definition in
            var definition = definition
            definition.fingerprint = "other"
            return definition
        }
        #expect(!started(engine.handle(.reloaded(changed), at: t + 12)).contains("svc"))
        #expect(engine.stoppedServices == ["svc": t + 10])
        let stored = StoredState(highestRunID: 50, stoppedServices: engine.stoppedServices)
        for (containerStart, isStarted) in [(t - 5, false), (t + 100, true), (nil, true)] as [(Date?, Bool)] {
            let (_, decision) = Engine.boot(changed, stored: stored, mostParallel: 8, containerStart: containerStart, at: t + 200)
            #expect(started(decision).contains("svc") == isStarted, "\(String(describing: containerStart))")
            #expect(decision.changes.contains(.serviceWanted(job: "svc")) == isStarted)
        }
        // One that a crash found running, or still ending, is as it was wanted.
        let run = Run(id: 51, job: "svc", cause: .boot, scheduledAt: t, createdAt: t, state: .ending(attempt: 1, since: t, because: .person))
        let ending = StoredState(unfinished: [run], highestRunID: 51, stoppedServices: ["svc": t + 10])
        #expect(!started(Engine.boot(changed, stored: ending, mostParallel: 8, containerStart: t - 5, at: t + 200).decision).contains("svc"))
        let crashed = StoredState(unfinished: [run], highestRunID: 51)
        #expect(started(Engine.boot(changed, stored: crashed, mostParallel: 8, containerStart: t - 5, at: t + 200).decision).contains("svc"))
        #expect(started(engine.handle(.startRequested(job: "svc", via: "test", evenIfRunning: false), at: t + 300)).contains("svc"))
    }

    @Test("a service that is stopped for a while by a procedure is not a stopped one")
    func temporary() {
        var engine = engine()
        let decision = engine.handle(.stopRequested(job: "svc", because: .restore), at: t + 10)
        #expect(engine.stoppedServices.isEmpty)
        #expect(decision.effects.contains { if case .end(_, .restore) = $0 { true } else { false } }, "it is told why")
    }
}

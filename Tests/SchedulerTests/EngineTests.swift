import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("engine")
struct EngineTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func boot(_ jobs: [JobDefinition], stored: StoredState = StoredState(), parallel: Int = 8) -> (Engine, Decision) {
        let (engine, decision) = Engine.boot(jobs, stored: stored, mostParallel: parallel, at: t)
        return (engine, decision)
    }

    private func started(_ decision: Decision) -> [String] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } }
    }

    private func saved(_ decision: Decision) -> [Run] {
        decision.changes.compactMap { if case .save(let run) = $0 { run } else { nil } }
    }

    private let every = Trigger.schedule(.every(.seconds(60)), atStart: false)

    @Test("boot starts what needs nothing; the rest waits for its needs")
    func needs() {
        var (engine, decision) = boot([
            JobDefinition(name: "restore", triggers: [.boot]), JobDefinition(name: "gateway", isService: true, triggers: [.boot], needs: ["restore"]),
            JobDefinition(name: "ping", triggers: [.boot], needs: ["gateway"]),
        ])
        #expect(started(decision) == ["restore"])
        decision = engine.handle(.attemptEnded(run: 1, .succeeded(RunReport(summary: ""))), at: t + 1)
        #expect(started(decision) == ["gateway"])
        decision = engine.handle(.service(run: 2, .status(ServiceStatus(state: .ready))), at: t + 2)
        #expect(started(decision) == ["ping"])
    }

    @Test("after a failed need a scheduled run waits, and a person is told at once")
    func failedNeed() {
        var (engine, _) = boot([JobDefinition(name: "restore", triggers: [.boot]), JobDefinition(name: "backup", triggers: [every], needs: ["restore"])])
        _ = engine.handle(.attemptEnded(run: 1, .failed(JobError("no network"))), at: t + 1)
        let decision = engine.handle(.tick, at: t + 60)
        #expect(started(decision).isEmpty)
        #expect(engine.runs.values.map(\.state) == [.queued])
        let refused = engine.handle(.startRequested(job: "backup", via: "test", evenIfRunning: true), at: t + 61)
        guard case .refused(let reason) = refused.reply else { Issue.record("\(String(describing: refused.reply))"); return }
        #expect(reason.contains("it needs restore, which failed: no network"))
        // Nor is one joined to a run that waits for what will not come.
        guard case .refused = engine.handle(.startRequested(job: "backup", via: "test", evenIfRunning: false), at: t + 61).reply else {
            Issue.record("joined a run that waits for ever")
            return
        }
        // Somebody mends it: what waited goes on.
        _ = engine.handle(.startRequested(job: "restore", via: "test", evenIfRunning: false), at: t + 62)
        let mended = engine.handle(
            .attemptEnded(run: engine.runs.values.first { $0.job == "restore" }?.id ?? 0, .succeeded(RunReport(summary: ""))), at: t + 63)
        #expect(started(mended) == ["backup"])
    }

    @Test("all that is due at one tick is one decision, recorded before any work")
    func oneTransaction() {
        let jobs = (0..<20).map { JobDefinition(name: "job\($0)", triggers: [every]) }
        var (engine, _) = boot(jobs, parallel: 100)
        let decision = engine.handle(.tick, at: t + 60)
        #expect(started(decision).count == 20)
        let cursors = decision.changes.filter { if case .cursor = $0 { true } else { false } }
        #expect(cursors.count == 20)
    }

    @Test("overlap skip records the fire time it skipped")
    func overlapSkip() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [every])])
        _ = engine.handle(.tick, at: t + 60)
        let second = engine.handle(.tick, at: t + 120)
        #expect(saved(second).map { $0.state.outcome } == [.skipped])
        #expect(saved(second).first?.summary == "run 1 was still running")
    }

    @Test("overlap queue keeps one waiting, which stands for more")
    func overlapQueue() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [every], overlap: .queue)])
        for minute in 1...4 { _ = engine.handle(.tick, at: t + Double(minute) * 60) }
        #expect(engine.runs.values.filter { $0.state == .queued }.map(\.missed) == [2])
        let next = engine.handle(.attemptEnded(run: 1, .succeeded(RunReport(summary: ""))), at: t + 241)
        #expect(started(next) == ["a"])
    }

    @Test("overlap replace ends the old run before the new one starts")
    func overlapReplace() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [every], overlap: .replace)])
        _ = engine.handle(.tick, at: t + 60)
        let second = engine.handle(.tick, at: t + 120)
        #expect(second.effects == [.end(run: 1, because: .replaced)])
        let gone = engine.handle(.attemptEnded(run: 1, .failed(JobError("ended"))), at: t + 121)
        #expect(started(gone) == ["a"])
    }

    @Test("a timeout ends the attempt; the outcome says so")
    func timeout() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [.boot], timeout: .seconds(5))])
        #expect(engine.nextWake(after: t) == t + 5)
        #expect(engine.handle(.tick, at: t + 5).effects == [.end(run: 1, because: .timeout)])
        let end = engine.handle(.attemptEnded(run: 1, .failed(JobError("killed"))), at: t + 6)
        #expect(saved(end).last?.state.outcome == .timedOut)
        #expect(saved(end).last?.error == "not done within 5s")
    }

    @Test("a retry keeps its time over a restart of the program")
    func retryOverRestart() {
        let job = JobDefinition(name: "a", triggers: [every], retry: RetryPolicy(attempts: 3, backoff: .seconds(10)))
        var (engine, _) = boot([job])
        _ = engine.handle(.tick, at: t + 60)
        let failed = saved(engine.handle(.attemptEnded(run: 1, .failed(JobError("x", retry: .worthwhile))), at: t + 61))
        guard let run = failed.last, case .waitingToRetry(2, let at) = run.state else { Issue.record("\(failed)"); return }
        var again = Engine.boot([job], stored: StoredState(unfinished: [run], highestRunID: 1), mostParallel: 4, at: t + 62).engine
        #expect(started(again.handle(.tick, at: at - 0.1)).isEmpty)
        let decision = again.handle(.tick, at: at)
        #expect(decision.effects.contains { if case .start(_, attempt: 2) = $0 { true } else { false } })
    }

    @Test("what was running when the program died is interrupted")
    func interrupted() {
        let run = Run(id: 5, job: "a", cause: .boot, scheduledAt: t, createdAt: t, state: .running(attempt: 1, since: t))
        let (_, decision) = boot([JobDefinition(name: "a")], stored: StoredState(unfinished: [run], highestRunID: 5))
        #expect(saved(decision).first { $0.id == 5 }?.state.outcome == .interrupted)
    }

    @Test("stopping: other work ends, the final backup runs, then services in reverse order")
    func stopping() {
        var (engine, _) = boot([
            JobDefinition(name: "db", isService: true, triggers: [.boot]), JobDefinition(name: "app", isService: true, triggers: [.boot], needs: ["db"]),
            JobDefinition(name: "work", triggers: [.boot]), JobDefinition(name: "backup", triggers: [.stop]),
        ])
        _ = engine.handle(.service(run: 1, .status(ServiceStatus(state: .ready))), at: t)
        let app = engine.runs.values.first { $0.job == "app" }?.id ?? 0
        let work = engine.runs.values.first { $0.job == "work" }?.id ?? 0
        let stop = engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t + 1)
        #expect(stop.effects.contains(.end(run: work, because: .shutdown)))
        #expect(started(stop) == ["backup"])
        let backup = engine.runs.values.first { $0.job == "backup" }?.id ?? 0
        _ = engine.handle(.attemptEnded(run: work, .failed(JobError("ended"))), at: t + 2)
        let done = engine.handle(.attemptEnded(run: backup, .succeeded(RunReport(summary: ""))), at: t + 3)
        #expect(done.effects == [.end(run: app, because: .shutdown)])
        let appGone = engine.handle(.attemptEnded(run: app, .failed(JobError("stopped"))), at: t + 4)
        #expect(appGone.effects == [.end(run: 1, because: .shutdown)])
        #expect(engine.handle(.attemptEnded(run: 1, .failed(JobError("stopped"))), at: t + 4).effects == [.done])
    }

    @Test("a run that was asked to end because its time was up is not tried again once the program stops")
    func timedOutAtStop() {
        var (engine, _) = boot([
            JobDefinition(name: "work", triggers: [.boot], timeout: .seconds(10), retry: RetryPolicy(attempts: 3, backoff: .seconds(1))),
            JobDefinition(name: "app", isService: true, triggers: [.boot]),
        ])
        let ids = Dictionary(uniqueKeysWithValues: engine.runs.values.map { ($0.job, $0.id) })
        guard let work = ids["work"], let app = ids["app"] else { Issue.record("not started"); return }
        #expect(engine.handle(.tick, at: t + 10).effects == [.end(run: work, because: .timeout)])
        _ = engine.handle(.shutdown(runsUntil: t + 60, end: t + 90), at: t + 11)
        let end = engine.handle(.attemptEnded(run: work, .failed(JobError("cut"))), at: t + 12)
        #expect(saved(end).first { $0.id == work }?.state.outcome == .timedOut)
        // Nothing else is waited for.
        #expect(end.effects == [.end(run: app, because: .shutdown)])
    }

    @Test("a final backup that takes too long is ended, and its absence recorded")
    func stopBudget() {
        var (engine, _) = boot([JobDefinition(name: "backup", triggers: [.stop])])
        _ = engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t)
        #expect(engine.nextWake(after: t) == t + 5)
        #expect(engine.handle(.tick, at: t + 5).effects == [.end(run: 1, because: .shutdown)])
        let end = engine.handle(.attemptEnded(run: 1, .failed(JobError("cut"))), at: t + 5.1)
        #expect(saved(end).last?.state.outcome == .cancelled)
        #expect(end.effects == [.done])
    }

    @Test("intervals keep their pace when the clock jumps")
    func clockJump() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [every])])
        let jumped = engine.handle(.clockJumped(.seconds(7200)), at: t + 7210)
        #expect(started(jumped).isEmpty)
        #expect(engine.nextWake(after: t + 7210) == t + 7260)
        let back = engine.handle(.clockJumped(.seconds(-7200)), at: t + 20)
        #expect(started(back).isEmpty)
        #expect(engine.nextWake(after: t + 20) == t + 60)
    }

    @Test("jobs of a group, and jobs that work on one repository, run one at a time, in order of fire time, then name", arguments: [true, false])
    func group(isGroup: Bool) {
        var (engine, decision) = boot(
            ["c", "a", "b"].map { JobDefinition(name: $0, triggers: [.boot], group: isGroup ? "g" : nil, exclusive: isGroup ? [] : ["repository/r"]) })
        #expect(started(decision) == ["a"])
        let first = engine.runs.values.first { $0.job == "a" }?.id ?? 0
        decision = engine.handle(.attemptEnded(run: first, .succeeded(RunReport(summary: ""))), at: t)
        #expect(started(decision) == ["b"])
    }

    @Test("after another job, by its outcome")
    func after() {
        var (engine, _) = boot([
            JobDefinition(name: "backup", triggers: [.boot]), JobDefinition(name: "cheer", triggers: [.after(job: "backup", .succeeded)]),
            JobDefinition(name: "alarm", triggers: [.after(job: "backup", .failed)]),
        ])
        #expect(started(engine.handle(.attemptEnded(run: 1, .failed(JobError("x"))), at: t)) == ["alarm"])
    }

    @Test("who follows trouble is told at the first failed attempt, once a run, and not of what somebody has cancelled")
    func troubled() {
        var (engine, _) = boot([
            JobDefinition(name: "a", retry: RetryPolicy(attempts: 3, backoff: .seconds(1), backoffCap: .seconds(1), factor: 1, on: [.error]), canDryRun: true),
            JobDefinition(name: "told", triggers: [.after(job: "a", .failing)]), JobDefinition(name: "late", triggers: [.after(job: "a", .failed)]),
        ])
        func fail(_ run: Int64, at now: Date) -> [String] {
            started(engine.handle(.attemptEnded(run: run, .failed(JobError("no", retry: .worthwhile))), at: now))
        }
        guard case .started(let run) = engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: false), at: t).reply else {
            Issue.record("not started"); return
        }
        #expect(fail(run, at: t + 1) == ["told"])
        _ = engine.handle(.tick, at: t + 10)
        #expect(fail(run, at: t + 11) == [])
        _ = engine.handle(.tick, at: t + 20)
        #expect(fail(run, at: t + 21) == ["late"])
        // Nothing follows a dry run.
        guard case .started(let dry) = engine.handle(.dryRunRequested(job: "a", via: "test"), at: t + 30).reply else { Issue.record("no dry run"); return }
        #expect(fail(dry, at: t + 31) == [])
    }

    @Test("a server's wait takes no attempt away: all are there for failures, and the first failure is the first trouble")
    func deferred() {
        let retry = RetryPolicy(attempts: 2, backoff: .seconds(1), backoffCap: .seconds(1), factor: 1, on: [.error])
        var (engine, _) = boot([
            JobDefinition(name: "a", triggers: [.boot], retry: retry), JobDefinition(name: "told", triggers: [.after(job: "a", .failing)]),
            JobDefinition(name: "late", triggers: [.after(job: "a", .failed)]),
        ])
        func fail(_ retry: JobError.Retry, at now: Date) -> [String] {
            started(engine.handle(.attemptEnded(run: 1, .failed(JobError("no", retry: retry))), at: now))
        }
        for round in 0..<3 {
            #expect(fail(.after(.seconds(60)), at: t + Double(round) * 100) == [])
            #expect(engine.runs[1]?.state == .deferred(nextAttempt: 1, until: t + Double(round) * 100 + 60))
            #expect(started(engine.handle(.tick, at: t + Double(round) * 100 + 60)) == ["a"])
        }
        #expect(fail(.worthwhile, at: t + 400) == ["told"])
        #expect(started(engine.handle(.tick, at: t + 402)) == ["a"])
        #expect(fail(.worthwhile, at: t + 403) == ["late"])
    }

    @Test("a disabled job is not run, by schedule or by person, and the reason is told")
    func disabled() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [every], disabled: .missingSecrets(["X"]))])
        #expect(started(engine.handle(.tick, at: t + 60)).isEmpty)
        #expect(
            engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: false), at: t + 61).reply == .refused("a is disabled: the secret X is not set"))
    }

    @Test("a person who starts what runs joins it; nobody is told of a job that is not there")
    func join() {
        var (engine, _) = boot([JobDefinition(name: "a", triggers: [.boot])])
        #expect(engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: false), at: t).reply == .joined(run: 1))
        #expect(engine.handle(.startRequested(job: "a", via: "test", evenIfRunning: true), at: t).reply == .started(run: 2))
        #expect(engine.handle(.startRequested(job: "b", via: "test", evenIfRunning: false), at: t).reply == .noSuchJob)
    }

    @Test("a change starts the job, and one during a run is not lost; what a needed job did itself counts for nothing")
    func change() {
        var (engine, _) = boot([
            JobDefinition(name: "restore", triggers: [.boot]), JobDefinition(name: "blog", needs: ["restore"]),
        ])
        func changed(at instant: TimeInterval, now: TimeInterval) -> Decision {
            engine.handle(.changed(job: "blog", path: "/posts", at: t + instant), at: t + now)
        }
        #expect(saved(changed(at: 1, now: 2)).isEmpty, "the restore is still running")
        let end = engine.handle(.attemptEnded(run: 1, .succeeded(RunReport(summary: ""))), at: t + 5)
        #expect(started(end).isEmpty, "it wrote what has changed")
        #expect(saved(changed(at: 4, now: 35)).isEmpty, "the restore wrote this")
        #expect(engine.handle(.startRequested(job: "restore", via: "test", evenIfRunning: false), at: t + 6).reply == .started(run: 2))
        #expect(saved(changed(at: 5.5, now: 7)).isEmpty, "the restore is running again")
        let second = engine.handle(.attemptEnded(run: 2, .succeeded(RunReport(summary: ""))), at: t + 8)
        #expect(started(second) == ["blog"], "what was changed before it began is no work of its")
        _ = engine.handle(.attemptEnded(run: 3, .succeeded(RunReport(summary: ""))), at: t + 9)
        #expect(started(changed(at: 10, now: 40)) == ["blog"])
        #expect(saved(changed(at: 50, now: 80)).map(\.state) == [.queued])
        #expect(saved(changed(at: 60, now: 90)).map(\.missed) == [1], "one run serves both")
        #expect(started(engine.handle(.attemptEnded(run: 4, .succeeded(RunReport(summary: ""))), at: t + 100)) == ["blog"])
    }

    @Test("a dry run changes nothing in what follows, and is nobody's run to join")
    func dryRun() {
        var (engine, _) = boot([
            JobDefinition(name: "blog", retry: RetryPolicy(attempts: 3), canDryRun: true), JobDefinition(name: "ping"),
            JobDefinition(name: "cheer", triggers: [.after(job: "blog", .finished)]),
        ])
        let first = engine.handle(.dryRunRequested(job: "blog", via: "test"), at: t)
        #expect(first.reply == .started(run: 1) && saved(first).first?.cause.isDryRun == true)
        #expect(engine.handle(.startRequested(job: "blog", via: "test", evenIfRunning: false), at: t).reply == .started(run: 2))
        let end = engine.handle(.attemptEnded(run: 1, .failed(JobError("no", retry: .worthwhile))), at: t + 1)
        #expect(saved(end).first?.state == .finished(.failed, at: t + 1), "it was tried again")
        #expect(started(end) == ["blog"] && engine.jobs["blog"]?.outcome == nil && engine.jobs["blog"]?.last == nil)
        #expect(
            engine.handle(.dryRunRequested(job: "ping", via: "test"), at: t).reply
                == .refused("ping can't show what it would do: a job of the type command has no dry run"))
    }

    @Test("a folder rests when nothing has changed for a while; one that never rests is acted upon all the same")
    func settling() {
        var settling = Debounce(.seconds(10))
        #expect(settling.remaining(at: .seconds(100)) == nil)
        settling.changed(at: .seconds(100))
        settling.changed(at: .seconds(105))
        #expect(settling.remaining(at: .seconds(106)) == .seconds(9))
        let ends = [114, 115].map { settling.isDue(at: .seconds($0)) }
        #expect(ends == [false, true] && settling.remaining(at: .seconds(115)) == nil)
        for second in 200..<300 {
            settling.changed(at: .seconds(second))
            let isDue = settling.isDue(at: .seconds(second))
            #expect(!isDue)
        }
        settling.changed(at: .seconds(300))
        let isDueAtLast = settling.isDue(at: .seconds(300))
        #expect(isDueAtLast)
    }

    @Test("a reload ends jobs that are gone and starts services whose work changed")
    func reload() {
        var (engine, _) = boot([
            JobDefinition(name: "gone", triggers: [.boot]), JobDefinition(name: "same", isService: true, triggers: [.boot], fingerprint: "1"),
            JobDefinition(name: "changed", isService: true, triggers: [.boot], fingerprint: "1"),
        ])
        let ids = Dictionary(engine.runs.values.map { ($0.job, $0.id) }) { a, _ in a }
        let decision = engine.handle(
            .reloaded([
                JobDefinition(name: "same", isService: true, triggers: [.boot], fingerprint: "1"),
                JobDefinition(name: "changed", isService: true, triggers: [.boot], fingerprint: "2"), JobDefinition(name: "new", triggers: [.boot]),
            ]), at: t + 1)
        #expect(decision.effects.contains(.end(run: ids["gone"] ?? 0, because: .reloaded)))
        #expect(decision.effects.contains(.end(run: ids["changed"] ?? 0, because: .reloaded)))
        #expect(!decision.effects.contains(.end(run: ids["same"] ?? 0, because: .reloaded)))
        #expect(started(decision) == ["new"])
        let ended = engine.handle(.attemptEnded(run: ids["changed"] ?? 0, .failed(JobError("stopped"))), at: t + 2)
        #expect(started(ended) == ["changed"])
    }
}

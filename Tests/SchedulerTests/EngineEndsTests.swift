import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("ends that others follow")
struct EngineEndsTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func boot(_ jobs: [JobDefinition], stored: StoredState = StoredState()) -> (Engine, Decision) {
        let (engine, decision) = Engine.boot(jobs, stored: stored, mostParallel: 8, at: t)
        return (engine, decision)
    }

    private func started(_ decision: Decision) -> [String] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } }
    }

    private func followers(_ outcomes: [Trigger.AfterOutcome]) -> [JobDefinition] {
        [JobDefinition(name: "backup")] + outcomes.map { JobDefinition(name: "\($0)", triggers: [.after(job: "backup", $0)]) }
    }

    @Test("a run found interrupted at boot is followed by those who wait for failures, ends and troubles")
    func interrupted() {
        let run = Run(id: 7, job: "backup", cause: .stop, scheduledAt: t, createdAt: t, state: .running(attempt: 1, since: t - 60))
        let (_, decision) = boot(followers(Trigger.AfterOutcome.allCases), stored: StoredState(unfinished: [run], highestRunID: 7))
        #expect(Set(started(decision)) == ["failed", "finished", "failing", "problem"])
        let causes = decision.changes.compactMap { if case .save(let run) = $0 { run.cause } else { nil } }
        #expect(causes.contains(.after(job: "backup", run: 7, outcome: "interrupted")))
    }

    @Test("a later attempt found interrupted is a failure, and no first trouble")
    func interruptedLater() {
        let run = Run(id: 7, job: "backup", cause: .stop, scheduledAt: t, createdAt: t, state: .ending(attempt: 2, since: t - 60, because: .timeout))
        let (_, decision) = boot(followers(Trigger.AfterOutcome.allCases), stored: StoredState(unfinished: [run], highestRunID: 7))
        #expect(Set(started(decision)) == ["failed", "finished", "problem"])
    }

    @Test("a dry run found interrupted is followed by nothing")
    func interruptedDryRun() {
        let run = Run(id: 7, job: "backup", cause: .dryRun(via: "test"), scheduledAt: t, createdAt: t, state: .running(attempt: 1, since: t - 60))
        let (_, decision) = boot(followers(Trigger.AfterOutcome.allCases), stored: StoredState(unfinished: [run], highestRunID: 7))
        #expect(started(decision).isEmpty)
    }

    @Test("what the last boot left waiting and its end cancelled is followed by nothing")
    func cancelledAtBoot() {
        let run = Run(id: 7, job: "backup", cause: .stop, scheduledAt: t, createdAt: t, state: .queued)
        let (_, decision) = boot(followers(Trigger.AfterOutcome.allCases), stored: StoredState(unfinished: [run], highestRunID: 7))
        #expect(started(decision).isEmpty)
    }

    @Test("a run stopped while it waits, for a place or for another attempt, has finished")
    func cancelledWhileWaiting() {
        var (engine, _) = boot([
            JobDefinition(name: "need"), JobDefinition(name: "waiting", triggers: [.boot], needs: ["need"]),
            JobDefinition(name: "retrying", triggers: [.boot], retry: RetryPolicy(attempts: 3)),
            JobDefinition(name: "a", triggers: [.after(job: "waiting", .finished)]), JobDefinition(name: "b", triggers: [.after(job: "waiting", .failed)]),
            JobDefinition(name: "c", triggers: [.after(job: "retrying", .finished)]),
        ])
        #expect(started(engine.handle(.stopRequested(job: "waiting"), at: t + 1)) == ["a"])
        let retrying = engine.runs.values.first { $0.job == "retrying" }?.id ?? 0
        _ = engine.handle(.attemptEnded(run: retrying, .failed(JobError("no", retry: .worthwhile))), at: t + 2)
        #expect(started(engine.handle(.stopRequested(job: "retrying"), at: t + 3)) == ["c"])
    }

    @Test("nothing follows what the program's own stop ends")
    func stopping() {
        var (engine, _) = boot(
            [JobDefinition(name: "need"), JobDefinition(name: "x", triggers: [.boot], needs: ["need"])] + [
                JobDefinition(name: "a", triggers: [.after(job: "x", .finished)])
            ])
        #expect(started(engine.handle(.shutdown(runsUntil: t + 10, end: t + 10 + 3), at: t + 1)).isEmpty)
    }

    @Test("a schedule that is put back after it was changed away has missed nothing, by reload and over a boot")
    func schedulePutBack() throws {
        let daily = Trigger.schedule(.cron(try CronExpression("0 3 * * *"), .utc), atStart: false)
        let other = Trigger.schedule(.every(.seconds(7200)), atStart: false)
        let rule = FireRule(catchUp: .all)
        func job(_ trigger: Trigger) -> [JobDefinition] { [JobDefinition(name: "a", triggers: [trigger], fireRule: rule)] }
        var (engine, _) = boot(job(daily))
        let away = engine.handle(.reloaded(job(other)), at: t + 60)
        #expect(away.changes.contains(.forgetCursor(job: "a", schedule: daily.schedule?.name ?? "")))
        let back = engine.handle(.reloaded(job(daily)), at: t + 90 * 86_400)
        #expect(started(back).isEmpty)

        let key = StoredState.CursorKey(job: "a", schedule: daily.schedule?.name ?? "")
        let gone = StoredState.CursorKey(job: "removed", schedule: "every 5m")
        let (_, decision) = Engine.boot(job(other), stored: StoredState(cursors: [key: t - 90 * 86_400, gone: t]), mostParallel: 4, at: t)
        #expect(decision.changes.contains(.forgetCursor(job: "a", schedule: key.schedule)))
        #expect(decision.changes.contains(.forgetCursor(job: "removed", schedule: "every 5m")))
    }

    @Test("the newest run that did its work is known, over a boot too")
    func reports() {
        let old = Run(id: 1, job: "a", cause: .boot, scheduledAt: t, createdAt: t, state: .finished(.succeeded, at: t), summary: "stored")
        var (engine, _) = boot(
            [JobDefinition(name: "a", triggers: [.boot])],
            stored: StoredState(lastReports: ["a": old], highestRunID: 1))
        #expect(engine.jobs["a"]?.lastReport == old)
        _ = engine.handle(.attemptEnded(run: 2, .failed(JobError("no"))), at: t + 1)
        #expect(engine.jobs["a"]?.lastReport == old)
        #expect(engine.jobs["a"]?.last?.id == 2)
    }
}

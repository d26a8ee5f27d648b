import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("a clock that was wrong")
struct EngineClockTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let day = 86_400.0

    private func job(_ cron: String, _ rule: FireRule = FireRule()) throws -> JobDefinition {
        JobDefinition(name: "a", triggers: [.schedule(.cron(try CronExpression(cron), .utc), atStart: false)], fireRule: rule)
    }

    private func started(_ decision: Decision) -> [Run] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run } else { nil } }
    }

    private func notes(_ decision: Decision) -> [String] {
        decision.changes.compactMap { if case .event(let event) = $0, event.kind == .clock { event.message } else { nil } }
    }

    @Test("set right by days while running: the next fire time comes, and it is noted", arguments: [10.0, 79 * 365.0])
    func setBack(days: Double) throws {
        let ahead = t + days * day
        var engine = Engine.boot([try job("* * * * *")], stored: StoredState(), mostParallel: 4, at: ahead).engine
        let run = started(engine.handle(.tick, at: ahead + 60)).first
        _ = engine.handle(.attemptEnded(run: run?.id ?? 0, .succeeded(RunReport(summary: ""))), at: ahead + 61)
        let decision = engine.handle(.clockJumped(.seconds(-days * day)), at: t + 62)
        #expect(started(decision).isEmpty)
        #expect(notes(decision).contains { $0.contains("these schedules follow it again: a") })
        #expect((engine.nextWake(after: t + 62) ?? .distantFuture) <= t + 122)
        #expect(started(engine.handle(.tick, at: t + 122)).count == 1)
    }

    @Test("a cursor that a wrong clock left is set right at boot")
    func atBoot() throws {
        let definition = try job("* * * * *")
        let key = StoredState.CursorKey(job: "a", schedule: definition.triggers[0].schedule?.name ?? "")
        var (engine, decision) = Engine.boot([definition], stored: StoredState(cursors: [key: t + 1500 * day]), mostParallel: 4, at: t)
        #expect(!notes(decision).isEmpty)
        #expect(started(engine.handle(.tick, at: t + 60)).count == 1)
    }

    @Test("a small step back repeats no fire time")
    func smallStep() throws {
        var engine = Engine.boot([try job("* * * * *")], stored: StoredState(), mostParallel: 4, at: t).engine
        let first = started(engine.handle(.tick, at: t + 60))
        _ = engine.handle(.attemptEnded(run: first.first?.id ?? 0, .succeeded(RunReport(summary: ""))), at: t + 61)
        _ = engine.handle(.clockJumped(.seconds(-1800)), at: t + 61 - 1800)
        for minute in 0..<29 { #expect(started(engine.handle(.tick, at: t + 61 - 1800 + Double(minute) * 60)).isEmpty) }
        #expect(started(engine.handle(.tick, at: t + 180)).count == 1)
    }

    @Test("a daily run comes once on each true day, whatever the clock said between", arguments: [-3, 5, 10, 240, 24 * 365] as [Double])
    func daily(hoursAhead: Double) throws {
        // At 20:00 the clock is set wrong for two minutes, then right again; three true days follow.
        let evening = Date(timeIntervalSince1970: 1_789_934_400 + 20 * 3600)
        var engine = Engine.boot([try job("0 3 * * *")], stored: StoredState(), mostParallel: 4, at: evening).engine
        let wrong = Duration.seconds(hoursAhead * 3600)
        var fired: [Date] = []
        func note(_ decision: Decision, true now: Date, ahead: Double = 0) {
            for run in started(decision) {
                fired.append(now)
                _ = engine.handle(.attemptEnded(run: run.id, .succeeded(RunReport(summary: ""))), at: now + ahead)
            }
        }
        note(engine.handle(.clockJumped(wrong), at: evening + hoursAhead * 3600), true: evening, ahead: hoursAhead * 3600)
        note(engine.handle(.tick, at: evening + 120 + hoursAhead * 3600), true: evening + 120, ahead: hoursAhead * 3600)
        let caughtUp = fired.count
        #expect(caughtUp <= 1)
        note(engine.handle(.clockJumped(.zero - wrong), at: evening + 121), true: evening + 121)
        for minute in 3..<(3 * 1440) { note(engine.handle(.tick, at: evening + Double(minute) * 60), true: evening + Double(minute) * 60) }
        #expect(fired.count - caughtUp == 3)
    }

    @Test("an attempt that a wrong clock put off into the future is made as long after the boot as it was put off")
    func retry() {
        let run = Run(
            id: 1, job: "a", cause: .boot, scheduledAt: t + 900 * day, createdAt: t + 900 * day,
            state: .waitingToRetry(nextAttempt: 2, at: t + 900 * day + 60))
        let other = Run(
            id: 2, job: "b", cause: .schedule("every 5m"), scheduledAt: t + 900 * day, createdAt: t + 900 * day,
            state: .waitingToRetry(nextAttempt: 2, at: t + 900 * day + 60))
        let retry = RetryPolicy(attempts: 3)
        var (engine, decision) = Engine.boot(
            [JobDefinition(name: "a", retry: retry), JobDefinition(name: "b", retry: retry)],
            stored: StoredState(unfinished: [run, other], highestRunID: 2), mostParallel: 4, at: t)
        #expect(started(decision).isEmpty)
        decision = engine.handle(.tick, at: t + 60)
        #expect(started(decision).map(\.job) == ["b"])
    }
}

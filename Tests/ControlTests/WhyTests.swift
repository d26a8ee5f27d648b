import Foundation
import JobKit
import TestSupport
import Testing
import TimeZones

@testable import Control
@testable import Scheduler

/// What is said of a job, and of one scheduled time.
@Suite("why")
struct WhyTests {
    private let hourly = Trigger.schedule(.every(.seconds(3600)), atStart: false)

    private func verdict(_ answer: WhyAnswer) -> String { answer.lines.first { $0.about == .verdict }?.text ?? "" }
    private func line(_ answer: WhyAnswer, _ about: WhyAnswer.Line.About) -> String? { answer.lines.first { $0.about == about }?.text }
    private func iso(_ date: Date) -> String { date.formatted(.iso8601) }

    @Test("attempts that failed, and a run that was cancelled after them, are told beside the verdict", .limited)
    func attempts() async throws {
        let begun = Gate()
        let bench = SchedulerBench([
            .scripted(JobDefinition(name: "a", retry: RetryPolicy(attempts: 3, backoff: .seconds(10), backoffCap: .seconds(10)))) { context throws(JobError) in
                if context.run == 1 { throw JobError("failure \(context.attempt)", retry: .worthwhile) }
                begun.open()
                do { try await context.clock.sleep(until: .distantFuture) } catch { throw JobError("was ended") }
                return RunReport(summary: "")
            }
        ])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("a", via: "test", evenIfRunning: false)
            await bench.logs.wait(for: "a: failure 1")
            let waiting = try await operations.why("a")
            #expect(verdict(waiting).hasPrefix("failed, and is tried again in ") && verdict(waiting).contains("attempt 2 (run 1): failure 1"), "\(waiting)")
            #expect(line(waiting, .history) == "attempt 1: failure 1")
            for words in ["a: failure 2", "a: failed: failure 3"] {
                await bench.clock.waitForSleepers(1)
                bench.clock.advance(by: .seconds(10))
                await bench.logs.wait(for: words)
            }
            _ = try await operations.start("a", via: "test", evenIfRunning: false)
            await begun.wait()
            _ = try await operations.stop("a")
            await bench.logs.wait(for: "a: cancelled")
            let answer = try await operations.why("a")
            #expect(verdict(answer).hasPrefix("failed, ") && verdict(answer).hasSuffix(" ago (run 1): failure 3"), "\(answer)")
            #expect(line(answer, .cause) == "a manual start (test)")
            #expect(line(answer, .history) == "attempt 1: failure 1; attempt 2: failure 2; attempt 3: failure 3")
            #expect(
                line(answer, .later)?.hasPrefix("run 2 was cancelled ") == true && line(answer, .later)?.hasSuffix(": stopped manually") == true, "\(answer)")
            #expect(line(answer, .next) == "when started manually")
        }
    }

    @Test("the reason of a restart, a reload, and a run that a crash has interrupted are causes")
    func causes() throws {
        let t = Date(timeIntervalSince1970: 1_790_000_000)
        func why(_ cause: RunCause, reason: String? = nil, before: RunOutcome? = nil, attempts: [Attempt] = [], in language: Language = .english) throws
            -> [WhyAnswer.Line]
        {
            let definition = JobDefinition(name: "app", isService: true, triggers: [.boot])
            let run = Run(id: 2, job: "app", cause: cause, reason: reason, scheduledAt: t, createdAt: t, state: .running(attempt: 1, since: t), startedAt: t)
            let old = before.map { Run(id: 1, job: "app", cause: .boot, scheduledAt: t, createdAt: t, state: .finished($0, at: t)) }
            let stored = StoredState(unfinished: [run], last: old.map { ["app": $0] } ?? [:])
            let survivor = SurvivingService(job: "app", run: 2, launch: 1, startedAt: t, isChanged: false)
            let engine = Engine.boot([definition], stored: stored, mostParallel: 1, survivors: [survivor], at: t).engine
            let service = ServiceStatus(state: .ready, process: 7, launches: attempts.count + 1)
            let view = try #require(SchedulerSnapshot(engine, at: t, position: 0) { _ in (nil, service, []) }.jobs.first)
            return Why(view: view, runs: [run] + (old.map { [$0] } ?? []), attempts: attempts, now: t + 60, language: language).lines
        }
        #expect(try why(.boot) == [.init(.verdict, "ready for 1m (run 2)"), .init(.cause, "the start of shipkeeper")])
        #expect(try why(.reload, before: .cancelled)[1].text == "a reload that changed it")
        #expect(try why(.person(via: "command line"), reason: "new key")[1].text == "a manual start (command line); reason: new key")
        #expect(try why(.boot, before: .interrupted)[1].text == "the start of shipkeeper; shipkeeper had ended while run 1 was up")
        let lives = [Attempt(run: 2, number: 1, startedAt: t, endedAt: t + 30, result: "was ended by SIGKILL"), Attempt(run: 2, number: 2, startedAt: t + 31)]
        #expect(try why(.boot, attempts: lives)[2] == .init(.history, "restarted 1× in this run, last 30s ago: it was ended by SIGKILL"))
        let chinese = try why(.person(via: "web"), before: .interrupted, attempts: lives, in: .chinese)
        #expect(
            chinese.map(\.text) == [
                "就绪，已持续 1 分（运行 2）", "手动启动（网页）；shipkeeper 曾在运行 1 期间退出", "本次运行中已重启 1 次，最近一次在30 秒前：was ended by SIGKILL",
            ])
    }

    @Test("each scheduled time has one fate: run, caught up after sleep, served by a later run, to come, or not scheduled", .limited)
    func fates() async throws {
        let bench = SchedulerBench([.good(JobDefinition(name: "a", triggers: [hourly])), .good(JobDefinition(name: "b"))])
        let (operations, t) = (bench.operations(), bench.clock.now)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            bench.clock.advance(by: .seconds(3601))
            await bench.logs.wait(for: "a: succeeded")
            let ran = try await operations.why("a", at: iso(t + 3600))
            #expect(verdict(ran).hasSuffix(": succeeded (run 1)") && line(ran, .cause) == "did a", "\(ran)")
            // Three more are missed at once: the host slept.
            await bench.clock.waitForSleepers(1)
            bench.clock.advance(by: .seconds(3 * 3600 + 600))
            await bench.logs.wait(for: "a: succeeded", times: 2)
            let late = try await operations.why("a", at: iso(t + 4 * 3600))
            #expect(verdict(late).contains(": caught up 10m 1s later, succeeded (run 2)"), "\(late)")
            #expect(line(late, .cause) == "the host was asleep or too busy; then: did a", "\(late)")
            for hours in [2.0, 3.0] {
                let served = try await operations.why("a", at: iso(t + hours * 3600))
                #expect(
                    verdict(served).contains("no run of its own; run 2, due at ") && verdict(served).hasSuffix("stands for it and succeeded (run 2)"),
                    "\(served)")
                #expect(line(served, .cause)?.hasPrefix("the host was asleep") == true, "\(served)")
            }
            let coming = try await operations.why("a", at: iso(t + 5 * 3600))
            #expect(verdict(coming).contains(" is still to come, in "), "\(coming)")
            let odd = try await operations.why("a", at: iso(t + 1800))
            #expect(verdict(odd).hasPrefix("nothing was scheduled at ") && line(odd, .cause)?.contains("the next one was ") == true, "\(odd)")
            #expect(verdict(try await operations.why("a", at: iso(t - 3600))).hasSuffix("nothing is on record"))
            #expect(verdict(try await operations.why("b", at: "03:00")) == "has no schedule")
            for text in ["25:00", "3", "2026-02-30 03:00", "tomorrow", "2026-13-01 03:00", ""] {
                let error = await #expect(throws: OperationError.self) { try await operations.why("a", at: text) }
                #expect(error?.status == 400, "\(text)")
            }
        }
    }

    @Test("a time that fell due while the schedules were paused, or the program was down, says so", .limited)
    func away() async throws {
        let (memory, clock) = (InMemoryStore(), ManualClock())
        let jobs = [ScheduledJob.good(JobDefinition(name: "a", triggers: [hourly]))]
        let t = clock.now
        let first = SchedulerBench(jobs, clock: clock, memory: memory)
        try await first.run {
            await clock.waitForSleepers(1)
            let operations = first.operations()
            _ = try await PauseOperation.run(.init(job: "a"), on: operations, via: .page)
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(3700))
            let paused = try await operations.why("a", at: iso(t + 3600))
            #expect(verdict(paused).hasSuffix(": not run") && line(paused, .cause)?.hasPrefix("paused ") == true, "\(paused)")
            _ = try await ResumeOperation.run(.init(job: "a"), on: operations, via: .page)
            await first.logs.wait(for: "a: succeeded")
            let resumed = try await operations.why("a", at: iso(t + 3600))
            #expect(verdict(resumed).contains("caught up 1m 40s later") && line(resumed, .cause)?.hasPrefix("its schedules were paused") == true, "\(resumed)")
        }
        clock.advance(by: .seconds(3600))
        let second = SchedulerBench(jobs, clock: clock, memory: memory)
        try await second.run {
            await second.logs.wait(for: "a: succeeded")
            let answer = try await second.operations().why("a", at: iso(t + 7200))
            #expect(verdict(answer).contains("caught up ") && line(answer, .cause)?.hasPrefix("shipkeeper was not running") == true, "\(answer)")
        }
    }

    @Test("one that was skipped says why", .limited)
    func skipped() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "a", triggers: [hourly]), begun: begun)])
        let (operations, t) = (bench.operations(), bench.clock.now)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("a", via: "test", evenIfRunning: false)
            await begun.wait()
            await bench.clock.waitForSleepers(2)
            bench.clock.advance(by: .seconds(3601))
            await bench.logs.wait(for: "a: skipped")
            let answer = try await operations.why("a", at: iso(t + 3600))
            #expect(verdict(answer).hasSuffix(": skipped (run 2)") && line(answer, .cause) == "run 1 was still running", "\(answer)")
            let now = try await operations.why("a")
            #expect(line(now, .later)?.contains("was skipped: run 1 was still running") == true, "\(now)")
        }
    }
}

import Control
import Foundation
import InPlaceRestore
import JobKit
import Scheduler
import TestSupport
import Testing

/// What a person can ask, answered by a scheduler on a clock that the test moves.
@Suite("operations")
struct OperationsTests {
    private struct Logs: RunLogReader {
        func read(run: Int64, from start: LogStart) -> LogPage? {
            LogPage(lines: [LogLine(at: nil, source: .output, text: "line of \(run)")], next: 20, isLast: true)
        }
    }

    private func operations(_ bench: SchedulerBench) -> Operations {
        Operations(
            scheduler: bench.scheduler, history: RunHistory(store: bench.store, logs: Logs()), clock: bench.clock, version: "1.2.3", configuration: "c.yaml",
            startedAt: bench.clock.now, restarts: 2,
            restoring: InPlaceRestore(scheduler: bench.scheduler, store: bench.store, clock: bench.clock) { _, _ in .failure(JobError("no job restores")) },
            reload: { _ in ReloadAnswer(isReloaded: true, problems: []) })
    }

    private let hourly = Trigger.schedule(.every(.seconds(3600)), atStart: false)
    private let daily = Trigger.schedule(.every(.seconds(86_400)), atStart: false)

    private func failing(_ name: String, retry: RetryPolicy = .never) -> ScheduledJob {
        .scripted(JobDefinition(name: name, triggers: [.boot], retry: retry)) { _ throws(JobError) in
            throw JobError("the disk is full", hint: "make room", retry: .worthwhile)
        }
    }

    @Test("before it has a state it says that it is starting", .limited)
    func starting() async {
        let operations = operations(SchedulerBench([]))
        await #expect(throws: OperationError.self) { try await operations.status() }
        let error = OperationError.starting
        #expect(error.status == 503 && error.message == "the program is starting; try again in a moment")
    }

    @Test("a job or a run that is not there is named, with the nearest one", .limited)
    func unknown() async throws {
        let bench = SchedulerBench([.good(JobDefinition(name: "gateway"))])
        let operations = operations(bench)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            for ask in [
                { _ = try await operations.why("gatway") }, { _ = try await RunsOperation.run(.init(job: "gatway", limit: 3), on: operations, via: .page) },
                { _ = try await LogOperation.run(.init(job: "gatway"), on: operations, via: .page) },
                { _ = try await operations.start("gatway", via: "test", evenIfRunning: false) },
                { _ = try await operations.stop("gatway") },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: OperationError.self) { try await ask() }
                #expect(error?.status == 404 && error?.message == "no job is named \"gatway\"; did you mean \"gateway\"?")
            }
            let run = await #expect(throws: OperationError.self) { try await operations.run(77) }
            #expect(run?.status == 404 && run?.message == "no run 77 is recorded")
            let none = await #expect(throws: OperationError.self) { try await LogOperation.run(.init(job: "gateway"), on: operations, via: .page) }
            #expect(none?.message == "gateway has not run yet")
        }
    }

    @Test("the status has each job's state, what is next, and what needs attention", .limited)
    func status() async throws {
        let begun = Gate()
        let bench = SchedulerBench([
            .good(JobDefinition(name: "good", triggers: [.boot, hourly])), failing("bad"),
            failing("again", retry: RetryPolicy(attempts: 3, backoff: .seconds(100), backoffCap: .seconds(100))),
            .scripted(JobDefinition(name: "busy", triggers: [.boot])) { context throws(JobError) in
                context.report(RunProgress(step: "packing", done: 1, total: 4, unit: "files"))
                begun.open()
                do { try await context.clock.sleep(until: .distantFuture) } catch { throw JobError("was ended") }
                return RunReport(summary: "")
            },
            .good(JobDefinition(name: "held", triggers: [.boot], needs: ["bad"])),
        ])
        let operations = operations(bench)
        try await bench.run {
            await bench.logs.wait(for: "good: succeeded")
            await bench.logs.wait(for: "bad: failed")
            await bench.logs.wait(for: "again: the disk is full; make room; retrying in")
            await begun.wait()
            let status = try await operations.status()
            #expect(status.version == "1.2.3" && status.restarts == 2 && !status.isStopping && status.configuration == "c.yaml")
            let states = Dictionary(uniqueKeysWithValues: status.jobs.map { ($0.name, $0.state) })
            #expect(states == ["good": .ok, "bad": .failed, "again": .waitingToRetry, "busy": .running, "held": .waiting], "\(states)")
            let good = try #require(status.jobs.first { $0.name == "good" })
            #expect(good.last?.outcome == .succeeded && good.next == bench.clock.now.adding(.seconds(3600)) && good.triggers == ["at boot", "every 1h"])
            let busy = try #require(status.jobs.first { $0.name == "busy" })
            #expect(busy.run?.progress?.step == "packing" && busy.run?.progress?.done == 1 && busy.run?.progress?.total == 4)
            let attention = Dictionary(uniqueKeysWithValues: status.attention.map { ($0.job, $0.message) })
            #expect(Set(attention.keys) == ["bad", "again", "held"], "\(attention)")
            #expect(attention["bad"] == "failed: the disk is full" && status.attention.first { $0.job == "bad" }?.hint == "make room")
            #expect(attention["again"] == "failed, and will be retried: the disk is full")
            #expect(attention["held"]?.contains("bad") == true, "\(attention)")
        }
    }

    @Test("while a failed run is tried again, the failure stays what needs attention", .limited)
    func tryingAgain() async throws {
        let (begun, go) = (Gate(), Gate())
        let definition = JobDefinition(
            name: "again", triggers: [.boot], retry: RetryPolicy(attempts: 3, backoff: .seconds(100), backoffCap: .seconds(100)))
        let bench = SchedulerBench([
            .scripted(definition) { context throws(JobError) in
                if context.attempt == 1 { throw JobError("the disk is full", hint: "make room", retry: .worthwhile) }
                begun.open()
                await go.wait()
                return RunReport(summary: "done")
            }
        ])
        let operations = operations(bench)
        try await bench.run {
            await bench.logs.wait(for: "again: the disk is full; make room; retrying in")
            await bench.clock.waitForSleepers(1)
            bench.clock.advance(by: .seconds(100))
            await begun.wait()
            let status = try await operations.status()
            #expect(status.attention.map(\.message) == ["failed, and attempt 2 is under way: the disk is full"], "\(status.attention)")
            #expect(status.attention.first?.hint == "make room")
            go.open()
            await bench.logs.wait(for: "again: succeeded")
            #expect(try await operations.status().attention.isEmpty)
        }
    }

    @Test("why says what a job does or waits for, and when it is due", .limited)
    func why() async throws {
        let bench = SchedulerBench([
            .good(JobDefinition(name: "good", triggers: [.boot, hourly])), failing("bad"),
            .good(JobDefinition(name: "held", triggers: [.boot], needs: ["bad"])),
            .good(JobDefinition(name: "asked")), .good(JobDefinition(name: "off", disabled: .safeMode)),
        ])
        let operations = operations(bench)
        try await bench.run {
            await bench.logs.wait(for: "good: succeeded")
            await bench.logs.wait(for: "bad: failed")
            for (job, words) in [
                ("good", ["good: ok, ", ": did good\n", "cause: the start of shipkeeper\n", "next: in 1h, at "]),
                ("bad", ["bad: failed, ", ": the disk is full\n", "next: at boot, or when started manually"]),
                ("held", ["held: waiting: it waits for bad", "cause: the start of shipkeeper"]),
                ("asked", ["asked: has not run yet\nnext: when started manually"]), ("off", ["off: disabled: this is safe mode"]),
            ] {
                let answer = try await operations.why(job)
                #expect(answer.job == job)
                for words in words { #expect(answer.answer.contains(words), "\(words) is not in \(answer.answer)") }
            }
        }
    }

    @Test("runs come newest first with their attempts, and fire times soonest first", .limited)
    func runsAndNext() async throws {
        let bench = SchedulerBench([
            .good(JobDefinition(name: "hourly", triggers: [hourly])), .good(JobDefinition(name: "daily", triggers: [daily])),
            .good(JobDefinition(name: "off", triggers: [hourly], disabled: .safeMode)),
        ])
        let operations = operations(bench)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            for round in 1...3 {
                let answer = try await operations.start("hourly", via: "test", evenIfRunning: false)
                #expect(answer.result == .started && answer.message == nil)
                await bench.logs.wait(for: "hourly: succeeded", times: round)
            }
            let runs = try await RunsOperation.run(.init(job: "hourly", limit: 2), on: operations, via: .page).runs
            #expect(runs.count == 2 && runs[0].id > runs[1].id && runs.allSatisfy { $0.isFinished && $0.summary == "did hourly" })
            #expect(try await RunsOperation.run(.init(limit: 10), on: operations, via: .page).runs.count == 3)
            #expect(try await operations.run(runs[0].id).attempts?.map(\.number) == [1])
            let log = try await LogOperation.run(.init(job: "hourly", from: 3), on: operations, via: .page)
            #expect(log.run == runs[0].id && log.lines.map(\.text) == ["line of \(runs[0].id)"] && log.next == 20 && log.isFinished)
            let fires = try await operations.next(count: 25).fires
            #expect(try await operations.next(count: 25, perJob: 1).fires.map(\.at).count == Set(fires.map(\.job)).count)
            #expect(fires.count == 25 && fires.map(\.at) == fires.map(\.at).sorted() && fires[0].job == "hourly" && fires[0].schedule == "every 1h")
            #expect(fires.count { $0.job == "daily" } == 1 && !fires.contains { $0.job == "off" })
        }
    }

    @Test("events are answered at once where there are some, and waited for where there are none", .limited)
    func events() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "a"), begun: begun), .good(JobDefinition(name: "b"))])
        let operations = operations(bench)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            let start = try await operations.status().position
            async let waiting = operations.events(after: start, EventFilter(job: "a"), wait: .seconds(60))
            _ = try await operations.start("b", via: "test", evenIfRunning: false)
            let run = try #require(try await operations.start("a", via: "test", evenIfRunning: false).run)
            let answer = await waiting
            #expect(!answer.events.isEmpty && answer.events.allSatisfy { $0.job == "a" && $0.type == .run && $0.run?.id == run })
            await begun.wait()
            await bench.logs.wait(for: "b: succeeded")
            let all = await operations.events(after: start, wait: .zero)
            #expect(all.events.contains { $0.job == "b" && $0.run?.outcome == .succeeded } && all.position >= answer.position)
            #expect(await operations.events(after: all.position, wait: .zero).events.isEmpty)
            #expect(await operations.events(after: 1, wait: .zero).events.map(\.type) == [.missed])
        }
    }

    @Test("what goes on can be joined, stopped and begun anew", .limited)
    func control() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "a"), begun: begun)])
        let operations = operations(bench)
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            #expect(try await operations.stop("a").result == .notRunning)
            let first = try await operations.start("a", via: "test", evenIfRunning: false)
            await begun.wait()
            let joined = try await operations.start("a", via: "test", evenIfRunning: false)
            #expect(joined.result == .joined && joined.run == first.run && first.run != nil)
            let again = try await operations.restart("a", via: "test", reason: "new settings")
            await begun.wait(2)
            let restarted = try await operations.run(try #require(again.run))
            #expect(restarted.reason == "new settings" && restarted.listText == "reason: new settings; started manually (test)")
            let long = RestartOperation.Request(job: "a", reason: String(repeating: "x", count: 201))
            await #expect(throws: OperationError.self) { try await RestartOperation.run(long, on: operations, via: .page) }
            #expect(again.run != nil && bench.outcomes(of: "a").first == .cancelled)
            #expect(try await operations.stop("a").result == .stopping)
            await bench.logs.wait(for: "a: cancelled", times: 2)
            #expect(try await operations.dryRun("a", via: "test").result == .refused)
        }
    }

    @Test("answers are JSON with names in one spelling and times to the millisecond, and are read back")
    func json() throws {
        let reload = ControlJSON.encode(ReloadAnswer(isReloaded: true, problems: [ProblemAnswer("x")]))
        let expected =
            "{\n  \"changes\" : [\n\n  ],\n  \"is_dry_run\" : false,\n  \"is_reloaded\" : true,\n  \"needs_restart\" : [\n\n  ],\n  \"problems\" : [\n"
            + "    {\n      \"message\" : \"x\",\n      \"severity\" : \"error\"\n    }\n  ]\n}"
        #expect(String(decoding: reload, as: UTF8.self) == expected)
        #expect(try ControlJSON.decode(ReloadAnswer.self, from: reload).isReloaded)
        struct Times: Codable { var at: Date }
        let time = ControlJSON.encode(Times(at: Date(timeIntervalSince1970: 1_790_000_000.5)))
        #expect(String(decoding: time, as: UTF8.self).contains("\"2026-09-21T14:13:20.500Z\""))
        #expect(try abs(ControlJSON.decode(Times.self, from: time).at.timeIntervalSince1970 - 1_790_000_000.5) < 0.0005)
    }
}

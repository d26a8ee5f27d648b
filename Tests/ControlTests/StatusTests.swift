import Control
import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

/// What the status says of jobs that are not running.
@Suite("status")
struct StatusTests {
    private let daily = Trigger.schedule(.every(.seconds(86_400)), atStart: false)

    @Test("a run that is cancelled does not wipe the failure before it", .limited)
    func cancelledAfterFailure() async throws {
        let begun = Gate()
        let bench = SchedulerBench([
            .scripted(JobDefinition(name: "nightly", triggers: [daily])) { context throws(JobError) in
                if context.run == 1 { throw JobError("it exited with code 3", retry: .worthwhile) }
                begun.open()
                do { try await context.clock.sleep(until: .distantFuture) } catch { throw JobError("was ended") }
                return RunReport(summary: "")
            }
        ])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("nightly", via: "test", evenIfRunning: false)
            await bench.logs.wait(for: "nightly: failed")
            _ = try await operations.start("nightly", via: "test", evenIfRunning: false)
            await begun.wait()
            _ = try await operations.stop("nightly")
            await bench.logs.wait(for: "nightly: cancelled")
            let status = try await operations.status()
            let job = try #require(status.jobs.first)
            #expect(job.state == .failed && job.verdict?.id == 1 && job.last?.id == 2 && job.last?.outcome == .cancelled)
            #expect(job.since == job.verdict?.finishedAt)
            let attention = try #require(status.attention.first)
            #expect(attention.message == "failed: it exited with code 3" && attention.hint == "shipkeeper logs nightly --run 1" && attention.run == 1)
        }
    }

    @Test("the table says in words what the whole answer holds, and is a fraction of it where runs are on record", .limited)
    func table() async throws {
        let begun = Gate()
        let many = (0..<20).map { ScheduledJob.good(JobDefinition(name: "job\($0)", triggers: [daily])) }
        let bench = SchedulerBench(
            many + [
                .endless(JobDefinition(name: "works", triggers: [daily]), begun: begun), .good(JobDefinition(name: "manual")),
                .scripted(JobDefinition(name: "坏的", triggers: [daily])) { _ throws(JobError) in throw JobError("it exited with code 3") },
            ])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            for name in ["works", "坏的", "job7"] { _ = try await operations.start(name, via: "test", evenIfRunning: false) }
            await begun.wait()
            await bench.logs.wait(for: "坏的: failed")
            await bench.logs.wait(for: "job7: succeeded")
            bench.clock.advance(by: .seconds(90))
            let whole = try await operations.status()
            let table = StatusTableAnswer(whole)
            func row(_ name: String) -> StatusTableAnswer.Row? { table.rows.first { $0.job == name } }
            #expect(table.rows.map(\.job) == whole.jobs.map(\.name) && table.rows.map(\.state) == whole.jobs.map(\.state.rawValue) && table.status.jobs.isEmpty)
            #expect(table.rows.map(\.next.isEmpty) == whole.jobs.map { $0.next == nil })
            #expect(table.status.attention.map(\.message) == whole.attention.map(\.message))
            #expect(row("works")?.text == "for 1m 30s" && row("manual")?.text == "when started manually" && row("job8")?.text == "not yet")
            #expect(row("坏的")?.text == "1m 30s ago: it exited with code 3" && row("job7")?.text == "1m 30s ago: did job7")
            #expect(!table.hasServices && table.types == ["command"])
            let sent = ControlJSON.encode(table, as: .line)
            var read = try ControlJSON.decode(StatusTableAnswer.self, from: sent)
            #expect(read.rows.map(\.text) == table.rows.map(\.text) && read.rows.map(\.progress?.step) == table.rows.map(\.progress?.step))
            // What another version sends may lack something.
            read.columns.texts = read.columns.texts.split(separator: "\n", omittingEmptySubsequences: false).dropLast(2).joined(separator: "\n")
            read.columns.memory = ""
            #expect(read.rows.map(\.job) == table.rows.map(\.job) && read.rows.map(\.state) == table.rows.map(\.state) && read.rows.last?.text.isEmpty == true)
            var broken = whole
            for index in broken.jobs.indices { broken.jobs[index].note = "two\nlines" }
            #expect(StatusTableAnswer(broken).rows.map(\.job) == whole.jobs.map(\.name), "a line break in a text does not move the rows below it")
            broken.jobs = []
            #expect(StatusTableAnswer(broken).rows.isEmpty)
            var many = whole
            many.jobs = Array(repeating: try #require(whole.jobs.first { $0.name == "job7" }), count: 100)
            let (small, large) = (ControlJSON.encode(StatusTableAnswer(many).columns, as: .line).count, ControlJSON.encode(many.jobs, as: .line).count)
            #expect(small * 5 < large, "\(small) of \(large)")
        }
    }

    @Test("a job whose only run was cancelled has no verdict, and one that never ran neither", .limited)
    func noVerdict() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "a"), begun: begun), .good(JobDefinition(name: "b"))])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("a", via: "test", evenIfRunning: false)
            await begun.wait()
            _ = try await operations.stop("a")
            await bench.logs.wait(for: "a: cancelled")
            let status = try await operations.status()
            #expect(status.jobs.map(\.state) == [.idle, .idle] && status.attention.isEmpty && status.jobs.allSatisfy { $0.verdict == nil })
        }
    }

    @Test("the last good backup is the last stored one, with the time at which it was found to be current", .limited)
    func lastBackup() async throws {
        let bench = SchedulerBench([
            .scripted(JobDefinition(name: "backup", triggers: [daily])) { context in
                let outcome: BackupResult.Outcome = context.run == 2 ? .stored : .unchanged
                return RunReport(summary: "run \(context.run)", result: .backup(BackupResult(outcome)))
            }
        ])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            var ends: [Date] = []
            for round in 1...3 {
                _ = try await operations.start("backup", via: "test", evenIfRunning: false)
                await bench.logs.wait(for: "backup: succeeded", times: round)
                ends.append(bench.clock.now)
                let backup = try #require(try await operations.status().lastBackup)
                switch round {
                // Stored by another container: when it was stored is not known here.
                case 1: #expect(backup.at == ends[0] && backup.checkedAt == nil && backup.summary == "run 1")
                case 2: #expect(backup.at == ends[1] && backup.checkedAt == nil && backup.summary == "run 2")
                default: #expect(backup.at == ends[1] && backup.checkedAt == ends[2] && backup.summary == "run 2" && backup.ageSeconds == 100)
                }
                bench.clock.advance(by: .seconds(100))
            }
        }
    }

    @Test("the last restore drill is the one that the last good run of the job names", .limited)
    func drill() async throws {
        let drilled = Date(timeIntervalSince1970: 1_780_000_000)
        let bench = SchedulerBench([
            .scripted(JobDefinition(name: "verify", triggers: [daily])) { context throws(JobError) in
                if context.run == 3 { throw JobError("a pack is missing") }
                let drill = context.run == 1 ? nil : VerificationFacts.Drill(at: drilled, snapshot: "s", files: 3, bytes: 30)
                return RunReport(summary: "whole", result: .verification(VerificationFacts(snapshots: 1, parts: 2, readParts: 1, readBytes: 9, drill: drill)))
            }
        ])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            #expect(try await operations.status().drills == nil)
            for (round, end) in ["succeeded", "succeeded", "failed"].enumerated() {
                _ = try await operations.start("verify", via: "test", evenIfRunning: false)
                await bench.logs.wait(for: "verify: \(end)", times: end == "succeeded" ? round + 1 : 1)
                let drills = try await operations.status().drills
                #expect(drills?.map(\.at) == (round == 0 ? nil : [drilled]) && drills?.first?.files == (round == 0 ? nil : 3))
            }
        }
    }

    @Test("of a service the newest run counts, also one that was ended")
    func services() {
        let t = Date(timeIntervalSince1970: 1_790_000_000)
        let old = Run(id: 1, job: "app", cause: .boot, scheduledAt: t, createdAt: t, state: .finished(.failed, at: t), error: "gave up")
        let new = Run(id: 2, job: "app", cause: .boot, scheduledAt: t, createdAt: t, state: .finished(.cancelled, at: t + 5))
        let stored = StoredState(last: ["app": new], verdicts: ["app": old])
        let service = Engine.boot([JobDefinition(name: "app", isService: true)], stored: stored, mostParallel: 1, at: t + 9).engine
        let command = Engine.boot([JobDefinition(name: "app")], stored: stored, mostParallel: 1, at: t + 9).engine
        #expect(service.jobs["app"]?.verdict?.id == 2 && command.jobs["app"]?.verdict?.id == 1)
    }

    @Test("asks the store for nothing, however many jobs there are", .limited)
    func noQuery() async throws {
        let bench = SchedulerBench((0..<20).map { .good(JobDefinition(name: "job\($0)", triggers: [daily])) })
        var operations = bench.operations()
        operations.history.store = UnaskedStore()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("job3", via: "test", evenIfRunning: false)
            await bench.logs.wait(for: "job3: succeeded")
            let status = try await operations.status()
            #expect(status.jobs.count == 20 && status.jobs.contains { $0.last?.outcome == .succeeded })
        }
    }
}

/// A store whose every query is a mistake.
private struct UnaskedStore: RunStore {
    private func refusal(_ query: String) -> StoreError {
        Issue.record("the store was asked for \(query)")
        return StoreError("nobody should ask")
    }

    func load() throws(StoreError) -> StoredState { throw refusal("its state") }
    func commit(_ changes: [StoreChange]) throws(StoreError) { throw refusal("a commit") }
    func runs(_ query: RunQuery) throws(StoreError) -> [Run] { throw refusal("runs") }
    func run(_ id: Int64) throws(StoreError) -> Run? { throw refusal("a run") }
    func attempts(of run: Int64) throws(StoreError) -> [Attempt] { throw refusal("attempts") }
    func events(limit: Int) throws(StoreError) -> [Event] { throw refusal("events") }
    func prune(keeping mostRuns: Int, since oldest: Date) throws(StoreError) -> [Int64] { throw refusal("a removal") }
}

import Control
import Foundation
import InPlaceRestore
import JobKit
import Scheduler
import TestSupport
import Testing

/// How far a restore in place is, for anyone who waits for it.
@Suite("progress of a restore in place", .waiting)
struct RestoreProgressTests {
    @Test("it names the job at work and how far that is, and one request waits for its lines and the job's reports", .limited)
    func progress() async throws {
        let (begun, more, rest) = (Gate(), Gate(), Gate())
        let bench = SchedulerBench([
            .good(JobDefinition(name: "other")),
            .scripted(JobDefinition(name: "恢复")) { context throws(JobError) in
                context.report(RunProgress(step: "downloading", bytes: .init(done: 10, total: 40)))
                begun.open()
                await more.wait()
                context.report(RunProgress(step: "unpacking", count: .init(done: 1, unit: "files"), bytes: .init(done: 20, total: 40)))
                await rest.wait()
                return RunReport(summary: "restored")
            },
        ])
        let plan = RestorePlan(
            restoreJob: "恢复", backupJobs: [], version: "v", displayText: "the backup", request: { _ throws(JobError) in }, yield: { _ throws(JobError) in })
        let operations = bench.operations(planner: { _, _ in .success(plan) })
        func ask() async throws -> RestoreAnswer { try await RestoreProgressOperation.run(.init(), on: operations, via: .page) }
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await RestoreOperation.run(.init(backup: false), on: operations, via: .page)
            await begun.wait()
            let first = try await ask()
            #expect(first.state == .running && first.job == "恢复" && first.lines.last == "restoring the backup")
            #expect(first.progress?.step == "downloading" && first.progress?.doneBytes == 10 && first.progress?.percent == 25)
            // What others do is not waited for.
            _ = try await operations.start("other", via: "test", evenIfRunning: false)
            await bench.logs.wait(for: "other: succeeded")
            let filter = EventFilter(job: first.job, topic: InPlaceRestore.topic)
            let none = await operations.events(after: first.position, filter, wait: .zero)
            #expect(none.events.isEmpty, "\(none.events.map(\.type))")
            async let waiting = operations.events(after: none.position, filter, wait: .seconds(60))
            more.open()
            let news = await waiting
            #expect(news.events.map(\.type) == [.progress] && news.events.first?.progress?.doneBytes == 20)
            let second = try await ask()
            #expect(second.progress?.text() == "unpacking: 20 B of 40 B, 50 % (1 file)")
            rest.open()
            let end = await operations.restoring.end()
            #expect(end.lines.last == "恢复 succeeded: restored" && end.job == nil)
            let last = try await ask()
            #expect(last.state == .succeeded && last.job == nil && last.progress == nil)
            let lines = await operations.events(after: second.position, filter, wait: .zero)
            #expect(lines.events.contains { $0.type == .message && $0.text == "succeeded" })
            #expect(
                await operations.events(after: second.position, EventFilter(topic: InPlaceRestore.topic), wait: .zero).events.allSatisfy { $0.type == .message }
            )
        }
    }
}

import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("problems and their messages")
struct EngineProblemTests {
    @Test("a problem is reported once, with its end, over restarts too; failed runs are each followed as before")
    func once() async throws {
        var world = EngineWorld([
            JobDefinition(name: "backup"), message("message", "backup"), JobDefinition(name: "each", triggers: [.after(job: "backup", .failed)]),
        ])
        world.run("backup", good)
        #expect(world.messages().isEmpty)
        world.run("backup", bad)
        world.run("backup", bad)
        #expect(world.messages() == ["backup failed"])
        try await world.kill()
        world.run("backup", bad)
        #expect(world.messages() == ["backup failed"])
        try await world.kill()
        world.run("backup", good)
        world.run("backup", good)
        #expect(world.messages() == ["backup failed", "backup recovered"])
        world.run("backup", bad)
        #expect(world.messages() == ["backup failed", "backup recovered", "backup failed"])
        #expect(world.messages("each") == Array(repeating: "backup failed", count: 4))
    }

    @Test("the end of a run and the message about it are one record, with what the message says")
    func oneTransaction() {
        var world = EngineWorld([JobDefinition(name: "backup"), message()])
        world.run("backup", bad)
        let saved = world.changes.compactMap { if case .save(let run) = $0 { run } else { nil } }
        #expect(saved.contains { $0.job == "backup" && $0.state.outcome == .failed })
        #expect(saved.contains { $0.job == "message" && $0.reason == "did not work" && $0.cause == .after(job: "backup", run: 1, outcome: "failed") })
    }

    @Test("what an earlier version has recorded as failed recovers, and is not reported again")
    func upgraded() async throws {
        let run = Run(
            id: 1, job: "backup", cause: .boot, scheduledAt: EngineWorld.start, createdAt: EngineWorld.start, state: .finished(.failed, at: EngineWorld.start))
        var world = EngineWorld(
            [JobDefinition(name: "backup"), message()], stored: StoredState(last: ["backup": run], verdicts: ["backup": run], highestRunID: 1))
        world.run("backup", bad)
        #expect(world.messages().isEmpty)
        world.run("backup", good)
        #expect(world.messages() == ["backup recovered"])
    }

    @Test("recovered is for those who heard of the problem")
    func heard() {
        let retry = RetryPolicy(attempts: 2, backoff: .seconds(1), backoffCap: .seconds(1))
        var world = EngineWorld([
            JobDefinition(name: "a", retry: retry), message("first", "a", [.failing, .recovered]), message("last", "a", [.failed, .recovered]),
            message("lost", "a", [.late, .recovered]),
        ])
        world.run("a", bad)
        world.sleep(2)
        world.end("a", good)
        #expect(world.messages("first") == ["a failing", "a recovered"])
        #expect(world.messages("last").isEmpty && world.messages("lost").isEmpty)
        world.run("a", bad)
        world.sleep(2)
        world.end("a", bad)
        world.run("a", good)
        #expect(world.messages("first") == ["a failing", "a recovered", "a failing", "a recovered"])
        #expect(world.messages("last") == ["a failed", "a recovered"] && world.messages("lost").isEmpty)
    }

    @Test("an incomplete run after a failed one is a problem of its own, and no recovery")
    func incomplete() {
        var world = EngineWorld([JobDefinition(name: "a"), message()])
        let partly = AttemptResult.succeeded(RunReport(summary: "in part", result: .incompleteBackup))
        world.run("a", bad)
        world.run("a", partly)
        #expect(world.messages() == ["a failed", "a incomplete"])
        world.run("a", bad)
        world.run("a", partly)
        // It is told of the failure, and that this is over.
        #expect(world.messages() == ["a failed", "a incomplete", "a failed", "a recovered"])
        world.run("a", good)
        #expect(world.messages() == ["a failed", "a incomplete", "a failed", "a recovered", "a recovered"])
    }

    @Test("messages about several jobs at once wait for each other, and none is skipped")
    func several() {
        let jobs = (1...5).map { JobDefinition(name: "job\($0)") }
        var world = EngineWorld(jobs + [message()])
        for job in jobs { world.handle(.startRequested(job: job.name, via: "test", evenIfRunning: false)) }
        for job in jobs { world.end(job.name, bad, took: 0) }
        #expect(world.messages() == jobs.map { "\($0.name) failed" })
        for _ in jobs { world.end("message", good) }
        #expect(world.store.allRuns.filter { $0.job == "message" }.map(\.state.outcome) == Array(repeating: .succeeded, count: 5))
    }

    @Test("any job is every one but messages and those that follow any job")
    func anyJob() {
        var world = EngineWorld([
            JobDefinition(name: "a"), message("m", Followers.anyJob, [.finished]), message("n", Followers.anyJob, [.finished]),
            JobDefinition(name: "plain", triggers: [.after(job: Followers.anyJob, .finished)], overlap: .all),
        ])
        world.run("a", good)
        for _ in 0..<3 { for job in ["m", "n", "plain"] { world.end(job, bad) } }
        #expect(world.messages("m") == ["a succeeded"] && world.messages("n") == ["a succeeded"] && world.messages("plain") == ["a succeeded"])
    }

    @Test("a start is followed before the end")
    func started() {
        var world = EngineWorld([JobDefinition(name: "a"), message("ping", "a", [.started, .succeeded, .failed])])
        world.run("a", good)
        #expect(world.messages("ping") == ["a started", "a succeeded"])
    }

    // MARK: Delivery

    @Test("a message that was being sent when the program was killed is sent again, one that waited waits on")
    func killed() async throws {
        var world = EngineWorld([JobDefinition(name: "a"), JobDefinition(name: "b"), message()])
        world.run("a", bad)
        world.run("b", bad)
        try await world.kill()
        let states = world.store.allRuns.filter { $0.job == "message" }.map(\.state)
        #expect(states.allSatisfy { $0.outcome == nil }, "\(states)")
        world.sleep(60)
        world.end("message", good)
        world.sleep(60)
        world.end("message", good)
        #expect(world.store.allRuns.filter { $0.job == "message" }.map(\.state.outcome) == [.succeeded, .succeeded])
    }

    @Test("the stop leaves messages to the next start: those that wait, the one being sent, and those about what fails at the stop")
    func stopped() async throws {
        var world = EngineWorld([JobDefinition(name: "a"), JobDefinition(name: "final", triggers: [.stop]), message()])
        world.run("a", bad)
        world.handle(.shutdown(runsUntil: world.now + 10, end: world.now + 20))
        world.end("message", .failed(JobError("ended by SIGTERM")))
        world.end("final", bad)
        #expect(world.engine.phase == .done)
        #expect(world.messages() == ["a failed", "final failed"])
        try await world.kill()
        for _ in 0..<2 {
            world.sleep(60)
            world.end("message", good)
        }
        #expect(world.store.allRuns.filter { $0.job == "message" }.map(\.state.outcome) == [.succeeded, .succeeded])
    }

    @Test("a job that is no message is interrupted as before, unless its retry says otherwise")
    func others() async throws {
        let again = RetryPolicy(attempts: 2, on: [.error, .interrupted])
        var world = EngineWorld([JobDefinition(name: "plain", retry: RetryPolicy(attempts: 2)), JobDefinition(name: "again", retry: again)])
        for job in ["plain", "again"] { world.handle(.startRequested(job: job, via: "test", evenIfRunning: false)) }
        try await world.kill()
        #expect(world.store.allRuns.map(\.state.outcome) == [.interrupted, nil])
        world.sleep(60)
        try await world.kill()
        #expect(world.store.allRuns.map(\.state.outcome) == [.interrupted, .interrupted], "its attempts are used up")
    }

    // MARK: Services

    @Test("a service that is started again three times in a row is a problem, until it is stable")
    func restarting() async throws {
        let service = JobDefinition(name: "app", isService: true, triggers: [.boot], stableAfter: .seconds(60))
        var world = EngineWorld([service, message()])
        func status(_ state: ServiceStatus.State) -> EngineEvent { .service(run: 1, .status(ServiceStatus(state: state))) }
        for number in 1...6 {
            world.handle(.service(run: 1, .launched(number: number)))
            world.handle(status(.ready))
            world.sleep(30)
        }
        #expect(world.messages() == ["app restarting"])
        world.sleep(31)
        #expect(world.messages() == ["app restarting", "app recovered"])
        world.sleep(1000)
        world.handle(.attemptEnded(run: 1, .failed(JobError("gave up after 10 exits"))))
        #expect(world.messages() == ["app restarting", "app recovered", "app failed"])
        #expect(world.engine.nextWake(after: world.now) == nil)
    }
}

extension RunResult {
    fileprivate static var incompleteBackup: RunResult { .backup(BackupResult(.stored, missing: .init(count: 1))) }
}

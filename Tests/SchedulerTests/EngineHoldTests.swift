import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@Suite("jobs kept apart")
struct EngineHoldTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func started(_ decision: Decision) -> [String] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } }
    }

    @Test(
        "two jobs whose keys meet never run at once: a repository, a folder, one below the other",
        arguments: [
            (["repository/main"], ["repository/main"], true), (["repository/main"], ["repository/other"], false),
            (["tree//data"], ["tree//data"], true), (["tree//data"], ["tree//data/app"], true), (["tree//"], ["tree//data"], true),
            (["tree//data"], ["tree//database"], false), (["tree//data", "repository/a"], ["repository/b", "tree//data/x"], true), ([], ["tree//"], false),
        ])
    func exclusive(first: [String], second: [String], areKeptApart: Bool) {
        let jobs = [
            JobDefinition(name: "a", triggers: [.boot], exclusive: Set(first)), JobDefinition(name: "b", triggers: [.boot], exclusive: Set(second)),
        ]
        var (engine, decision) = Engine.boot(jobs, stored: StoredState(), mostParallel: 8, at: t)
        #expect(started(decision) == (areKeptApart ? ["a"] : ["a", "b"]))
        if areKeptApart {
            let waiting = engine.runs.values.first { $0.job == "b" }
            #expect(waiting.flatMap { engine.obstacle(to: $0) }?.contains("works on the") == true)
            decision = engine.handle(.attemptEnded(run: 1, .succeeded(RunReport(summary: ""))), at: t + 1)
            #expect(started(decision) == ["b"])
        }
    }

    private func held() throws -> Engine {
        let jobs = [
            JobDefinition(name: "restore"), JobDefinition(name: "app", isService: true, needs: ["restore"]),
            JobDefinition(name: "tick", triggers: [.schedule(.every(.seconds(60)), atStart: false)], needs: ["app"]),
            JobDefinition(name: "apart", triggers: [.schedule(.every(.seconds(60)), atStart: false)]),
        ]
        var engine = Engine.boot(jobs, stored: StoredState(), mostParallel: 8, at: t).engine
        let reply = engine.handle(.holdRequested(Hold(jobs: ["restore"], holder: "restore in place", reason: "a restore is under way")), at: t).reply
        #expect(reply == nil)
        return engine
    }

    @Test("what is held, and what needs it, is started by nobody but the holder")
    func hold() throws {
        var engine = try held()
        for job in ["restore", "app", "tick"] {
            for event: EngineEvent in [.startRequested(job: job, via: "web", evenIfRunning: true), .restartRequested(job: job, via: "web")] {
                guard case .refused(let words) = engine.handle(event, at: t + 1).reply else {
                    Issue.record("\(job) was started")
                    continue
                }
                #expect(words.contains("a restore is under way"))
            }
        }
        #expect(started(engine.handle(.tick, at: t + 60)) == ["apart"])
        let own = engine.handle(.startRequested(job: "restore", via: "restore in place", evenIfRunning: true), at: t + 61)
        #expect(started(own) == ["restore"])
        guard case .refused = engine.handle(.holdRequested(Hold(jobs: ["restore"], holder: "other", reason: "")), at: t + 62).reply else {
            Issue.record("held twice")
            return
        }
    }

    @Test("what came due while it was held starts once it is released")
    func release() throws {
        var engine = try held()
        _ = engine.handle(.startRequested(job: "restore", via: "restore in place", evenIfRunning: true), at: t + 1)
        let restore = engine.runs.values.first { $0.job == "restore" }?.id ?? 0
        _ = engine.handle(.tick, at: t + 60)
        _ = engine.handle(.attemptEnded(run: restore, .succeeded(RunReport(summary: ""))), at: t + 61)
        _ = engine.handle(.startRequested(job: "app", via: "restore in place", evenIfRunning: false), at: t + 62)
        let app = engine.runs.values.first { $0.job == "app" }?.id ?? 0
        #expect(started(engine.handle(.service(run: app, .status(ServiceStatus(state: .ready))), at: t + 63)).isEmpty)
        #expect(started(engine.handle(.releaseRequested(holder: "restore in place"), at: t + 64)) == ["tick"])
    }

    @Test("a hold that goes with a run ends with it")
    func ofRun() {
        var engine = Engine.boot([JobDefinition(name: "a", triggers: [.boot]), JobDefinition(name: "b")], stored: StoredState(), mostParallel: 8, at: t).engine
        _ = engine.handle(.holdRequested(Hold(jobs: ["b"], holder: "a", reason: "a works", run: 1)), at: t)
        guard case .refused = engine.handle(.startRequested(job: "b", via: "web", evenIfRunning: false), at: t).reply else {
            Issue.record("b was started")
            return
        }
        _ = engine.handle(.attemptEnded(run: 1, .failed(JobError("no"))), at: t + 1)
        #expect(started(engine.handle(.startRequested(job: "b", via: "web", evenIfRunning: false), at: t + 2)) == ["b"])
        guard case .refused = engine.handle(.holdRequested(Hold(jobs: ["b"], holder: "a", reason: "a works", run: 1)), at: t + 3).reply else {
            Issue.record("held for a run that has ended")
            return
        }
    }

    @Test("another limit is in force at once")
    func limit() {
        let jobs = (0..<4).map { JobDefinition(name: "job\($0)", triggers: [.boot]) }
        var (engine, decision) = Engine.boot(jobs, stored: StoredState(), mostParallel: 1, at: t)
        #expect(started(decision).count == 1)
        decision = engine.handle(.limitChanged(3), at: t + 1)
        #expect(started(decision).count == 2)
    }
}

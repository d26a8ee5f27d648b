import Foundation
import JobKit
import Scheduler
import Testing

/// What is stored once more when services are gone.
@Suite("the last pass of a stop")
struct LastPassTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func boot(_ definitions: [JobDefinition]) -> Engine {
        Engine.boot(definitions, stored: StoredState(), mostParallel: 4, at: t).engine
    }

    private func started(_ decision: Decision) -> [String] {
        decision.effects.compactMap { if case .start(let run, _) = $0 { run.job } else { nil } }
    }

    private func run(_ job: String, _ engine: Engine) -> Int64 { engine.runs.values.first { $0.job == job }?.id ?? 0 }

    private let app = JobDefinition(name: "app", isService: true, triggers: [.boot])
    private let backup = JobDefinition(name: "backup", triggers: [.stop], takesWhatServicesLeave: true)
    private let report = JobDefinition(name: "report", triggers: [.stop])

    @Test("a backup runs before and after the services end; other jobs once")
    func twice() {
        var engine = boot([app, backup, report])
        #expect(started(engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t + 1)) == ["backup", "report"])
        _ = engine.handle(.attemptEnded(run: run("report", engine), .succeeded(RunReport(summary: ""))), at: t + 2)
        _ = engine.handle(.attemptEnded(run: run("backup", engine), .succeeded(RunReport(summary: ""))), at: t + 2)
        let gone = engine.handle(.attemptEnded(run: run("app", engine), .failed(JobError("stopped"))), at: t + 3)
        #expect(started(gone) == ["backup"] && !gone.effects.contains(.done))
        #expect(engine.nextWake(after: t + 3) == t + 8)
        #expect(engine.handle(.attemptEnded(run: run("backup", engine), .succeeded(RunReport(summary: ""))), at: t + 4).effects == [.done])
    }

    @Test("without a service there is nothing that could have been written since")
    func noService() {
        var engine = boot([backup])
        _ = engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t + 1)
        #expect(engine.handle(.attemptEnded(run: run("backup", engine), .succeeded(RunReport(summary: ""))), at: t + 2).effects == [.done])
    }

    @Test("a service that takes all of the time leaves none for it")
    func late() {
        var engine = boot([app, backup])
        _ = engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t + 1)
        _ = engine.handle(.attemptEnded(run: run("backup", engine), .succeeded(RunReport(summary: ""))), at: t + 2)
        #expect(engine.handle(.attemptEnded(run: run("app", engine), .failed(JobError("stopped"))), at: t + 8).effects == [.done])
    }

    @Test("one that is not done in time is ended, and its absence recorded")
    func cut() {
        var engine = boot([app, backup])
        _ = engine.handle(.shutdown(runsUntil: t + 5, end: t + 8), at: t + 1)
        _ = engine.handle(.attemptEnded(run: run("backup", engine), .succeeded(RunReport(summary: ""))), at: t + 2)
        _ = engine.handle(.attemptEnded(run: run("app", engine), .failed(JobError("stopped"))), at: t + 3)
        let last = run("backup", engine)
        #expect(engine.handle(.tick, at: t + 8).effects == [.end(run: last, because: .shutdown)])
        let end = engine.handle(.attemptEnded(run: last, .failed(JobError("cut"))), at: t + 8)
        #expect(end.effects == [.done] && engine.jobs["backup"]?.last?.state.outcome == .cancelled)
    }
}

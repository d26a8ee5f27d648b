import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

/// A service whose new process takes the place of the old one.
@Suite("replacement of a service")
struct EngineReplacementTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func app(_ fingerprint: String = "1", needs: [String] = [], order: RestartOrder = .startFirst) -> JobDefinition {
        JobDefinition(name: "app", isService: true, triggers: [.boot], needs: needs, fingerprint: fingerprint, restartOrder: order)
    }

    private func service(_ name: String, needs: [String] = [], _ fingerprint: String = "1") -> JobDefinition {
        JobDefinition(name: name, isService: true, triggers: [.boot], needs: needs, fingerprint: fingerprint)
    }

    private func boot(_ jobs: [JobDefinition], _ stored: StoredState = StoredState(), _ survivors: [SurvivingService] = []) -> (Engine, Decision) {
        let (engine, decision) = Engine.boot(jobs, stored: stored, mostParallel: 8, containerStart: t - 1, survivors: survivors, at: t)
        return (engine, decision)
    }

    private func words(_ decision: Decision) -> [String] {
        decision.effects.map { effect in
            switch effect {
            case .start(let run, _): "start \(run.job) \(run.id)"
            case .adopt(let run, _): "adopt \(run.job) \(run.id)"
            case .end(let run, let reason): "end \(run) \(reason.rawValue)"
            case .done: "done"
            }
        }
    }

    private func say(_ engine: inout Engine, _ run: Int64, _ state: ServiceStatus.State, after seconds: Double = 1) -> [String] {
        words(engine.handle(.service(run: run, .status(ServiceStatus(state: state))), at: t + seconds))
    }

    private func end(_ engine: inout Engine, _ run: Int64, _ why: String = "stopped") -> [String] {
        words(engine.handle(.attemptEnded(run: run, .failed(JobError(why, retry: .pointless))), at: t + 9))
    }

    @Test("the new process starts next to the old one, which is ended once the new one is ready; who needs the service never waits")
    func restart() {
        let user = JobDefinition(name: "user", needs: ["app"])
        var (engine, _) = boot([app(), user])
        #expect(say(&engine, 1, .ready) == [])
        let restarted = engine.handle(.restartRequested(job: "app", via: "test"), at: t + 2)
        #expect(words(restarted) == ["start app 2"] && restarted.reply == .started(run: 2))
        #expect(say(&engine, 2, .starting) == [])
        #expect(words(engine.handle(.startRequested(job: "user", via: "test", evenIfRunning: true), at: t + 3)) == ["start user 3"])
        #expect(say(&engine, 2, .ready) == ["end 1 replaced"])
        #expect(say(&engine, 1, .stopping) == [] && say(&engine, 1, .stopped) == [])
        #expect(words(engine.handle(.startRequested(job: "user", via: "test", evenIfRunning: true), at: t + 4)) == [])
        // A third one waits until the first has gone.
        #expect(words(engine.handle(.restartRequested(job: "app", via: "test"), at: t + 5)) == [])
        #expect(end(&engine, 1) == ["start app 5"])
        #expect(engine.jobs["app"]?.isReady == true && engine.jobs["app"]?.last?.state.outcome == .cancelled)
        #expect(say(&engine, 5, .ready) == ["end 2 replaced"])
    }

    @Test("a new process that fails leaves the old one as it is, and the failure is recorded")
    func failure() {
        var (engine, _) = boot([app()])
        _ = say(&engine, 1, .ready)
        _ = engine.handle(.restartRequested(job: "app", via: "test"), at: t + 2)
        #expect(end(&engine, 2, "the new process did not take the old one's place") == [])
        #expect(engine.runs.of("app").map(\.id) == [1] && engine.jobs["app"]?.isReady == true)
        #expect(engine.jobs["app"]?.last?.id == 2 && engine.jobs["app"]?.last?.state.outcome == .failed)
    }

    @Test("a second request ends the first one's process, and a stop both")
    func again() {
        var (engine, _) = boot([app()])
        _ = say(&engine, 1, .ready)
        _ = engine.handle(.restartRequested(job: "app", via: "test"), at: t + 2)
        #expect(words(engine.handle(.restartRequested(job: "app", via: "test"), at: t + 3)) == ["end 2 person"])
        #expect(end(&engine, 2) == ["start app 3"])
        #expect(Set(words(engine.handle(.stopRequested(job: "app"), at: t + 4))) == ["end 1 person", "end 3 person"])
    }

    @Test("a service that is down is restarted at once; so is one whose old process goes first")
    func down() {
        for (order, states) in [(RestartOrder.startFirst, [ServiceStatus.State.ready, .backingOff]), (.startFirst, [.starting]), (.stopFirst, [.ready])] {
            var (engine, _) = boot([app(order: order)])
            for state in states { _ = say(&engine, 1, state) }
            #expect(words(engine.handle(.restartRequested(job: "app", via: "test"), at: t + 2)) == ["end 1 person"])
            #expect(end(&engine, 1) == ["start app 2"])
        }
    }

    @Test("a reload replaces what has changed; one that no longer starts at boot is ended")
    func reload() {
        var (engine, _) = boot([app()])
        _ = say(&engine, 1, .ready)
        #expect(words(engine.handle(.reloaded([app("2")]), at: t + 2)) == ["start app 2"])
        #expect(words(engine.handle(.reloaded([app("3")]), at: t + 2)) == ["end 2 reloaded"])
        #expect(end(&engine, 2) == ["start app 3"])
        #expect(say(&engine, 3, .ready) == ["end 1 replaced"])
        _ = end(&engine, 1)
        var manual = app("4")
        manual.triggers = []
        #expect(words(engine.handle(.reloaded([manual]), at: t + 3)) == ["end 3 reloaded"])
    }

    @Test("a program that takes both over ends the old one when the new one is ready, and neither before")
    func takeover() {
        func run(_ id: Int64) -> Run {
            Run(id: id, job: "app", cause: .boot, scheduledAt: t, missed: 0, createdAt: t, state: .running(attempt: 1, since: t), startedAt: t)
        }
        func survivor(_ id: Int64, isChanged: Bool) -> SurvivingService {
            SurvivingService(job: "app", run: id, launch: 1, startedAt: t, isChanged: isChanged)
        }
        for isChanged in [false, true] {
            var (engine, first) = boot(
                [app()], StoredState(unfinished: [run(1), run(2)], highestRunID: 2), [survivor(1, isChanged: isChanged), survivor(2, isChanged: false)])
            #expect(words(first) == ["adopt app 1", "adopt app 2"])
            #expect(say(&engine, 1, .ready) == [])
            #expect(say(&engine, 2, .ready) == ["end 1 replaced"])
        }
        // The new one had not been started yet, or has gone with the program.
        var (engine, first) = boot([app()], StoredState(unfinished: [run(1)], highestRunID: 1), [survivor(1, isChanged: true)])
        #expect(words(first) == ["adopt app 1", "start app 2"])
        #expect(say(&engine, 2, .ready) == ["end 1 replaced"])
    }

    @Test("at its memory limit a service asks for another one, and continues until that is ready")
    func memory() {
        var (engine, _) = boot([app()])
        _ = say(&engine, 1, .ready)
        #expect(words(engine.handle(.service(run: 1, .wantsReplacement(reason: "it uses 2 GB")), at: t + 2)) == ["start app 2"])
        #expect(engine.runs[2]?.cause == .memoryLimit && engine.runs[2]?.reason == "it uses 2 GB")
        #expect(words(engine.handle(.service(run: 1, .wantsReplacement(reason: "it uses 2 GB")), at: t + 3)) == [])
        #expect(say(&engine, 2, .ready) == ["end 1 replaced"])
    }

    // MARK: Order

    @Test("services that a reload ends are ended in order, and started again in the other one")
    func orderedReload() {
        let old = [service("db"), service("cache"), service("app", needs: ["db"]), service("edge", needs: ["app"])]
        var (engine, _) = boot(old)
        let ids = { (job: String) in engine.runs.of(job).map(\.id).min() ?? 0 }
        let (db, cache) = (ids("db"), ids("cache"))
        _ = say(&engine, db, .ready)
        let app = ids("app")
        _ = say(&engine, app, .ready)
        let edge = ids("edge")
        _ = say(&engine, edge, .ready)
        let changed = [service("db", "2"), service("cache", "2"), service("app", needs: ["db"], "2")]
        #expect(Set(words(engine.handle(.reloaded(changed), at: t + 2))) == ["end \(cache) reloaded", "end \(edge) reloaded"])
        #expect(end(&engine, edge) == ["end \(app) reloaded"])
        // The new one does not start with what is about to go.
        #expect(end(&engine, app) == ["end \(db) reloaded"])
        let again = end(&engine, db)
        #expect(again.count == 1 && again[0].hasPrefix("start db"))
        let started = say(&engine, ids("db"), .ready)
        #expect(started.count == 1 && started[0].hasPrefix("start app"))
        #expect(end(&engine, cache).count == 1)
    }

    @Test("services that were changed while no program was there are ended in order too")
    func orderedBoot() {
        func run(_ id: Int64, _ job: String) -> Run {
            Run(id: id, job: job, cause: .boot, scheduledAt: t, missed: 0, createdAt: t, state: .running(attempt: 1, since: t), startedAt: t)
        }
        let survivors = ["db": 1, "app": 2].map { SurvivingService(job: $0.key, run: $0.value, launch: 1, startedAt: t, isChanged: true) }
        var (engine, first) = boot(
            [service("db"), service("app", needs: ["db"])], StoredState(unfinished: [run(1, "db"), run(2, "app")], highestRunID: 2), survivors)
        #expect(words(first).filter { $0.hasPrefix("end") || $0.hasPrefix("start") } == ["end 2 reloaded"])
        #expect(end(&engine, 2) == ["end 1 reloaded"])
        #expect(end(&engine, 1).count == 1)
    }

    @Test("two reloads that leave a circle of needs end all the same")
    func circle() {
        var (engine, _) = boot([service("one"), service("two")])
        for id in [Int64(1), 2] { _ = say(&engine, id, .ready) }
        _ = engine.handle(.reloaded([service("one", needs: ["two"]), service("two")]), at: t + 1)
        var active: Set<Int64> = [1, 2]
        var ended = Set<Int64>()
        for decision in [
            engine.handle(.reloaded([service("one"), service("two", needs: ["one"], "3")]), at: t + 2), engine.handle(.reloaded([]), at: t + 3),
        ] { for case .end(let id, _) in decision.effects { ended.insert(id) } }
        for _ in 0..<5 {
            for id in ended.intersection(active) {
                active.remove(id)
                for case .end(let next, _) in engine.handle(.attemptEnded(run: id, .failed(JobError("stopped"))), at: t + 4).effects { ended.insert(next) }
            }
        }
        #expect(engine.runs.isEmpty)
    }

    @Test(
        "whatever happens, and wherever the program dies: a process that serves is ended only for another that serves, and in the end there is one",
        arguments: 0..<40)
    func simulation(seed: Int) {
        var world = ReplacementWorld(seed: UInt64(seed))
        world.run(steps: 400)
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems)")
        #expect(world.replacements > 0)
    }
}

import InPlaceRestore
import JobKit
import Scheduler
import Settings
import Synchronization
import TestSupport
import Testing

/// What a restore in place stops, stores and starts again, whatever fails on the way.
@Suite("restore in place", .waiting)
struct InPlaceRestoreTests {
    private enum Ending: Sendable { case good, bad, incomplete }

    /// What jobs and the plan did, in order.
    private final class Steps: Sendable {
        private let taken = Mutex<[String]>([])

        var all: [String] { taken.withLock { $0 } }

        /// How often it was taken before.
        @discardableResult
        func take(_ step: String) -> Int {
            taken.withLock { taken in
                defer { taken.append(step) }
                return taken.count { $0 == step }
            }
        }
    }

    /// The services "db" and "web", which needs it, work on the restored data; "cache" does not. "settings" runs at boot before "db".
    private struct Scene {
        let launcher = FakeLauncher()
        let steps = Steps()
        let bench: SchedulerBench
        let restoring: InPlaceRestore

        /// - Parameters:
        ///   - restores: How the runs of the restore end, the one at boot first; the last one for ever.
        ///   - backups: The same of the backup, which does not run at boot.
        ///   - versions: What the plans find, one after the other; the last one for ever.
        init(restores: [Ending] = [.good], backups: [Ending] = [.good], versions: [String] = ["v1"], whyNotAside: String? = nil, more: [ScheduledJob] = []) {
            let steps = steps
            func job(_ name: String, _ triggers: [Trigger], needs: [String] = [], _ endings: [Ending]) -> ScheduledJob {
                .scripted(JobDefinition(name: name, triggers: triggers, needs: needs)) { _ throws(JobError) in
                    switch endings[min(steps.take(name), endings.count - 1)] {
                    case .good: return RunReport(summary: "done", result: .backup(BackupResult(.stored)))
                    case .incomplete: return RunReport(summary: "done", result: .backup(BackupResult(.stored, missing: .init(count: 1))))
                    case .bad: throw JobError("it broke")
                    }
                }
            }
            func service(_ name: String, needs: [String] = []) -> ScheduledJob {
                ScheduledJob(
                    definition: JobDefinition(name: name, typeName: "service", isService: true, triggers: [.boot], needs: needs),
                    work: .service(ServiceDefinition(program: .command([name]))), environment: [:])
            }
            bench = SchedulerBench(
                [
                    job("restore", [.boot], restores), job("settings", [.boot], needs: ["restore"], [.good]), job("backup", [], needs: ["restore"], backups),
                    service("db", needs: ["settings"]), service("web", needs: ["db"]), service("cache"),
                ] + more, processes: launcher)
            let planner: InPlaceRestore.Planner = { _, _ in
                let version = versions[min(steps.take("plan"), versions.count - 1)]
                return .success(
                    RestorePlan(
                        restoreJob: "restore", backupJobs: ["backup"], whyNotAside: whyNotAside, version: version, displayText: "the backup \(version)",
                        request: { wanted throws(JobError) in steps.take("request \(wanted ?? "newest")") },
                        yield: { isYielding throws(JobError) in steps.take("yield \(isYielding)") }))
            }
            restoring = InPlaceRestore(scheduler: bench.scheduler, store: bench.store, clock: bench.clock, planner: planner)
        }

        /// The programs that were launched, in order.
        var launched: [String] { launcher.commands.compactMap(\.arguments.first) }

        /// The programs whose processes are still there.
        var running: Set<String> { Set(zip(launched, launcher.processes).filter { !$1.hasEnded }.map { $0.0 }) }

        /// Runs the test's steps once all has started, without what has happened until then.
        func play(_ body: ([String]) async throws -> Void) async throws {
            try await bench.run {
                _ = await launcher.process(3)
                try await body(steps.all)
            }
        }

        func restore(_ data: InPlaceRestore.CurrentData) async -> InPlaceRestore.Progress {
            _ = await restoring.begin("latest", repository: nil, current: data)
            return await restoring.end()
        }

        /// Whether somebody may start the restore's job, which a restore in place keeps for itself.
        func isFree() async -> Bool {
            switch await bench.scheduler.ask(.startRequested(job: "restore", via: "test", evenIfRunning: false)) {
            case .started, .joined: true
            default: false
            }
        }
    }

    @Test("what needs the data is stopped, dependents first, and runs again after a failed restore; nothing else is touched", .limited)
    func failed() async throws {
        let scene = Scene(restores: [.good, .bad])
        try await scene.play { before in
            let end = await scene.restore(.discard)
            #expect(end.state == .failed && end.lines.contains("stopped db, web"), "\(end.lines)")
            #expect(scene.steps.all.dropFirst(before.count) == ["plan", "request v1", "restore", "request newest"])
            _ = await scene.launcher.process(5)
            #expect(scene.launched.suffix(2) == ["db", "web"] && scene.launched.count == 5)
            #expect(scene.running == ["cache", "db", "web"] && scene.launcher.processes.count { $0.hasEnded } == 2)
            let stops = scene.bench.logs.notes.filter { $0.contains("stopped for a restore") }.compactMap { $0.split(separator: ":").first }
            #expect(stops == ["web", "db"], "\(scene.bench.logs.notes)")
            #expect(await scene.isFree())
        }
    }

    @Test("after a restore the data are stored as the newest, and what runs at boot on them runs again before the services", .limited)
    func succeeded() async throws {
        let scene = Scene()
        try await scene.play { before in
            let end = await scene.restore(.backUpFirst)
            #expect(end.state == .succeeded, "\(end.lines)")
            // The second backup is of what was written until the services had stopped.
            #expect(scene.steps.all.dropFirst(before.count) == ["plan", "backup", "backup", "request v1", "restore", "backup", "settings"])
            _ = await scene.launcher.process(5)
            #expect(scene.launched.suffix(2) == ["db", "web"] && scene.running == ["cache", "db", "web"])
            #expect(await scene.isFree())
        }
    }

    @Test(
        "where the current data can't be stored whole, all stays as it is", .limited, arguments: [[Ending.bad], [.incomplete], [.good, .bad]])
    private func unstored(backups: [Ending]) async throws {
        let scene = Scene(backups: backups)
        try await scene.play { before in
            let end = await scene.restore(.backUpFirst)
            #expect(end.state == .failed && !scene.steps.all.contains("request v1"), "\(end.lines)")
            let wanted = ["plan"] + Array(repeating: "backup", count: backups.count)
            #expect(Array(scene.steps.all.dropFirst(before.count)) == wanted)
            if backups.count > 1 { _ = await scene.launcher.process(5) }
            #expect(scene.running == ["cache", "db", "web"] && scene.launched.count == (backups.count > 1 ? 5 : 3))
            #expect(await scene.isFree())
        }
    }

    @Test("set aside: what is restored is looked up again, and the backup jobs get their place back whatever happens", .limited)
    func aside() async throws {
        let scene = Scene(restores: [.good, .bad], versions: ["v1", "v2"])
        try await scene.play { before in
            let end = await scene.restore(.backUpAside)
            #expect(end.state == .failed)
            #expect(
                scene.steps.all.dropFirst(before.count) == ["plan", "yield true", "backup", "plan", "request v2", "restore", "request newest", "yield false"])
            _ = await scene.launcher.process(5)
            #expect(scene.running == ["cache", "db", "web"])
        }
        let refused = Scene(whyNotAside: "the folder is shared")
        try await refused.play { before in
            let end = await refused.restore(.backUpAside)
            #expect(end.state == .failed && end.lines == ["the folder is shared, so it is left as it is"])
            #expect(refused.steps.all.dropFirst(before.count) == ["plan"] && refused.launched.count == 3)
        }
    }

    @Test("a job that works on the data is waited for; where it does not end, nothing is changed; a second restore is refused", .limited)
    func busy() async throws {
        let begun = Gate()
        let scene = Scene(more: [.endless(JobDefinition(name: "report", triggers: [.boot], needs: ["settings"]), begun: begun)])
        try await scene.play { before in
            await begun.wait()
            _ = await scene.restoring.begin("latest", repository: nil, current: .discard)
            await scene.bench.clock.waitForSleeper(for: .seconds(600))
            let second = await scene.restoring.begin("latest", repository: nil, current: .discard)
            #expect(second.state == .refused && second.lines == ["another restore is already under way"])
            scene.bench.clock.advance(by: .seconds(600))
            let end = await scene.restoring.end()
            #expect(end.state == .failed && end.lines == ["waiting for report to end", "report does not end, and nothing was changed"])
            #expect(scene.steps.all.dropFirst(before.count) == ["plan"] && scene.launched.count == 3 && scene.running == ["cache", "db", "web"])
            #expect(await scene.isFree())
        }
    }

    @Test("a service that somebody has stopped stays stopped", .limited)
    func stoppedBefore() async throws {
        let scene = Scene()
        try await scene.play { _ in
            _ = await scene.bench.scheduler.ask(.stopRequested(job: "web", because: .person))
            await scene.bench.logs.wait(for: "web: cancelled")
            let end = await scene.restore(.discard)
            #expect(end.state == .succeeded && end.lines.contains("stopped db"), "\(end.lines)")
            _ = await scene.launcher.process(4)
            #expect(scene.running == ["cache", "db"] && scene.launched.last == "db")
        }
    }
}

import Foundation
import JobKit
import Scheduler
import Settings
import Synchronization
import TestSupport
import Testing

/// A supervisor whose service says how it is.
@Suite("supervisor and notifications")
struct ServiceNotificationTests {
    /// Probes fail as long as the test says so, and files are what it says.
    private final class Tools: ServiceTools {
        let isHealthy = Mutex(true)
        let file = Mutex<String?>(nil)
        let asked = Mutex(0)

        func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult {
            asked.withLock { $0 += 1 }
            return isHealthy.withLock { $0 } ? .healthy : .unhealthy("500")
        }

        func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? { file.withLock { $0 } }
        func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { [] }
    }

    private struct Stage {
        let launcher = FakeLauncher()
        let clock = ManualClock()
        let reporter = KeptVoice()
        let tools = Tools()
        let control = ServiceControl()

        func run(_ definition: ServiceDefinition, survivor: Survivor? = nil) -> Task<RunReport, any Error> {
            let context = RunContext.fake(launcher, clock, reporter)
            return Task {
                try await ServiceSupervisor(definition: definition, tools: tools, isFirstStart: true, survivor: survivor, control: control).run(context)
            }
        }

        func pass(_ step: Duration, until isSo: () -> Bool) async {
            while !isSo() {
                clock.advance(by: step)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }

        func says(_ words: String) -> Bool { reporter.lines.contains { $0.contains(words) } }
        var last: ServiceStatus? { reporter.statuses.last }
    }

    private func end(_ task: Task<RunReport, any Error>) async {
        task.cancel()
        await #expect(throws: JobError.self) { try await task.value }
    }

    private let notified = ServiceDefinition(program: .command(["app"]), ready: .init(target: .notify, within: .seconds(10)))

    @Test("READY=1 makes it ready; a start may be extended", .limited)
    func ready() async throws {
        let stage = Stage()
        let task = stage.run(notified)
        let process = await stage.launcher.process(1)
        #expect(stage.launcher.commands[0].notification == .init())
        await stage.reporter.wait(for: .starting)
        process.notify("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=migrating")
        await stage.pass(.zero) { stage.last?.note == "migrating" }
        for _ in 0..<50 { await stage.pass(.seconds(1)) { true } }
        #expect(!process.hasEnded && stage.last?.state == .starting)
        process.notify("READY=1")
        await stage.reporter.wait(for: .ready)
        #expect(stage.reporter.checks.map(\.target) == ["notify"])
        #expect(String(decoding: process.remembered, as: UTF8.self).contains("readyAt"))
        await end(task)
    }

    @Test("one that never says so is restarted, with the reason", .limited)
    func late() async throws {
        let stage = Stage()
        let task = stage.run(notified)
        let process = await stage.launcher.process(1)
        process.notify("STATUS=READY=1")
        await stage.pass(.seconds(1)) { process.hasEnded }
        #expect(stage.says("not ready within 10s: it has not sent READY=1"))
        await end(task)
    }

    @Test("what was ready before a takeover is ready at once, and says it again to nobody", .limited, arguments: [true, false])
    func takenOver(wasReady: Bool) async throws {
        let stage = Stage()
        // As the program before has kept it.
        let before = Stage()
        let first = before.run(notified)
        let old = await before.launcher.process(1)
        old.notify("STATUS=7 users")
        if wasReady {
            old.notify("READY=1")
            await before.reporter.wait(for: .ready)
        }
        let process = FakeProcess(id: old.id, remembered: old.remembered)
        let note = SurvivorNote(bootID: "boot", job: "app", run: 1, launch: 1, startedAt: stage.clock.now, fingerprint: "", mark: "boot:app:1")
        let task = stage.run(notified, survivor: Survivor(note: note) { _ in process })
        await stage.reporter.wait(for: wasReady ? .ready : .starting)
        #expect(stage.reporter.statuses.map(\.state) == [wasReady ? .ready : .starting] && stage.last?.note == "7 users")
        #expect(!stage.reporter.lines.contains("ready") && stage.launcher.processes.isEmpty)
        await end(task)
        await end(first)
    }

    @Test("a file counts when it is another one than before the start", .limited)
    func file() async throws {
        let stage = Stage()
        stage.tools.file.withLock { $0 = "old" }
        let task = stage.run(.init(program: .command(["app"]), ready: .init(target: .file("/up"), every: .seconds(1), within: .seconds(60))))
        _ = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { stage.reporter.checks.count > 5 }
        #expect(stage.last?.state == .starting)
        #expect(stage.reporter.checks.allSatisfy { $0.result == .unhealthy("/up has not been written since the service was started") })
        stage.tools.file.withLock { $0 = "new" }
        await stage.pass(.seconds(1)) { stage.last?.state == .ready }
        await end(task)
    }

    @Test("failures in the start period don't count; after a first success all do", .limited, arguments: [false, true])
    func startPeriod(passesOnce: Bool) async throws {
        let stage = Stage()
        stage.tools.isHealthy.withLock { $0 = false }
        let live = ServiceDefinition.LiveCheck(probe: .exec(["probe"]), every: .seconds(1), failures: 2, startPeriod: .seconds(100))
        let task = stage.run(.init(program: .command(["app"]), live: live))
        let process = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { stage.tools.asked.withLock { $0 } >= 20 }
        #expect(!process.hasEnded && stage.last?.state == .ready && stage.says("failed in the start period of 1m40s: 500"))
        if passesOnce {
            stage.tools.isHealthy.withLock { $0 = true }
            await stage.pass(.seconds(1)) { stage.reporter.checks.last?.result == .healthy }
            stage.tools.isHealthy.withLock { $0 = false }
        }
        let start = stage.clock.uptime
        await stage.pass(.seconds(1)) { process.hasEnded }
        #expect(stage.says("2 live checks failed in a row: 500"))
        #expect((stage.clock.uptime - start < .seconds(60)) == passesOnce)
        await end(task)
    }

    @Test("who is reloading is not ready until it says so; nobody is asked before", .limited)
    func reload() async throws {
        let stage = Stage()
        var definition = notified
        definition.reload = .signal(1)
        #expect(await stage.control.reload() == .refused("it is not ready just now; try again when it is"))
        let task = stage.run(definition)
        let process = await stage.launcher.process(1)
        await stage.reporter.wait(for: .starting)
        guard case .refused = await stage.control.reload() else { return #expect(Bool(false)) }
        process.notify("READY=1")
        await stage.reporter.wait(for: .ready)
        #expect(await stage.control.reload() == .asked("SIGHUP") && process.signals == [1])
        process.notify("RELOADING=1\nMONOTONIC_USEC=1")
        await stage.reporter.wait(for: .unready)
        #expect(await stage.control.reload() == .refused("it is reloading already"))
        process.notify("READY=1")
        await stage.pass(.zero) { stage.last?.state == .ready }
        process.notify("RELOADING=1")
        await stage.pass(.seconds(1)) { process.hasEnded }
        #expect(stage.says("it has not been ready again within 10s"))
        await end(task)
    }

    @Test(
        "a process that takes over is checked anew; that it is ready it may have said before it was found", .limited, arguments: [true, false])
    func successor(notifies: Bool) async throws {
        let stage = Stage()
        var definition = notified
        if !notifies { definition.ready = .init(probe: .exec(["probe"]), every: .seconds(1), within: .seconds(1000)) }
        definition.adoptPort = 80
        let task = stage.run(definition)
        let (process, next) = (await stage.launcher.process(1), FakeProcess(id: 77))
        process.notify("READY=1")
        await stage.pass(.zero) { stage.last?.state == .ready }
        process.notify("STOPPING=1\nSTATUS=leaving")
        stage.tools.isHealthy.withLock { $0 = false }
        let asked = stage.tools.asked.withLock { $0 }
        process.leave(next)
        process.end(.exited(0))
        await stage.pass(.seconds(1)) { stage.last?.process == 77 && (notifies || stage.tools.asked.withLock { $0 } > asked + 3) }
        if notifies { await stage.pass(.zero) { stage.last?.state == .ready } } else { #expect(stage.last?.state == .starting) }
        stage.tools.isHealthy.withLock { $0 = true }
        await stage.pass(.seconds(1)) { stage.last?.state == .ready }
        #expect(stage.launcher.processes.count == 1)
        await end(task)
    }

    @Test("a flood of statuses is shown now and then, and the last one in the end", .limited)
    func flood() async throws {
        let stage = Stage()
        let task = stage.run(notified)
        let process = await stage.launcher.process(1)
        process.notify("READY=1")
        await stage.reporter.wait(for: .ready)
        for number in 1...5000 { process.notify("STATUS=\(number)") }
        await stage.pass(.milliseconds(500)) { stage.last?.note == "5000" }
        #expect(stage.reporter.statuses.count < 50, "\(stage.reporter.statuses.count)")
        await end(task)
    }
}

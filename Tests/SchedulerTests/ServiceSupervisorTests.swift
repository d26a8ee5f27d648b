import Foundation
import JobKit
import Scheduler
import Settings
import Synchronization
import TestSupport
import Testing

@Suite("service supervisor")
struct ServiceSupervisorTests {
    /// Answers probes as the test says, in turn; the last answer for ever.
    private final class Probes: ServiceTools {
        private struct State {
            var answers: [ProbeResult]
            var asked = 0
        }

        private let state: Mutex<State>

        init(_ answers: [ProbeResult]) { state = Mutex(State(answers: answers)) }

        var asked: Int { state.withLock { $0.asked } }

        func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult {
            state.withLock { state in
                state.asked += 1
                return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            }
        }

        func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? { nil }
        func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { [] }
    }

    private struct Stage {
        let launcher = FakeLauncher()
        let clock = ManualClock()
        let reporter = KeptVoice()

        func run(_ definition: ServiceDefinition, _ tools: any ServiceTools = Probes([.healthy]), environment: [String: String] = [:]) -> Task<
            RunReport, any Error
        > {
            let context = RunContext.fake(launcher, clock, reporter, environment: environment)
            return Task { try await ServiceSupervisor(definition: definition, tools: tools, isFirstStart: true).run(context) }
        }

        /// Lets time go by in steps until something is so.
        func pass(_ step: Duration, until isSo: () -> Bool) async {
            while !isSo() {
                clock.advance(by: step)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    /// Prints before anybody knows that the process is there, and once more when it is known.
    private struct HastyLauncher: ProcessLauncher {
        let next: FakeLauncher

        func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
            for text in ["tick 0", "tick 1"] { print(text, command) }
            return try await next.launch(command)
        }

        func print(_ text: String, _ command: ProcessCommand) {
            command.onOutput(Array(text.utf8), .standardOutput, nil)
        }
    }

    @Test("what a process prints comes after the line that it was started", .limited)
    func order() async throws {
        let stage = Stage()
        let launcher = HastyLauncher(next: stage.launcher)
        stage.launcher.fail([.notFound(program: "app", searched: "")])
        let context = RunContext.fake(launcher, stage.clock, stage.reporter)
        let task = Task {
            try await ServiceSupervisor(definition: ServiceDefinition(program: .command(["app"])), tools: Probes([.healthy]), isFirstStart: true).run(context)
        }
        // The first launch fails: what it is said to have printed is nobody's.
        await stage.pass(.seconds(1)) { stage.launcher.processes.count == 1 }
        await stage.pass(.zero) { stage.reporter.lines.contains("tick 1") }
        launcher.print("tick 2", stage.launcher.commands[0])
        let lines = stage.reporter.lines.filter { $0.hasPrefix("started: ") || $0.hasPrefix("tick") }
        #expect(lines == ["started: app (process 1000)", "tick 0", "tick 1", "tick 2"], "\(stage.reporter.lines)")
        #expect(stage.reporter.lines.count { $0 == "tick 0" } == 1)
        task.cancel()
        await #expect(throws: JobError.self) { try await task.value }
    }

    private let live = ServiceDefinition.LiveCheck(probe: .exec(["probe"]), every: .seconds(1), failures: 2)

    @Test("a check that can't run is no verdict: the service stays, and one line says why", .limited)
    func blindCheck() async throws {
        let stage = Stage()
        let probes = Probes([.unknown("command not found: curl")])
        let task = stage.run(ServiceDefinition(program: .command(["app"]), live: live), probes)
        let process = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { probes.asked >= 20 }
        #expect(!process.hasEnded)
        #expect(stage.reporter.lines.filter { $0.contains("can't run") }.count == 1)
        #expect(stage.reporter.lines.contains { $0.contains("command not found: curl") })
        task.cancel()
        await #expect(throws: JobError.self) { try await task.value }
        #expect(process.hasEnded)
    }

    @Test("failures count over a check that could not run between them", .limited)
    func failuresCount() async throws {
        let stage = Stage()
        let probes = Probes([.unhealthy("500"), .unknown("no slots"), .unhealthy("500"), .healthy])
        let task = stage.run(ServiceDefinition(program: .command(["app"]), live: live), probes)
        let process = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { process.hasEnded }
        #expect(probes.asked == 3)
        #expect(stage.reporter.lines.contains { $0.contains("2 live checks failed in a row: 500") })
        #expect(stage.reporter.checks.map(\.result) == [.unhealthy("500"), .unknown("no slots"), .unhealthy("500")])
        #expect(stage.reporter.checks.allSatisfy { $0.kind == .live && $0.target == "probe" })
        task.cancel()
        _ = try? await task.value
    }

    @Test("a ready check that can't run holds the service in its start, past the time that it has", .limited)
    func blindReady() async throws {
        let stage = Stage()
        let probes = Probes([.unknown("no slots")])
        let ready = ServiceDefinition.ReadyCheck(probe: .exec(["probe"]), every: .seconds(1), within: .seconds(5))
        let task = stage.run(ServiceDefinition(program: .command(["app"]), ready: ready), probes)
        let process = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { probes.asked >= 30 }
        #expect(!process.hasEnded)
        #expect(stage.reporter.statuses.last?.state == .starting)
        task.cancel()
        _ = try? await task.value
    }

    @Test("what is short for a moment never gives a service up; it starts when the shortage is over", .limited)
    func shortage() async throws {
        let stage = Stage()
        stage.launcher.fail(Array(repeating: .short(program: "app", .processes), count: 50))
        let restart = ServiceDefinition.RestartPolicy(backoff: .seconds(1), backoffCap: .seconds(2), giveUpAfter: 3)
        let task = stage.run(ServiceDefinition(program: .command(["app"]), restart: restart))
        await stage.pass(.seconds(2)) { !stage.launcher.processes.isEmpty }
        #expect(stage.reporter.lines.contains { $0.contains("no process slot is free") })
        await stage.reporter.wait(for: .ready)
        task.cancel()
        _ = try? await task.value
    }

    @Test("a missing program is given up by the policy", .limited)
    func missingProgram() async throws {
        let stage = Stage()
        stage.launcher.fail(Array(repeating: .notFound(program: "app", searched: "/bin"), count: 50))
        let restart = ServiceDefinition.RestartPolicy(backoff: .seconds(1), backoffCap: .seconds(2), giveUpAfter: 3)
        let task = stage.run(ServiceDefinition(program: .command(["app"]), restart: restart))
        let isGivenUp = { stage.reporter.statuses.contains { $0.state == .givenUp } }
        await stage.pass(.seconds(2), until: isGivenUp)
        await #expect(throws: JobError.self) { try await task.value }
        #expect(stage.launcher.processes.isEmpty)
    }

    @Test("a repair has the service's own environment", .limited)
    func repair() async throws {
        let stage = Stage()
        let definition = ServiceDefinition(
            program: .command(["app"]), environment: ["OWN": "1", "BOTH": "own"], exitRules: [78: .repair(.command(["doctor"]), after: 1, then: .giveUp)])
        let task = stage.run(definition, environment: ["BOTH": "job", "JOB": "1"])
        await stage.launcher.process(1).end(.exited(78))
        await stage.launcher.process(2).end(.exited(0))
        _ = await stage.launcher.process(3)
        let commands = stage.launcher.commands
        #expect(commands.map { $0.arguments.first } == ["app", "doctor", "app"])
        #expect(commands.allSatisfy { $0.environment == ["OWN": "1", "BOTH": "own", "JOB": "1"] })
        task.cancel()
        _ = try? await task.value
    }

    @Test("memory is measured only where there is a limit", .limited, arguments: [true, false])
    func memory(isLimited: Bool) async throws {
        let stage = Stage()
        let probes = Probes([.healthy])
        let task = stage.run(ServiceDefinition(program: .command(["app"]), live: live, memoryLimit: isLimited ? .init(.bytes(1000)) : nil), probes)
        let process = await stage.launcher.process(1)
        await stage.pass(.seconds(1)) { probes.asked >= 30 && (!isLimited || process.usageCalls > 1) }
        #expect((process.usageCalls > 0) == isLimited)
        task.cancel()
        _ = try? await task.value
    }

    @Test("a stop goes through the steps, and the run says that it was stopped", .limited)
    func stop() async throws {
        let stage = Stage()
        let task = stage.run(ServiceDefinition(program: .command(["app"]), stop: StopSteps([.init(signal: 2, wait: .seconds(1))])))
        let process = await stage.launcher.process(1)
        await stage.reporter.wait(for: .ready)
        task.cancel()
        await #expect(throws: JobError.self) { try await task.value }
        #expect(process.signals == [2])
        #expect(stage.reporter.statuses.map(\.state) == [.starting, .ready, .stopping, .stopped])
    }
}

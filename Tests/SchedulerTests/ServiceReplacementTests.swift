import Foundation
import JobKit
import Scheduler
import Settings
import Synchronization
import TestSupport
import Testing

/// The supervisor of a process that takes another one's place.
@Suite("a process that takes another one's place")
struct ServiceReplacementTests {
    /// Is healthy, and counts.
    private final class Probes: ServiceTools {
        private let count = Atomic(0)
        var asked: Int { count.load(ordering: .relaxed) }

        func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult {
            count.add(1, ordering: .relaxed)
            return .healthy
        }

        func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? { nil }
        func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { [] }
    }

    private let launcher = FakeLauncher()
    private let clock = ManualClock()
    private let reporter = KeptVoice()

    private func run(_ definition: ServiceDefinition, _ tools: any ServiceTools, replaced: Int64? = 7, sockets: (any ListenSockets)? = nil) -> Task<
        RunReport, any Error
    > {
        let context = RunContext.fake(launcher, clock, reporter)
        let supervisor = ServiceSupervisor(definition: definition, tools: tools, isFirstStart: false, replaced: { replaced }, sockets: sockets)
        return Task { try await supervisor.run(context) }
    }

    private func pass(_ step: Duration, until isSo: () -> Bool) async {
        while !isSo() {
            clock.advance(by: step)
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    private func definition(_ ready: ServiceDefinition.Probe, limit: ServiceDefinition.MemoryLimit? = nil) -> ServiceDefinition {
        ServiceDefinition(
            program: .command(["app"]), ready: .init(probe: ready, every: .seconds(1), within: .seconds(20)), restart: .init(order: .startFirst),
            memoryLimit: limit)
    }

    @Test(
        "what the old one may have answered counts only once the new one listens at the port itself", .limited,
        arguments: [ServiceDefinition.Probe.http(["http://127.0.0.1:8080/healthz"]), .tcp(host: "localhost", port: 8080)])
    func port(probe: ServiceDefinition.Probe) async throws {
        let probes = Probes()
        let task = run(definition(probe), probes)
        let process = await launcher.process(1)
        await pass(.seconds(1)) { reporter.checks.count >= 3 }
        #expect(!reporter.statuses.contains { $0.state == .ready } && probes.asked == 0)
        #expect(reporter.checks.allSatisfy { $0.result == .unhealthy("process \(process.id) does not listen at port 8080 yet; only the old one does") })
        process.listen(at: 8080)
        await pass(.seconds(1)) { reporter.statuses.contains { $0.state == .ready } }
        #expect(probes.asked == 3)
        task.cancel()
        _ = try? await task.value
    }

    @Test("a check that only the new one can pass counts at once", .limited)
    func exact() async throws {
        let probes = Probes()
        let task = run(definition(.exec(["check"])), probes)
        await reporter.wait(for: .ready)
        #expect(probes.asked == 1)
        task.cancel()
        _ = try? await task.value
    }

    @Test("one try has to do: an exit, a late start and a program that is missing end the run, and say that the old one continues", .limited)
    func failures() async throws {
        let exited = run(definition(.tcp(host: "127.0.0.1", port: 1)), Probes())
        await launcher.process(1).end(.exited(3))
        await #expect(throws: JobError.self) { try await exited.value }
        let late = run(definition(.tcp(host: "127.0.0.1", port: 1)), Probes())
        let second = await launcher.process(2)
        await pass(.seconds(5)) { second.hasEnded }
        launcher.fail([.notFound(program: "app", searched: "")])
        let missing = run(definition(.tcp(host: "127.0.0.1", port: 1)), Probes())
        var said: [String] = []
        for task in [exited, late, missing] {
            do { _ = try await task.value } catch { said.append("\(error)") }
        }
        let begin = "the new process did not take the old one's place: "
        #expect(said.count == 3 && said.allSatisfy { $0.hasPrefix(begin) && $0.contains("; the old one continues (run 7)") }, "\(said)")
        #expect(said[0].contains("it exited with code 3 before it was ready") && said[1].contains("not ready within 20s") && said[2].contains("app"))
        #expect(launcher.processes.count == 2)
    }

    @Test(
        "at the memory limit another one is asked for where both have room, else the service is restarted", .limited, arguments: [true, false])
    func memory(hasRoom: Bool) async throws {
        let task = run(definition(.exec(["check"]), limit: .init(.bytes(100 << 20), within: .seconds(60))), Probes(), replaced: nil)
        let process = await launcher.process(1)
        process.use(ProcessUsage(residentBytes: 200 << 20, containerBytes: hasRoom ? 300 << 20 : 299 << 20))
        await pass(.seconds(1)) { hasRoom ? reporter.replacements.count == 2 : process.hasEnded }
        #expect(process.hasEnded == !hasRoom)
        #expect(reporter.replacements.isEmpty == !hasRoom)
        #expect(hasRoom || reporter.lines.contains { $0.contains("no room for a second process") }, "\(reporter.lines)")
        task.cancel()
        _ = try? await task.value
    }

    /// Has no socket at first.
    private final class Busy: ListenSockets {
        private let asked = Atomic(0)
        let address = ListenAddress(.tcp(host: "127.0.0.1", port: 80), at: SourcePlace(file: "app.yaml", line: 3, column: 9))

        func open(_ addresses: [ListenAddress], for job: String, run: Int64) async throws(ListenError) -> [Int32] {
            if asked.add(1, ordering: .relaxed).newValue < 3 { throw ListenError(address, .inUse(by: nil)) }
            return [70, 71]
        }

        func release(run: Int64, of job: String, isLast: Bool) {}
        func retain(jobs: Set<String>) {}
    }

    @Test("a socket that can't be opened is a start that has failed, and is tried again", .limited)
    func sockets() async throws {
        let busy = Busy()
        var definition = definition(.exec(["check"]))
        definition.listen = [busy.address]
        let task = run(definition, Probes(), replaced: nil, sockets: busy)
        await pass(.seconds(1)) { launcher.processes.count == 1 }
        #expect(launcher.commands[0].sockets == ProcessCommand.Sockets([70, 71], name: "app"))
        #expect(reporter.lines.contains { $0.hasPrefix("app.yaml:3:9: can't listen at 127.0.0.1:80: another program listens there; starting again in ") })
        task.cancel()
        _ = try? await task.value
    }
}

import Foundation
package import JobKit
package import Scheduler

/// A scheduler on a clock that the test moves, with jobs that do what the test says.
package final class SchedulerBench: Sendable {
    package let clock: ManualClock
    package let logs: RecordedLogs
    package let store: InMemoryStore
    package let scheduler: JobScheduler

    /// - Parameters:
    ///   - store: What keeps the records; `memory`, which never fails, where nothing else does.
    ///   - processes: What starts programs; nothing, where the test gives none.
    package init(
        _ jobs: [ScheduledJob], clock: ManualClock = ManualClock(), memory: InMemoryStore = InMemoryStore(), store: (any RunStore)? = nil,
        secret: String? = nil, processes: any ProcessLauncher = NoProcesses()
    ) {
        self.clock = clock
        self.store = memory
        logs = RecordedLogs(secret: secret)
        scheduler = JobScheduler(
            jobs: jobs,
            ports: SchedulerPorts(
                store: store ?? memory, clock: clock, processes: processes, values: memory, logs: logs, serviceTools: NoServiceTools(), stateFolder: "/tmp"),
            bootID: "boot", mostParallel: 8)
    }

    /// Runs the scheduler around the test's steps, and stops it after them.
    package func run(_ steps: () async throws -> Void) async throws {
        async let ended: Void = scheduler.run()
        do { try await steps() } catch {
            stop()
            try? await ended
            throw error
        }
        stop()
        try await ended
    }

    /// Tells it to stop: what goes on is ended at once.
    package func stop() { scheduler.shutDown(budget: .zero, runs: .zero) }

    /// The outcomes of a job's runs, oldest first.
    package func outcomes(of job: String) -> [RunOutcome?] { store.allRuns.filter { $0.job == job }.map(\.state.outcome) }
}

extension ScheduledJob {
    /// A job of the test's own.
    package static func scripted(_ definition: JobDefinition, _ body: @escaping ScriptedJob.Body) -> ScheduledJob {
        ScheduledJob(definition: definition, work: .job(ScriptedJob(body)), environment: ["OWN": definition.name])
    }

    /// One that goes on until it is ended.
    /// - Parameter begun: Opened when it has begun.
    package static func endless(_ definition: JobDefinition, begun: Gate) -> ScheduledJob {
        scripted(definition) { context throws(JobError) in
            begun.open()
            do { try await context.clock.sleep(until: .distantFuture) } catch { throw JobError("was ended") }
            return RunReport(summary: "")
        }
    }

    /// One that succeeds at once.
    package static func good(_ definition: JobDefinition) -> ScheduledJob {
        scripted(definition) { _ in RunReport(summary: "did \(definition.name)") }
    }
}

/// Knows of no program.
package struct NoProcesses: ProcessLauncher {
    package init() {}
    package func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
        throw .notFound(program: command.arguments.first ?? "", searched: "nowhere")
    }
}

private struct NoServiceTools: ServiceTools {
    func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult { .healthy }
    func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? { nil }
    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { [] }
}

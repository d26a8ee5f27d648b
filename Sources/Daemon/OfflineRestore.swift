import Config
package import Control
import Foundation
import InPlaceRestore
package import JobKit
import Jobs
import Logs
import Processes
import Scheduler
import Store
import TimeZones

/// A restore in place while no program runs: the restore and backup jobs of the configuration do their work here, with what the state file knows.
///
/// The state folder's lock is held as long as this lives, so that no program can start meanwhile. What the jobs record is what they record in a
/// running program: the next start knows which backup the tree descends from.
package struct OfflineRestore: Sendable {
    private let configuration: Configuration
    private let state: StateFolder
    private let store: StateFile
    private let redactor: Redactor
    private let bootID: String
    private let clock = SystemWallClock()
    /// Never read: it holds the lock.
    private let lock: Daemon.OpenLock

    /// What came of it.
    package enum Outcome: Sendable {
        case restored
        /// The tree was replaced, and storing it as the newest backup failed.
        case restoredNotStored
        /// The tree is as it was.
        case unchanged
    }

    /// Why it can't begin.
    package enum Refusal: Error {
        case start(Daemon.StartFailure)
        /// The folder holds no state: a program may run with another one.
        case noState(folder: String)
        case store(message: String)
    }

    /// Reads the configuration and takes the state folder. Blocks.
    /// - Parameters:
    ///   - configuration: The configuration file that the command line names.
    ///   - state: The state folder that it names.
    package static func prepare(configuration: String?, state: String?, version: String) throws(Refusal) -> OfflineRestore {
        let daemon: Daemon
        do throws(Daemon.StartFailure) { daemon = try Daemon.prepare(configurationOption: configuration, stateOption: state, version: version) } catch {
            throw .start(error)
        }
        guard FileManager.default.fileExists(atPath: daemon.state.database) else { throw .noState(folder: daemon.state.path) }
        let store: StateFile
        do { store = try StateFile.open(path: daemon.state.database).file } catch { throw .store(message: error.message) }
        ShownTime.zone = daemon.configuration.timeZone
        daemon.redactor.add(JobEnvironment(stateFolder: daemon.state.path).secrets(of: daemon.configuration))
        return OfflineRestore(
            configuration: daemon.configuration, state: daemon.state, store: store, redactor: daemon.redactor, bootID: daemon.stopping.bootID,
            lock: daemon.lock)
    }

    private init(configuration: Configuration, state: StateFolder, store: StateFile, redactor: Redactor, bootID: String, lock: Daemon.OpenLock) {
        self.configuration = configuration
        self.state = state
        self.store = store
        self.redactor = redactor
        self.bootID = bootID
        self.lock = lock
    }

    private var plans: RepositoryPlans { RepositoryPlans(configuration: configuration) }

    /// What would be replaced by what.
    package func preview(_ selector: String, repository: String?) async throws(JobError) -> RestorePreviewAnswer {
        try await plans.preview(selector, repository, store: store)
    }

    /// Replaces the tree. What a killed program has left running is ended first, since it would work in the same folders.
    /// - Parameters:
    ///   - say: Gets each line of the report.
    ///   - onProgress: Gets how far the job at work is, as often as it says so, on any thread. Must not block.
    package func run(
        _ selector: String, repository: String?, backsUpFirst: Bool, onProgress: @escaping @Sendable (RunProgress) -> Void = { _ in },
        say: @escaping @Sendable (String) -> Void
    ) async throws(JobError) -> Outcome {
        if let before = state.exchangeBoot(bootID) { await SystemProcessLauncher.killAll(markPrefix: before + ":") }
        state.clearScratch()
        let plan = try await plans.plan(selector, repository, values: store, bootID: bootID).get()
        if backsUpFirst {
            if plan.backupJobs.isEmpty { say("no job backs up the current data, so they are not stored first") }
            for job in plan.backupJobs {
                say("backing up the current data: \(job)")
                guard await work(job, onProgress, say) == .whole else {
                    say("nothing was changed; --no-backup skips the backup of the current data")
                    return .unchanged
                }
            }
        }
        say("restoring \(plan.displayText)")
        try await plan.request(plan.version)
        guard await work(plan.restoreJob, onProgress, say) == .whole else {
            try await plan.request(nil)
            return .unchanged
        }
        var outcome = Outcome.restored
        for job in plan.backupJobs {
            say("storing the restored data as the newest backup: \(job)")
            if await work(job, onProgress, say) == .failed { outcome = .restoredNotStored }
        }
        if case .restoredNotStored = outcome {
            say("the restored data are not stored yet: a new container would restore what was there before")
        }
        return outcome
    }

    /// The services that start with the restored data once the program does.
    package var services: [String] { configuration.jobs.filter { $0.definition.isService && $0.definition.disabled == nil }.map(\.definition.name) }

    private enum End {
        case whole, incomplete, failed
    }

    /// Does one attempt of a job.
    private func work(
        _ name: String, _ onProgress: @escaping @Sendable (RunProgress) -> Void, _ say: @escaping @Sendable (String) -> Void
    ) async -> End {
        guard let job = configuration.jobs.first(where: { $0.definition.name == name }), case .job(let type) = job.work else { return .failed }
        let context = RunContext(
            job: name, run: 0, attempt: 1, scheduledAt: clock.now, missed: 0, bootID: bootID, stateFolder: state.path, deadline: nil, environment: [:],
            clock: clock, processes: SystemProcessLauncher(clock: clock), values: store,
            reporter: Lines(say: { [redactor] in say("\(name): \(redactor.redacted($0))") }, onProgress: onProgress),
            redacted: { [redactor] in redactor.redacted($0) })
        do throws(JobError) {
            let report = try await type.run(context)
            let isWhole = report.result.isComplete
            say(redactor.redacted("\(name) \(isWhole ? "succeeded" : "incomplete"): \(report.summary)"))
            return isWhole ? .whole : .incomplete
        } catch {
            say(redactor.redacted("\(name) failed: \(error.summary)\(error.hint.map { " (\($0))" } ?? "")"))
            return .failed
        }
    }

    /// Passes on the lines of a run, and how far it is.
    private struct Lines: RunReporter {
        let say: @Sendable (String) -> Void
        let onProgress: @Sendable (RunProgress) -> Void

        func log(_ line: String) { say(line) }
        func output(_ bytes: [UInt8], from stream: LogStream) {}
        func report(_ progress: RunProgress) { onProgress(progress) }
        func report(_ service: ServiceStatus) {}
        func report(_ check: CheckReport) {}
        func launched(_ process: any RunningProcess) {}
        func ended(_ exit: ProcessExit) {}
    }
}

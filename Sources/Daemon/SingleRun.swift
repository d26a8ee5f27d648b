import Config
package import Control
import Glibc
import HTTPClient
import JobKit
import Jobs
import Logs
package import Processes
import Scheduler
import Settings
import Store
import TimeZones

/// One run of one job of the configuration, by a program that does nothing else: no schedules, no other jobs, no socket, no page.
///
/// The scheduler decides as in a running program, so timeout, retries, secrets, redaction, the log and the record of the run are the same. The state folder's lock is held
/// as long as this lives.
package struct SingleRun: Sendable {
    private let daemon: Daemon
    private let job: ScheduledJob
    private let store: StateFile
    private let environment: JobEnvironment

    /// Why it can't begin.
    package enum Refusal: Error {
        case start(Daemon.StartFailure)
        /// The configuration declares no such job.
        /// - Parameter nearest: A name that is like it; nil where there is none.
        case noSuchJob(nearest: String?)
        /// It never ends by itself.
        case isService
        case store(message: String)
    }

    /// Why there was no run.
    package struct Refused: Error {
        package let reason: String
    }

    /// Reads the configuration and takes the state folder. Blocks.
    /// - Parameters:
    ///   - name: The job's name.
    ///   - configuration: The configuration file that the command line names.
    ///   - state: The state folder that it names.
    ///   - log: Where the log goes.
    package static func prepare(
        _ name: String, configuration: String?, state: String?, version: String, log: StandardStream
    ) throws(Refusal) -> SingleRun {
        let daemon: Daemon
        do throws(Daemon.StartFailure) {
            daemon = try Daemon.prepare(configurationOption: configuration, stateOption: state, version: version, log: log)
        } catch {
            throw .start(error)
        }
        let environment = JobEnvironment(stateFolder: daemon.state.path)
        let jobs = environment.jobs(of: daemon.configuration)
        guard let job = jobs.first(where: { $0.definition.name == name }) else {
            throw .noSuchJob(nearest: NearestWord.find(name, in: jobs.map(\.definition.name)))
        }
        guard !job.definition.isService else { throw .isService }
        let store: StateFile
        do { store = try StateFile.open(path: daemon.state.database).file } catch { throw .store(message: error.message) }
        ShownTime.zone = daemon.configuration.timeZone
        daemon.redactor.add(environment.secrets(of: daemon.configuration))
        return SingleRun(daemon: daemon, job: job, store: store, environment: environment)
    }

    /// Runs it to its end. SIGTERM, SIGINT, SIGQUIT and SIGHUP end it within the stop budget.
    ///
    /// Its log has the form that it has in a running program. What a killed program has left running is ended first, since it would work in the same folders.
    /// - Parameters:
    ///   - isDryRun: Whether it shows what it would do.
    ///   - caller: Who asks, for the history.
    /// - Throws: `Refused` where the job can't run, or the record can't be written.
    package func run(isDryRun: Bool, via caller: Caller) async throws(Refused) -> RunAnswer {
        let (state, stopping) = (daemon.state, daemon.stopping)
        if let before = state.exchangeBoot(stopping.bootID) { await SystemProcessLauncher.killAll(markPrefix: before + ":") }
        state.clearScratch()
        let logs = RunLogFiles(
            folder: state.logs, container: daemon.container, redactor: daemon.redactor, mostPerRun: daemon.configuration.logs.mostPerRun)
        var once = job
        once.definition = job.definition.runOnce
        let scheduler = JobScheduler(
            jobs: [once],
            ports: SchedulerPorts(
                store: OneJobStore(store, job: job.definition.name), clock: daemon.clock,
                processes: SystemProcessLauncher(clock: daemon.clock, inherited: ContainerEnvironment.bytes), values: store, logs: logs,
                serviceTools: ServiceInspector(http: CurlClient()), stateFolder: state.path),
            bootID: stopping.bootID, mostParallel: 1)
        let signals = SignalStream([SIGTERM, SIGINT, SIGQUIT, SIGHUP])
        let listening = Task { for await signal in signals.signals { stop(scheduler, because: "\(SignalName.name(of: signal)) received") } }
        let position = scheduler.position
        let running = Task { () async -> StoreError? in
            do throws(StoreError) { try await scheduler.run() } catch { return error }
            return nil
        }
        let name = job.definition.name
        let reply = await scheduler.ask(
            isDryRun
                ? .dryRunRequested(job: name, via: caller.rawValue) : .startRequested(job: name, via: caller.rawValue, evenIfRunning: true))
        if case .started(let run) = reply { await scheduler.end(of: run, after: position) }
        scheduler.shutDown(budget: stopping.begin(), runs: .zero)
        let failure = await running.value
        listening.cancel()
        SystemProcessLauncher.killAll()
        logs.flush(within: stopping.farewell)
        daemon.http.close()
        if let failure { throw Refused(reason: "the state file can't be used: \(failure.message)") }
        guard case .started(let run) = reply else { throw Refused(reason: reply.refusal) }
        do throws(OperationError) { return try await RunAnswer(RunHistory(store: store, logs: logs), run) } catch {
            throw Refused(reason: FailureAnswer(error).problems.map(\.message).joined(separator: "; "))
        }
    }

    private func stop(_ scheduler: JobScheduler, because reason: String) {
        let budget = daemon.stopping.begin()
        daemon.container.note("\(reason); ending the run within \(DurationText.format(budget))")
        scheduler.shutDown(budget: budget, runs: .zero)
    }
}

extension Reply? {
    fileprivate var refusal: String {
        if case .refused(let reason) = self { reason } else { "the program is stopping" }
    }
}

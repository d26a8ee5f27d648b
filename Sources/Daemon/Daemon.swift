import Config
import Control
import Files
import Foundation
import Front
import HTTPClient
import InPlaceRestore
import Init
import JobKit
import Jobs
import Logging
import Logs
package import Processes
package import Scheduler
package import Settings
import Store
import Synchronization
import TimeZones

/// The running program: made of parts that each end when cancelled, started in order and stopped in reverse.
package struct Daemon {
    static let hangUp: Int32 = 1
    static let socketPause = Duration.seconds(1)
    /// The longest that clients are waited for at the end.
    private static let longestGoodbye = Duration.milliseconds(400)

    let version: String
    let file: ConfigurationFile
    let catalog: JobCatalog
    let configuration: Configuration
    let state: StateFolder
    let lock: OpenLock
    let clock: SystemWallClock
    let http: CurlClient
    let redactor: Redactor
    let container: ContainerLog
    /// Whether each exchange over HTTP is logged.
    let areRequestsLogged: SharedValue<Bool>
    let stopping: Stopping
    /// The configuration that is in force.
    let current: SharedValue<Configuration>
    let publicPort: PublicPort
    /// What is wrong with the configuration on the disk, which is not in force.
    let mistakes: SharedValue<ConfigurationMistakes>

    /// Holds the state folder's lock as long as the program lives.
    final class OpenLock: Sendable {
        private let raw: Int32

        init(_ descriptor: consuming OwnedFD) { raw = descriptor.release() }

        deinit { close(raw) }
    }

    /// Why the program can't start.
    package enum StartFailure: Error {
        /// The configuration can't be used.
        case configuration(path: String, [Problem])
        /// No folder for the state can be written.
        case stateFolder(message: String)
        /// Another program holds the state folder.
        case locked(message: String)
    }

    /// Reads the configuration and takes the state folder. Blocks.
    /// - Parameters:
    ///   - option: The configuration file that the command line names.
    ///   - stateOption: The state folder that it names.
    ///   - version: That of the program, as answers and the log tell it.
    ///   - log: Where the log of the container goes.
    ///   - holdsPort: Whether a configuration with mistakes gives a program that has nothing but the public port, where it can have one.
    package static func prepare(
        configurationOption option: String?, stateOption: String? = nil, version: String, log: StandardStream = .output, holdsPort: Bool = false
    ) throws(StartFailure) -> Daemon {
        let stopping = Stopping()
        let (clock, redactor, areRequestsLogged) = (SystemWallClock(), Redactor(), SharedValue(false))
        let container = ContainerLog(redactor: redactor, clock: clock, format: .text) { try log.write($0) }
        let http = CurlClient { exchange in if areRequestsLogged.value { container.note("request: \(exchange)") } }
        let arrivals = Arrivals()
        let catalog = ConfigurationFile.catalog(http: http, arrivals: arrivals)
        let file = ConfigurationFile(option: option)
        let configuration: Configuration
        var mistakes: [Problem] = []
        do throws(ConfigurationError) { configuration = try file.read(catalog) } catch {
            // Services that an earlier daemon has left are not known to a file that can't be read.
            guard holdsPort, stopping.takeover.processes.isEmpty, let held = file.held() else { throw .configuration(path: file.path, error.problems) }
            (configuration, mistakes) = (held, error.problems)
        }
        ContainerEnvironment.withhold(configuration.secrets)
        stopping.use(configuration.stopBudget)
        let state: StateFolder
        do throws(StateFolder.Unwritable) { state = try StateFolder.prepare(configured: stateOption ?? configuration.stateFolder) } catch {
            throw .stateFolder(message: error.message)
        }
        let lock = try takeLock(state)
        container.use(configuration.logs.format.form)
        areRequestsLogged.value = configuration.logs.requests
        let publicPort = PublicPort(state: state, arrivals: arrivals) { container.note($0) }
        if !mistakes.isEmpty {
            publicPort.use(configuration.front)
            guard publicPort.sockets != nil else { throw .configuration(path: file.path, mistakes) }
        }
        return Daemon(
            version: version, file: file, catalog: catalog, configuration: configuration, state: state, lock: lock, clock: clock, http: http,
            redactor: redactor, container: container, areRequestsLogged: areRequestsLogged, stopping: stopping,
            current: SharedValue(configuration), publicPort: publicPort,
            mistakes: SharedValue(ConfigurationMistakes(problems: mistakes, isHeld: !mistakes.isEmpty)))
    }

    /// The jobs of a configuration, and the service of its public port.
    func jobs(of configuration: Configuration) -> [ScheduledJob] {
        let jobs = JobEnvironment(stateFolder: state.path).jobs(of: configuration)
        return publicPort.job.map { [$0] + jobs } ?? jobs
    }

    private static func takeLock(_ state: StateFolder) throws(StartFailure) -> OpenLock {
        do throws(OwnedFD.LockFailure) {
            return OpenLock(try OwnedFD.lock(path: state.lock))
        } catch {
            switch error {
            case .held:
                throw .locked(
                    message: "another shipkeeper is running with the state folder \(state.path); stop it, or set SHIPKEEPER_STATE to another")
            case .unwritable(let reason): throw .locked(message: "\(state.lock) can't be written: \(reason)")
            }
        }
    }

    // MARK: Running

    /// Runs until stopped; gives the exit code. The caller leaves at once: parts that answer requests may still be running.
    package func run() async -> Int32 {
        let code = await runParts()
        container.flush(within: stopping.farewell)
        return code
    }

    private func runParts() async -> Int32 {
        let environment = JobEnvironment(stateFolder: state.path)
        redactor.add(environment.secrets(of: configuration))
        // What a program that was killed has left running would work in the same folders as ours.
        let takeover = stopping.takeover
        if let before = state.exchangeBoot(bootID) { await SystemProcessLauncher.killAll(markPrefix: before + ":", sparing: takeover.processes) }
        hear(stopping.link)
        let launcher = SystemProcessLauncher(clock: clock, inherited: ContainerEnvironment.bytes, store: stopping.link)
        state.clearScratch()
        ShownTime.zone = configuration.timeZone
        introduce()
        guard let store = openStore() else { return 1 }
        let logs = RunLogFiles(folder: state.logs, container: container, redactor: redactor, mostPerRun: configuration.logs.mostPerRun)
        publicPort.use(configuration.front)
        let jobs = jobs(of: configuration)
        let scheduler = JobScheduler(
            jobs: jobs,
            ports: SchedulerPorts(
                store: store, clock: clock, processes: launcher, values: store,
                logs: logs, serviceTools: ServiceInspector(http: CurlClient()),
                sockets: ListenSocketTable(store: stopping.link, kept: takeover.sockets), pressure: SystemPressure(), stateFolder: state.path),
            bootID: bootID, mostParallel: configuration.mostParallel, containerStart: containerStart, survivors: takeover.survivors(launcher))
        if stopping.isContinued { stop(scheduler, because: "the program was killed while it stopped; continuing the stop") }
        let watches = Watches(scheduler, clock: clock) { [container] in container.note($0) }
        await watches.use(jobs)
        let upgrade = Upgrade(
            stopping.link, scheduler: scheduler, launcher: launcher, configuration: URL(fileURLWithPath: file.path).path, bootID: bootID,
            container: container, clock: clock)
        let operations = Operations(
            scheduler: scheduler, history: RunHistory(store: store, logs: logs), clock: clock, version: version,
            configuration: URL(fileURLWithPath: file.path).path, startedAt: clock.now, restarts: restarts,
            restoring: InPlaceRestore(scheduler: scheduler, store: store, clock: clock) { [bootID, current] selector, name in
                await RepositoryPlans(configuration: current.value).plan(selector, name, values: store, bootID: bootID)
            },
            previewRestore: { [current] selector, name in
                do throws(JobError) { return .success(try await RepositoryPlans(configuration: current.value).preview(selector, name, store: store)) } catch {
                    return .failure(error)
                }
            },
            backupNotes: { [bootID, current] name in await RepositoryPlans(configuration: current.value).notes(name, values: store, runs: store, bootID: bootID)
            },
            assistantAccess: { [current] in current.value.control.mcp == .write ? .write : .read },
            actions: ActionRunner(
                .init(
                    configuration: { [current] in current.value }, environment: environment, processes: launcher, redactor: redactor, clock: clock,
                    bootID: bootID, isSafeMode: ContainerEnvironment.isSafeMode, values: store,
                    note: { [container] text in
                        container.note(text)
                        scheduler.publish(text, topic: "action")
                    })),
            backups: BackupReader(
                scratch: state.scratch, plans: { [current] in RepositoryPlans(configuration: current.value) },
                notes: { [bootID, current] name in
                    await RepositoryPlans(configuration: current.value).notes(name, values: store, runs: store, bootID: bootID)
                }, redacted: { [redactor] in redactor.redacted($0) }),
            configurationReading: ConfigurationInspector(file: file, state: state, redactor: redactor),
            upgrade: { await upgrade.begin($0) },
            reload: { await reload($0, scheduler, logs, watches) })
        let signals = SignalStream([SIGTERM, SIGINT, SIGQUIT, Daemon.hangUp])
        let code = await serve(scheduler, operations, signals, store, logs, watches)
        if await scheduler.isHandedOver, let program = await upgrade.program {
            stopping.link?.replace(by: program)
        } else {
            SystemProcessLauncher.killAll()
        }
        logs.flush(within: stopping.farewell)
        http.close()
        return code
    }

    private var restarts: Int { number(InitProgram.restartsVariable) }
    private func number(_ variable: String) -> Int { ContainerEnvironment.own[variable].flatMap { Int($0) } ?? 0 }
    /// When this container began; nil at the first start in it.
    private var containerStart: Date? {
        guard restarts + number(InitProgram.upgradesVariable) > 0 else { return nil }
        return ContainerEnvironment.own[InitProgram.startVariable].flatMap { Double($0) }.map { Date(timeIntervalSince1970: $0) }
    }
    private var bootID: String { stopping.bootID }

    private func openStore() -> StateFile? {
        keepPrivate()
        do {
            let (store, setAside) = try StateFile.open(path: state.database)
            if let setAside { container.note("the state file was damaged; it is kept as \(setAside), and a new one begun", .warning) }
            return store
        } catch {
            container.note("the state file can't be used: \(error.message)", .error)
            return nil
        }
    }

    /// Nobody else may read what runs have said and remember. SQLite gives the files next to it the same rights.
    private func keepPrivate() {
        guard let folder = try? Folder.open(state.path) else { return }
        _ = try? folder.openOrCreate(StateFolder.databaseName)
        try? folder.set(mode: 0o600, of: StateFolder.databaseName)
    }

    private func serve(
        _ scheduler: JobScheduler, _ operations: Operations, _ signals: SignalStream, _ store: StateFile, _ logs: RunLogFiles, _ watches: Watches
    ) async -> Int32 {
        // Never cancelled: it answers until the program leaves, also while it stops.
        let requests = OpenRequests()
        let position = scheduler.position
        Task { await serveControl(operations, requests, after: position) }
        Task { await servePage(operations, after: position) }
        Task { await holdVacantPort(scheduler, after: position) }
        let warning = Task { await warn(scheduler, after: position) }
        let listening = Task { await listen(signals, scheduler, logs, watches) }
        let housekeeping = Task { await prune(store, logs) }
        let recording = Task { await waitForRoom(store) }
        let zones = Task { await followZones(scheduler) }
        let measuring = Task { await measureStops(store) }
        let beating = Task { await beat(stopping.link, scheduler) }
        let handover = HandoverMonitor(current: current, values: store, bootID: bootID, clock: clock) { [container] in container.note($0) }
        let following = Task { await handover.follow(operations.restoring) }
        let first = FirstBackup(current: current, values: store, bootID: bootID, scheduler: scheduler, clock: clock)
        let beginning = Task { await first.follow() }
        let fronting = Task { await publicPort.follow(scheduler, after: position, isTakeover: !stopping.takeover.processes.isEmpty) }
        var failure: StoreError?
        do throws(StoreError) { try await scheduler.run() } catch { failure = error }
        for task in [warning, listening, housekeeping, recording, zones, measuring, beating, following, beginning, fronting] { task.cancel() }
        // Who waits for a run's end is told of it before the socket goes.
        await requests.settle(within: min(Daemon.longestGoodbye, stopping.farewell), clock)
        state.socket.remove()
        if let failure {
            container.note("the state file can't be used: \(failure.message)", .error)
            return 1
        }
        container.note(await scheduler.isHandedOver ? "handing over" : "stopped")
        return 0
    }

    private func listen(_ signals: SignalStream, _ scheduler: JobScheduler, _ logs: RunLogFiles, _ watches: Watches) async {
        var reloading: Task<Void, Never>?
        defer { reloading?.cancel() }
        // Asked before the terminal is gone.
        let hasTerminal = Terminal.isInput
        for await signal in signals.signals {
            // A reload may have to wait for the state file; a stop must not wait for the reload.
            if signal == Daemon.hangUp, !hasTerminal {
                reloading = Task { _ = await reload(.applied, scheduler, logs, watches) }
            } else {
                stop(scheduler, because: "\(SignalName.name(of: signal)) received; stopping")
            }
        }
    }

    private func stop(_ scheduler: JobScheduler, because reason: String) {
        let budget = stopping.begin()
        container.note("\(reason) within \(DurationText.format(budget))")
        let shares = StopShares(of: budget, services: stopping.afterRuns.value)
        scheduler.shutDown(budget: shares.all, runs: shares.runs)
    }

}

extension Configuration.LogFormat {
    var form: ContainerLog.Format {
        switch self {
        case .text: .text
        case .json: .json
        }
    }
}

extension RunLogFiles: RunLogReader {}

extension RunLogFile: RunLog {}

extension RunLogFiles: RunLogs {
    package func open(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void) -> any RunLog { file(job: job, run: run, onGrowth: onGrowth) }
}

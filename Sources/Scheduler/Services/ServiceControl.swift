import JobKit
import Settings
import Synchronization

/// What came of asking a service to reload its own configuration.
package enum ServiceReloadResult: Hashable, Sendable {
    /// It was asked in this way: `SIGHUP`.
    case asked(String)
    /// Nothing was done, or it did not work: why, and what to do.
    case refused(String)
}

/// Asks a running service for something besides its end. Safe from any thread.
package final class ServiceControl: Sendable {
    package typealias Reload = @Sendable () async -> ServiceReloadResult

    /// Nil while there is no process.
    private let reloading = Mutex<Reload?>(nil)

    package init() {}

    func attach(_ reload: @escaping Reload) { reloading.withLock { $0 = reload } }

    func detach() { reloading.withLock { $0 = nil } }

    /// Lets the service reload its configuration. Suspends until it was asked to; where a command does that, until the command has ended, a minute at the
    /// longest.
    package func reload() async -> ServiceReloadResult {
        guard let reload = reloading.withLock({ $0 }) else { return .refused("it is not ready just now; try again when it is") }
        return await reload()
    }
}

extension ServiceWatch {
    /// How long a command may take that lets the service reload.
    private static let longestReload = Duration.seconds(60)

    /// See `ServiceControl.reload`.
    func reload() async -> ServiceReloadResult {
        guard let reload = definition.reload else {
            return .refused("nothing says how it reloads its configuration: set \"reload\", such as reload: { signal: SIGHUP }, or use shipkeeper restart")
        }
        // A signal that a program has not prepared for ends it.
        guard condition.isReady else { return .refused("it is not ready yet; try again when it is") }
        guard condition.phase == .running else { return .refused("it is \(condition.phase.rawValue) already") }
        switch reload {
        case .signal(let signal):
            let name = SignalName.name(of: signal)
            context.log("asked to reload: \(name)")
            process.sendToMain(signal: signal)
            return .asked(name)
        case .command(let words):
            context.log("asked to reload: \(ProgramLine.command(words))")
            return await run(words)
        }
    }

    private func run(_ words: [String]) async -> ServiceReloadResult {
        var command = context.command(.command(words), folder: definition.folder)
        command.environment.merge(definition.environment) { _, own in own }
        command.environment["MAINPID"] = "\(process.id)"
        command.mark += ":reload"
        command.isProbe = true
        let started: any RunningProcess
        do { started = try await context.processes.launch(command) } catch { return .refused(context.redacted("\(error) → \(error.hint)")) }
        let clock = context.clock
        let alarm = Task {
            try await clock.sleep(for: ServiceWatch.longestReload)
            await started.stop(StopSteps([]))
        }
        let exit = await started.exit()
        alarm.cancel()
        _ = await started.endLeftovers()
        if exit == .exited(0) { return .asked(context.redacted("\(ProgramLine.command(words))")) }
        let reason = "its reload command \(exit)"
        context.log(reason)
        return .refused("\(reason); see its log")
    }
}

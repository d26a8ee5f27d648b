import Foundation
package import JobKit
import Settings

/// Keeps one service's process running until it is asked to stop, has finished, or is given up.
///
/// What follows an end is decided by `ServiceMachine`; this carries it out.
package struct ServiceSupervisor: Sendable {
    let definition: ServiceDefinition
    let tools: any ServiceTools
    /// Whether the service is started for the first time in this boot.
    let isFirstStart: Bool
    /// Of what the service's process is made from; see `ServiceFingerprint`.
    let fingerprint: String
    /// A process of this run that is there already.
    let survivor: Survivor?
    /// Asks for something while the service runs; nil where nobody does.
    let control: ServiceControl?
    /// The run of the service in whose place this one is to step, where that runs and this one is not ready; nil for none.
    let replaced: @Sendable () async -> Int64?
    /// Keeps the sockets of services; nil where there are none.
    let sockets: (any ListenSockets)?

    package init(
        definition: ServiceDefinition, tools: any ServiceTools, isFirstStart: Bool, fingerprint: String = "", survivor: Survivor? = nil,
        control: ServiceControl? = nil, replaced: @escaping @Sendable () async -> Int64? = { nil }, sockets: (any ListenSockets)? = nil
    ) {
        self.definition = definition
        self.tools = tools
        self.isFirstStart = isFirstStart
        self.fingerprint = fingerprint
        self.survivor = survivor
        self.control = control
        self.replaced = replaced
        self.sockets = sockets
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        var machine = ServiceMachine(definition)
        var survivor = survivor
        var launches = survivor.map { $0.note.launch - 1 } ?? 0
        if isFirstStart { await clean(context) }
        // A process that is there is ended in order, also where the run is to end from the beginning.
        while !Task.isCancelled || survivor != nil {
            launches += 1
            let end = await live(context, launches: launches, survivor)
            survivor = nil
            if Task.isCancelled { break }
            if let error = await failure(of: end, context) { throw error }
            switch machine.step(after: end, at: context.clock.now) {
            case .finish(let report):
                context.reporter.report(.stopped)
                return report
            case .giveUp(let error):
                context.log("giving up: \(error)")
                context.reporter.report(ServiceStatus(state: .givenUp, launches: launches, note: error.summary))
                throw error
            case .repair(let program, let why):
                context.log("\(why); repairing with: \(program)")
                context.reporter.report(ServiceStatus(state: .backingOff, launches: launches, note: "\(why); repairing it"))
                await repair(program, context)
            case .launch(let wait, let why):
                context.log("\(why); starting again" + (wait > .zero ? " in \(DurationText.readable(wait))" : ""))
                context.reporter.report(
                    ServiceStatus(
                        state: .backingOff, launches: launches, note: "\(why); next start after \(DurationText.readable(wait))"))
                _ = try? await context.clock.sleep(for: wait)
            }
        }
        context.reporter.report(.stopped)
        throw JobError("stopped", retry: .pointless)
    }

    private func clean(_ context: RunContext) async {
        guard let cleaning = definition.cleaning else { return }
        let removed = await tools.clean(cleaning)
        if !removed.isEmpty { context.log("removed before the first start: \(removed.joined(separator: ", "))") }
    }

    /// The longest that a repair may take.
    private static let longestRepair = Duration.seconds(300)

    private func repair(_ program: ProgramLine, _ context: RunContext) async {
        do {
            let process = try await context.processes.launch(command(program, context))
            let (clock, steps) = (context.clock, definition.stop)
            let exit = await withTaskGroup(of: ProcessExit?.self) { group in
                group.addTask { await process.exit() }
                group.addTask {
                    try? await clock.sleep(for: ServiceSupervisor.longestRepair)
                    return nil
                }
                let first = await group.next() ?? nil
                // The time is up, or the service is to stop.
                if first == nil { await process.stop(context.fitted(steps)) }
                group.cancelAll()
                return first
            }
            context.log(exit.map { "the repair \($0)" } ?? "the repair was ended, for it took too long or the service is to stop")
            _ = await process.endLeftovers()
        } catch {
            context.log("the repair did not start: \(error)")
        }
    }

    /// The command of a process of this service, with the service's own environment.
    private func command(_ program: ProgramLine, _ context: RunContext) -> ProcessCommand {
        var command = context.command(program, folder: definition.folder)
        command.environment.merge(definition.environment) { _, own in own }
        return command
    }

    // MARK: One life

    /// How long a service that has ended with 0 is given to hand over to a process that it left behind.
    private static let handOver = Duration.seconds(10)

    /// Starts the process and stays with it, or with the one it hands over to, until it has ended, by itself or by us.
    private func live(_ context: RunContext, launches: Int, _ survivor: Survivor?) async -> ServiceEnd {
        let inherited: ProcessCommand.Sockets?
        switch await inherit(context) {
        case .success(let sockets): inherited = sockets
        // A process that is there has its own.
        case .failure(let error) where survivor == nil: return .listenFailed(error)
        case .failure: inherited = nil
        }
        var process: any RunningProcess
        let life: ServiceLife
        do {
            (process, life) = try await begin(context, launches: launches, survivor, inherited)
        } catch {
            // Once in a run: it is the same each time.
            if launches == 1, let detail = error.detail { context.log(detail) }
            return .launchFailed(error)
        }
        let tools = await tools(for: process)
        while true {
            let watch = ServiceWatch(definition: definition, tools: tools, context: context, process: process, life: life, launches: launches)
            let end = await follow(process, watch, context)
            let readyFor = watch.readyFor
            let exit = await process.exit()
            context.reporter.ended(exit)
            if case .exited = end, let successor = await successor(of: process, after: exit, launches, context) {
                context.reporter.launched(successor)
                life.handOver()
                process = successor
                continue
            }
            let left = await process.endLeftovers()
            if left > 0 { context.log("ended \(left.counted("process", plural: "processes")) it left behind") }
            switch end {
            case .exited: return .exited(exit, readyFor: readyFor, peak: watch.peak)
            case .unhealthy(let reason): return .unhealthy(reason, readyFor: readyFor)
            }
        }
    }

    /// Launches the process, or continues with the one that is there.
    private func begin(
        _ context: RunContext, launches: Int, _ survivor: Survivor?, _ inherited: ProcessCommand.Sockets?
    ) async throws(LaunchError) -> (any RunningProcess, ServiceLife) {
        let output = HeldOutput()
        guard let survivor else {
            let life = ServiceLife(definition, context.clock, startedAt: context.clock.now, fileBefore: await fileBefore(context))
            var command = command(definition.program, context)
            command.sockets = inherited
            let process = try await context.processes.launch(lasting(command, context, life, launches, output))
            context.reporter.launched(process)
            context.log("started: \(definition.program) (process \(process.id))")
            life.begin(process)
            output.release()
            return (process, life)
        }
        let life = ServiceLife(definition, context.clock, startedAt: survivor.note.startedAt, fileBefore: survivor.note.fileBefore)
        let deliver = delivery(to: context.reporter, life, output)
        do {
            let process = try survivor.adopt(deliver)
            context.reporter.launched(process)
            context.log("process \(process.id) continues; shipkeeper was started again")
            life.begin(process)
            output.release()
            return (process, life)
        } catch {
            throw .short(program: definition.program.arguments.first ?? "", error)
        }
    }

    private func fileBefore(_ context: RunContext) async -> String? {
        guard let ready = definition.ready, case .file(let path) = ready.target else { return nil }
        return await tools.state(ofFile: path, timeout: ready.timeout, clock: context.clock)
    }

    /// Passes on what the process writes, first to who looks for a line in it: what is in the log is not delivered again after a crash.
    private func delivery(to reporter: any RunReporter, _ life: ServiceLife, _ output: HeldOutput) -> ProcessCommand.Output {
        { bytes, stream, whenKept in
            output.pass {
                life.look(at: bytes, stream)
                reporter.output(bytes, from: stream, whenKept: whenKept)
            }
        }
    }

    /// The same command, for a process that outlives this program, and whose output is held back.
    private func lasting(
        _ command: ProcessCommand, _ context: RunContext, _ life: ServiceLife, _ launches: Int, _ output: HeldOutput
    ) -> ProcessCommand {
        let note = SurvivorNote(
            bootID: context.bootID, job: context.job, run: context.run, launch: launches, startedAt: life.startedAt, fingerprint: fingerprint,
            mark: command.mark, fileBefore: life.fileBefore)
        var command = command
        command.onOutput = delivery(to: context.reporter, life, output)
        command.survival = ProcessCommand.Survival(note: note.bytes)
        if definition.notifies { command.notification = .init(watchdog: definition.watchdog) }
        return command
    }

    /// The process that has taken over: an app that restarts itself may leave one behind and end.
    private func successor(of process: any RunningProcess, after exit: ProcessExit, _ launches: Int, _ context: RunContext) async -> (any RunningProcess)? {
        guard let port = definition.adoptPort, exit == .exited(0) || exit == .unknown, !Task.isCancelled else { return nil }
        context.reporter.report(ServiceStatus(state: .starting, launches: launches, note: "it \(exit); looking for a process that it has left behind"))
        guard let successor = await process.successor(listeningAt: port, within: ServiceSupervisor.handOver) else { return nil }
        context.log("it \(exit) and left process \(successor.id) behind, which listens at port \(port): that is the service from now on")
        return successor
    }

    private enum LifeEnd: Sendable {
        case exited
        case unhealthy(String)
    }

    /// Waits for the first of: the process ends, a check calls for a restart, the run is cancelled.
    private func follow(
        _ process: any RunningProcess, _ watch: ServiceWatch, _ context: RunContext
    ) async -> LifeEnd {
        control?.attach { await watch.reload() }
        defer { control?.detach() }
        let stop = definition.stop
        return await withTaskGroup(of: LifeEnd?.self) { group in
            group.addTask {
                _ = await process.exit()
                return .exited
            }
            group.addTask { await watch.health().map { .unhealthy($0) } }
            group.addTask { await watch.notifications().map { .unhealthy($0) } }
            group.addTask { await memory(watch, process, context).map { .unhealthy($0) } }
            let first = await group.next() ?? nil
            if case .exited = first {
            } else {
                if let first, case .unhealthy(let reason) = first { context.log("\(reason); stopping it") }
                context.reporter.report(ServiceStatus(state: .stopping, process: process.id, launches: watch.launches))
                await process.stop(context.fitted(stop))
            }
            group.cancelAll()
            return first ?? .exited
        }
    }
}

import Glibc
import JobKit

/// A process of the operating system with all that belongs to it.
final class SystemProcess: RunningProcess {
    let id: Int32
    private let group: Int32
    private let family: Family
    private let pipes: [OutputPipe]
    private let memory: ProcessMemory?
    private let socket: NotifySocket?
    private let ended: Gate<ProcessExit>
    private let clock: any WallClock
    private let keeper: ChildKeeper
    private let keeping: Keeping?

    /// How often it is checked whether all are gone.
    private static let pace = Duration.milliseconds(20)
    /// How long leftovers have between SIGTERM and SIGKILL.
    private static let leftoverGrace = Duration.seconds(1)
    /// What a killed process may take to vanish: the kernel has the last word.
    private static let killPatience = Duration.seconds(3)
    /// How often it is checked whether a process that is not a child of ours is still there.
    private static let successorPace = Duration.milliseconds(200)

    init(
        id: Int32, group: Int32, family: Family, pipes: [OutputPipe], memory: ProcessMemory?, socket: NotifySocket?, ended: Gate<ProcessExit>,
        clock: any WallClock, keeper: ChildKeeper, keeping: Keeping?
    ) {
        self.id = id
        self.group = group
        self.family = family
        self.pipes = pipes
        self.memory = memory
        self.socket = socket
        self.ended = ended
        self.clock = clock
        self.keeper = keeper
        self.keeping = keeping
    }

    func exit() async -> ProcessExit {
        let exit = await ended.wait()
        // What the process itself wrote is in the pipes by now; a daemon that it left behind may hold them open for ever.
        for pipe in pipes { await pipe.flush() }
        return exit
    }

    var peakBytes: Int64 { family.peakBytes }

    func send(signal: Int32) { keeper.signal(signal, group: group, of: id) }

    func sendToMain(signal: Int32) { keeper.signal(signal, main: id) }

    func listen(_ onMessage: @escaping @Sendable ([UInt8]) -> Void) { socket?.listen(to: family, keeper, onMessage) }

    func remember(_ bytes: [UInt8]) { memory?.write(bytes) }

    var remembered: [UInt8] { memory?.bytes ?? [] }

    func usage() async -> ProcessUsage {
        await members().reduce(into: ProcessUsage(containerBytes: ContainerMemory.read())) { usage, member in
            usage.residentBytes += member.resident
            usage.processorTime += member.processorTime
        }
    }

    private func members() async -> [ProcessTable.Entry] { await keeper.members(of: family, clock) }

    func listens(at port: Int) async -> Bool { !ProcessTable.listeners(at: port, among: await members()).isEmpty }

    // MARK: Handing over

    func successor(listeningAt port: Int, within patience: Duration) async -> (any RunningProcess)? {
        let end = clock.uptime + patience
        while !Task.isCancelled {
            let left = await members()
            if left.isEmpty { return nil }
            if let successor = ProcessTable.listeners(at: port, among: left).first { return adopt(successor) }
            if clock.uptime >= end { return nil }
            try? await clock.sleep(for: SystemProcess.successorPace)
        }
        return nil
    }

    private func adopt(_ successor: ProcessTable.Entry) -> SystemProcess {
        let (gone, clock, keeper) = (Gate<ProcessExit>(), clock, keeper)
        keeper.follow(successor.key, of: family, ended: gone)
        keeping?.move(to: successor.key)
        // Owned by the process it looks after: it ends when that does, and whoever keeps that waits for it.
        Task.detached {
            while gone.value == nil, let entry = ProcessTable.entry(successor.id), entry.key == successor.key, !entry.isGone {
                try? await clock.sleep(for: SystemProcess.successorPace)
            }
            // A child of ours is collected meanwhile, and its exit is known.
            try? await clock.sleep(for: SystemProcess.successorPace)
            keeper.lost(successor.id, ended: gone)
        }
        return SystemProcess(
            id: successor.id, group: successor.group, family: family, pipes: pipes, memory: memory, socket: socket, ended: gone, clock: clock, keeper: keeper,
            keeping: keeping)
    }

    // MARK: The end

    func stop(_ steps: StopSteps) async {
        // A task of its own: the run that stops it has been cancelled, and waiting must still be possible.
        await Task { await carryOut(steps) }.value
    }

    private func carryOut(_ steps: StopSteps) async {
        for step in steps.steps {
            await signal(step.signal)
            if await areAllGone(within: step.wait) { return finish() }
        }
        await killAll()
        finish()
    }

    func endLeftovers() async -> Int {
        await Task {
            let left = await members().count
            if left > 0 {
                await signal(SIGTERM)
                if await !areAllGone(within: SystemProcess.leftoverGrace) { await killAll() }
            }
            finish()
            return left
        }.value
    }

    private func signal(_ number: Int32) async {
        // Who belongs to it is noted before it ends and they become somebody else's children.
        let members = await members()
        send(signal: number)
        for member in members where member.group != group || ended.value != nil { keeper.signal(number, member.key) }
    }

    private func killAll() async {
        let end = clock.uptime + SystemProcess.killPatience
        repeat { await signal(SIGKILL) } while await !areAllGone(within: SystemProcess.pace) && clock.uptime < end
    }

    private func areAllGone(within length: Duration) async -> Bool {
        let end = clock.uptime + length
        guard await ended.wait(within: length, clock) != nil else { return false }
        while true {
            if await members().isEmpty { return true }
            if clock.uptime >= end { return false }
            try? await clock.sleep(for: SystemProcess.pace)
        }
    }

    /// Nothing of it is left, or nothing that can be ended.
    private func finish() {
        for pipe in pipes { pipe.close() }
        socket?.close()
        guard ended.value != nil else { return }
        keeper.forget(family)
        keeping?.forget()
    }
}

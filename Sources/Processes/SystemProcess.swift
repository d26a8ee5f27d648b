import Glibc
import JobKit

/// A process of the operating system with all that descends from it and carries its mark.
final class SystemProcess: RunningProcess {
    let id: Int32
    private let group: Int32
    private let session: Int32
    private let mark: String
    private let pipes: [OutputPipe]
    private let ended: Gate<ProcessExit>
    private let clock: any WallClock

    /// How often it is looked whether all are gone.
    private static let pace = Duration.milliseconds(20)
    /// How long leftovers have between SIGTERM and SIGKILL.
    private static let leftoverGrace = Duration.seconds(1)
    /// What a killed process may take to vanish: the kernel has the last word.
    private static let killPatience = Duration.seconds(3)

    /// How often it is looked whether a process that is no child of ours is still there.
    private static let heirPace = Duration.milliseconds(200)

    /// A process that was started in a session and group of its own.
    convenience init(id: Int32, mark: String, pipes: [OutputPipe], ended: Gate<ProcessExit>, clock: any WallClock) {
        self.init(id: id, group: id, session: id, mark: mark, pipes: pipes, ended: ended, clock: clock)
    }

    private init(id: Int32, group: Int32, session: Int32, mark: String, pipes: [OutputPipe], ended: Gate<ProcessExit>, clock: any WallClock) {
        self.id = id
        self.group = group
        self.session = session
        self.mark = mark
        self.pipes = pipes
        self.ended = ended
        self.clock = clock
    }

    func exit() async -> ProcessExit {
        let exit = await ended.wait()
        // What the process itself wrote is in the pipes by now; a daemon that it left behind may hold them open for ever.
        for pipe in pipes { await pipe.flush() }
        return exit
    }

    func send(signal: Int32) {
        if ended.value == nil { kill(-group, signal) }
    }

    func usage() -> ProcessUsage {
        members().reduce(into: ProcessUsage(containerBytes: ContainerMemory.bytes)) { usage, member in
            usage.residentBytes += member.resident
            usage.processorTime += member.processorTime
        }
    }

    private func members() -> [ProcessTable.Entry] { ProcessTable.members(session: session, mark: mark) }

    // MARK: Handing over

    func heir(listeningAt port: Int, within patience: Duration) async -> (any RunningProcess)? {
        let end = clock.uptime + patience
        while !Task.isCancelled {
            let left = members()
            if left.isEmpty { return nil }
            if let heir = ProcessTable.listeners(at: port, among: left).first { return adopt(heir) }
            if clock.uptime >= end { return nil }
            try? await clock.sleep(for: SystemProcess.heirPace)
        }
        return nil
    }

    private func adopt(_ heir: ProcessTable.Entry) -> SystemProcess {
        let (gone, clock) = (Gate<ProcessExit>(), clock)
        // Owned by the process it looks after: it ends when that does, and whoever keeps that waits for it.
        Task.detached {
            while let entry = ProcessTable.entry(heir.id), entry.startedAt == heir.startedAt, entry.state != "Z", entry.state != "X" {
                try? await clock.sleep(for: SystemProcess.heirPace)
            }
            gone.open(.unknown)
        }
        return SystemProcess(id: heir.id, group: heir.group, session: heir.session, mark: mark, pipes: pipes, ended: gone, clock: clock)
    }

    func stop(_ steps: StopSteps) async {
        // A task of its own: the run that stops it has been cancelled, and waiting must still be possible.
        await Task { await carryOut(steps) }.value
    }

    private func carryOut(_ steps: StopSteps) async {
        for step in steps.steps {
            signal(step.signal)
            if await areAllGone(within: step.wait) { return finish() }
        }
        await killAll()
        finish()
    }

    func endLeftovers() async -> Int {
        await Task {
            let left = members().count
            if left > 0 {
                signal(SIGTERM)
                if await !areAllGone(within: SystemProcess.leftoverGrace) { await killAll() }
            }
            finish()
            return left
        }.value
    }

    private func signal(_ number: Int32) {
        send(signal: number)
        for member in members() where member.group != group || ended.value != nil { kill(member.id, number) }
    }

    private func killAll() async {
        let end = clock.uptime + SystemProcess.killPatience
        repeat { signal(SIGKILL) } while await !areAllGone(within: SystemProcess.pace) && clock.uptime < end
    }

    private func areAllGone(within length: Duration) async -> Bool {
        let end = clock.uptime + length
        while true {
            if ended.value != nil, members().isEmpty { return true }
            if clock.uptime >= end { return false }
            try? await clock.sleep(for: SystemProcess.pace)
        }
    }

    private func finish() { for pipe in pipes where members().isEmpty { pipe.close() } }
}

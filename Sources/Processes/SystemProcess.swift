import Glibc
import JobKit

/// A process of the operating system with all that descends from it and carries its mark.
final class SystemProcess: RunningProcess {
    let id: Int32
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

    init(id: Int32, mark: String, pipes: [OutputPipe], ended: Gate<ProcessExit>, clock: any WallClock) {
        self.id = id
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
        if ended.value == nil { kill(-id, signal) }
    }

    func residentBytes() -> Int64 { members().reduce(0) { $0 + $1.resident } }

    private func members() -> [ProcessTable.Entry] { ProcessTable.members(session: id, mark: mark) }

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
        for member in members() where member.group != id || ended.value != nil { kill(member.id, number) }
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

package import JobKit
import Synchronization

/// Starts nothing: hands out processes that end when the test says so.
package final class FakeLauncher: ProcessLauncher {
    private struct State {
        var failures: [LaunchError] = []
        var launched: [(command: ProcessCommand, process: FakeProcess)] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The next launches fail like this, one after the other.
    package func fail(_ failures: [LaunchError]) { state.withLock { $0.failures = failures } }

    package var commands: [ProcessCommand] { state.withLock { $0.launched.map(\.command) } }
    package var processes: [FakeProcess] { state.withLock { $0.launched.map(\.process) } }

    package func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
        let result: Result<FakeProcess, LaunchError> = state.withLock { state in
            if !state.failures.isEmpty { return .failure(state.failures.removeFirst()) }
            let process = FakeProcess(id: Int32(1000 + state.launched.count))
            state.launched.append((command, process))
            return .success(process)
        }
        tellWatchers()
        return try result.get()
    }

    /// Returns the process that was launched as the `count`th, once it has been.
    package func process(_ count: Int) async -> FakeProcess {
        await withCheckedContinuation { continuation in
            state.withLock { $0.watchers.append((count, continuation)) }
            tellWatchers()
        }
        return processes[count - 1]
    }

    private func tellWatchers() {
        let ready = state.withLock { state in
            let ready = state.watchers.filter { state.launched.count >= $0.count }
            state.watchers.removeAll { state.launched.count >= $0.count }
            return ready
        }
        for watcher in ready { watcher.continuation.resume() }
    }
}

/// A process of a test's own making.
package final class FakeProcess: RunningProcess {
    private struct State {
        var exit: ProcessExit?
        var waiting: [CheckedContinuation<ProcessExit, Never>] = []
        var signals: [Int32] = []
        var usageCalls = 0
        var listener: (@Sendable ([UInt8]) -> Void)?
        var remembered: [UInt8] = []
        var successor: FakeProcess?
        var ports: Set<Int> = []
        var usage = ProcessUsage()
    }

    package let id: Int32
    package let peakBytes: Int64 = 0
    private let state = Mutex(State())

    package init(id: Int32, remembered: [UInt8] = []) {
        self.id = id
        state.withLock { $0.remembered = remembered }
    }

    package func end(_ exit: ProcessExit) {
        let waiting = state.withLock { state in
            if state.exit == nil { state.exit = exit }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: exit) }
    }

    package var signals: [Int32] { state.withLock { $0.signals } }
    package var usageCalls: Int { state.withLock { $0.usageCalls } }
    package var hasEnded: Bool { state.withLock { $0.exit != nil } }

    package func exit() async -> ProcessExit {
        await withCheckedContinuation { continuation in
            let exit: ProcessExit? = state.withLock { state in
                if state.exit == nil { state.waiting.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    package func send(signal: Int32) {
        state.withLock { $0.signals.append(signal) }
        end(.signalled(signal))
    }

    package func sendToMain(signal: Int32) { state.withLock { $0.signals.append(signal) } }

    package func listen(_ onMessage: @escaping @Sendable ([UInt8]) -> Void) { state.withLock { $0.listener = onMessage } }

    /// Says something at its socket; nothing where nobody listens.
    package func notify(_ text: String) { state.withLock { $0.listener }?(Array(text.utf8)) }

    package func remember(_ bytes: [UInt8]) { state.withLock { $0.remembered = bytes } }

    package var remembered: [UInt8] { state.withLock { $0.remembered } }

    package func stop(_ steps: StopSteps) async {
        for step in steps.steps { state.withLock { $0.signals.append(step.signal) } }
        end(.signalled(steps.steps.first?.signal ?? SignalName.kill))
    }

    package func endLeftovers() async -> Int { 0 }

    package func usage() async -> ProcessUsage {
        state.withLock { $0.usageCalls += 1 }
        return state.withLock { $0.usage }
    }

    /// Leaves another process behind.
    package func leave(_ successor: FakeProcess) { state.withLock { $0.successor = successor } }

    package func successor(listeningAt port: Int, within patience: Duration) async -> (any RunningProcess)? { state.withLock { $0.successor } }

    /// What it uses from now on.
    package func use(_ usage: ProcessUsage) { state.withLock { $0.usage = usage } }

    /// Where it listens, by what the test says.
    package func listen(at port: Int) { state.withLock { _ = $0.ports.insert(port) } }
    package func listens(at port: Int) async -> Bool { state.withLock { $0.ports.contains(port) } }
}

/// Keeps what a run says.
package final class KeptVoice: RunReporter {
    private struct State {
        var lines: [String] = []
        var statuses: [ServiceStatus] = []
        var checks: [CheckReport] = []
        var replacements: [String] = []
        var watchers: [(state: ServiceStatus.State, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var lines: [String] { state.withLock { $0.lines } }
    package var statuses: [ServiceStatus] { state.withLock { $0.statuses } }

    package func log(_ line: String) { state.withLock { $0.lines.append(line) } }
    package func output(_ bytes: [UInt8], from stream: LogStream) { state.withLock { $0.lines.append(String(decoding: bytes, as: UTF8.self)) } }
    package func report(_ progress: RunProgress) {}
    package func launched(_ process: any RunningProcess) {}
    package func ended(_ exit: ProcessExit) {}
    package func wantsReplacement(_ reason: String) { state.withLock { $0.replacements.append(reason) } }
    package var replacements: [String] { state.withLock { $0.replacements } }
    package func report(_ check: CheckReport) { state.withLock { $0.checks.append(check) } }
    package var checks: [CheckReport] { state.withLock { $0.checks } }

    package func report(_ service: ServiceStatus) {
        let ready = state.withLock { state in
            state.statuses.append(service)
            let ready = state.watchers.filter { $0.state == service.state }
            state.watchers.removeAll { $0.state == service.state }
            return ready
        }
        for watcher in ready { watcher.continuation.resume() }
    }

    /// Returns once the service was or is in such a state.
    package func wait(for wanted: ServiceStatus.State) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.statuses.contains(where: { $0.state == wanted }) { return true }
                state.watchers.append((wanted, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

extension RunContext {
    /// The context of a run of the job "app" whose processes a test makes.
    package static func fake(_ launcher: any ProcessLauncher, _ clock: any WallClock, _ reporter: any RunReporter, environment: [String: String] = [:])
        -> RunContext
    {
        RunContext(
            job: "app", run: 1, attempt: 1, scheduledAt: clock.now, missed: 0, bootID: "boot", stateFolder: "/tmp", deadline: nil, environment: environment,
            clock: clock,
            processes: launcher, values: InMemoryStore(), reporter: reporter)
    }
}

import Foundation
import JobKit
import Settings
import Synchronization

/// What one life of a service's process has reported, and what is kept of that for a program that takes it over. Safe from any thread.
///
/// What a message or a line means is kept before the message is taken from its socket, and before the line is known to be in the log: a successor of this
/// program finds the one or the other.
final class ServiceLife: Sendable {
    private struct Waiter {
        var isSo: @Sendable (NotifyState) -> Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var known = NotifyState()
        var record = LifeRecord()
        var lines: LineWatch?
        var process: (any RunningProcess)?
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
    }

    /// When the process was started.
    let startedAt: Date
    /// What was at the path of its ready file before it was started.
    let fileBefore: String?
    private let announces: Bool
    private let readsLines: Bool
    private let clock: any WallClock
    private let state: Mutex<State>

    init(_ definition: ServiceDefinition, _ clock: any WallClock, startedAt: Date, fileBefore: String?) {
        self.startedAt = startedAt
        self.fileBefore = fileBefore
        self.clock = clock
        announces = definition.ready?.target == .notify
        var state = State()
        if case .log(let pattern) = definition.ready?.target { state.lines = LineWatch(pattern) }
        readsLines = state.lines != nil
        self.state = Mutex(state)
    }

    var known: NotifyState { state.withLock { $0.known } }

    /// When it became ready, on the wall clock; nil while it has not.
    var readyAt: Date? { state.withLock { $0.record.readyAt } }

    /// Whether it has passed its live check.
    var hasPassed: Bool { state.withLock { $0.record.hasPassed == true } }

    /// How long it has lived.
    var age: Duration { max(.zero, clock.now.since(startedAt)) }

    /// The process is there: continues with what was kept about it, and hears what it says.
    func begin(_ process: any RunningProcess) {
        change { state in
            state.process = process
            guard let record = LifeRecord(process.remembered) else { return }
            state.record = record
            state.known.phase = record.phase ?? .running
            state.known.status = record.status
            if record.hasAnnounced == true { state.known.hasAnnounced = true }
            // Nobody has listened meanwhile: silence counts from now on.
            if record.readyAt != nil { state.known.becameReady(at: clock.uptime) }
            if state.known.phase == .reloading { state.known.reloadingSince = clock.uptime }
        }
        process.listen { [self] in hear($0) }
    }

    /// Takes a message; what is none is passed over.
    func hear(_ bytes: [UInt8]) {
        guard let message = NotifyMessage(bytes) else { return }
        change { $0.known.take(message, announces: announces, at: clock.uptime) }
    }

    /// Takes what it prints.
    func look(at bytes: [UInt8], _ stream: LogStream) {
        guard readsLines else { return }
        change { state in
            if state.lines?.take(bytes, stream) != true { return }
            state.known.hasAnnounced = true
            state.lines = nil
        }
    }

    /// Something else shows that it is ready.
    func becameReady() {
        change { state in
            state.record.readyAt = clock.now
            state.known.becameReady(at: clock.uptime)
        }
    }

    /// Another process is the service from now on: what was found of the one before says nothing of it. That it is ready it may have said already.
    func handOver() {
        change { state in
            (state.record.readyAt, state.record.hasPassed) = (nil, nil)
            let (hasAnnounced, status) = (state.known.hasAnnounced, state.known.status)
            state.known = NotifyState()
            (state.known.hasAnnounced, state.known.status) = (hasAnnounced, status)
        }
    }

    func passed() { change { $0.record.hasPassed = true } }

    private func change(_ body: (inout State) -> Void) {
        let due = state.withLock { state in
            let before = (state.known, state.record)
            body(&state)
            state.record.hasAnnounced = state.known.hasAnnounced ? true : nil
            state.record.phase = state.known.phase == .running ? nil : state.known.phase
            state.record.status = state.known.status
            if state.record != before.1 { state.process?.remember(state.record.bytes) }
            if state.known == before.0 { return [CheckedContinuation<Bool, Never>]() }
            let ids = state.waiters.filter { $0.value.isSo(state.known) }.keys
            return ids.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
        }
        for continuation in due { continuation.resume(returning: true) }
    }

    // MARK: Waiting

    /// Suspends until something is so of what is known, at the longest for so long; whether it is so. False once the task is cancelled.
    func wait(within longest: Duration?, until isSo: @escaping @Sendable (NotifyState) -> Bool) async -> Bool {
        guard let longest else { return await wait(until: isSo) }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in await wait(until: isSo) }
            group.addTask { [clock] in
                try? await clock.sleep(for: longest)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    private func wait(until isSo: @escaping @Sendable (NotifyState) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if isSo(state.known) { return true }
                    if Task.isCancelled { return false }
                    state.waiters[id] = Waiter(isSo: isSo, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: false)
        }
    }
}

import JobKit
import Synchronization

/// Opens once, with a value; all who wait go through.
final class Gate<Value: Sendable>: Sendable {
    private enum State {
        case closed([UInt64: CheckedContinuation<Value?, Never>], nextID: UInt64)
        case open(Value)
    }

    private let state = Mutex(State.closed([:], nextID: 0))

    /// Only the first value counts.
    func open(_ value: Value) {
        let waiting: [CheckedContinuation<Value?, Never>] = state.withLock { state in
            guard case .closed(let waiting, _) = state else { return [] }
            state = .open(value)
            return Array(waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    var value: Value? {
        state.withLock { if case .open(let value) = $0 { value } else { nil } }
    }

    /// Waits for the value, whether or not the task is cancelled.
    func wait() async -> Value {
        while true {
            if let value = await waiting(giveUp: { _ in }) { return value }
        }
    }

    /// Waits for the value for so long, whether or not the task is cancelled; nil where it did not come.
    func wait(within length: Duration, _ clock: any WallClock) async -> Value? {
        await waiting { giveUp in
            // Owned by nobody: it ends with the time.
            Task {
                try? await clock.sleep(for: length)
                giveUp()
            }
        }
    }

    private func waiting(giveUp arm: (@escaping @Sendable () -> Void) -> Void) async -> Value? {
        await withCheckedContinuation { continuation in
            let place: (id: UInt64?, value: Value?) = state.withLock { state in
                switch state {
                case .open(let value): return (nil, value)
                case .closed(var waiting, let id):
                    waiting[id] = continuation
                    state = .closed(waiting, nextID: id + 1)
                    return (id, nil)
                }
            }
            guard let id = place.id else { return continuation.resume(returning: place.value) }
            arm { [self] in giveUp(id) }
        }
    }

    private func giveUp(_ id: UInt64) {
        let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
            guard case .closed(var waiting, let nextID) = state else { return nil }
            let continuation = waiting.removeValue(forKey: id)
            state = .closed(waiting, nextID: nextID)
            return continuation
        }
        continuation?.resume(returning: nil)
    }
}

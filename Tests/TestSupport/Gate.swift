import Synchronization

/// A number that grows, for whom many may wait: how often something has happened, or been let happen.
package final class Gate: Sendable {
    private struct State {
        var count = 0
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var count: Int { state.withLock { $0.count } }

    package func open(_ times: Int = 1) {
        let ready = state.withLock { state in
            state.count += times
            let ready = state.waiting.filter { $0.count <= state.count }
            state.waiting.removeAll { $0.count <= state.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns once it was opened so often.
    package func wait(_ times: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.count < times { state.waiting.append((times, continuation)) }
                return state.count >= times
            }
            if isOpen { continuation.resume() }
        }
    }
}

import Synchronization

/// Holds back what a process prints until its launch has been reported: its lines come after that one, and belong to its own attempt. Safe from any
/// thread.
final class HeldOutput: Sendable {
    /// Nil once it was released.
    private let held = Mutex<[@Sendable () -> Void]?>([])

    /// Delivers now, or in the same order when released. `deliver` must not come back here.
    func pass(_ deliver: @escaping @Sendable () -> Void) {
        held.withLock { held in
            if held == nil { deliver() } else { held?.append(deliver) }
        }
    }

    func release() {
        held.withLock { held in
            for deliver in held ?? [] { deliver() }
            held = nil
        }
    }
}

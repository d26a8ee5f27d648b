package import JobKit
import Synchronization

/// Counts the requests that are not answered yet, so that the program does not leave while somebody waits for an answer.
package final class OpenRequests: Sendable {
    private struct State {
        var open = 0
        var all: UInt64 = 0
    }

    /// How long it must be quiet: whoever was just answered may have one more question.
    private static let quiet = Duration.milliseconds(60)
    private static let pace = Duration.milliseconds(10)

    private let state = Mutex(State())

    package init() {}

    func begin() {
        state.withLock {
            $0.open += 1
            $0.all += 1
        }
    }

    func end() { state.withLock { $0.open -= 1 } }

    /// Returns once all are answered and no further one has come for a moment, at once where none is open, or when the time is up.
    /// - Returns: Whether all are answered.
    @discardableResult
    package func settle(within length: Duration, _ clock: any WallClock) async -> Bool {
        guard state.withLock({ $0.open }) > 0 else { return true }
        let end = clock.uptime + length
        var (seen, quietSince) = (state.withLock { $0.all }, clock.uptime)
        while clock.uptime < end {
            let now = state.withLock { ($0.open, $0.all) }
            if now.0 > 0 || now.1 != seen { (seen, quietSince) = (now.1, clock.uptime) }
            if clock.uptime - quietSince >= OpenRequests.quiet { return true }
            try? await clock.sleep(for: OpenRequests.pace)
        }
        return false
    }
}

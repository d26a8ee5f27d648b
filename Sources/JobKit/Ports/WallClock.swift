package import Foundation
import Settings

/// Time as the engine sees it. The wall clock may jump; `uptime` never does.
package protocol WallClock: Sendable {
    /// The time of day, in UTC.
    var now: Date { get }
    /// Time since some fixed instant of this boot, sleep included; it only grows.
    var uptime: Duration { get }
    /// Returns at `instant`, or earlier: anyone who waits looks again.
    func sleep(until instant: Date) async throws(CancellationError)
}

extension WallClock {
    /// Returns once `length` has gone by on the clock that does not jump.
    package func sleep(for length: Duration) async throws(CancellationError) {
        let end = uptime + length
        while true {
            let rest = end - uptime
            guard rest > .zero else { return }
            try await sleep(until: now.addingTimeInterval(rest.seconds))
        }
    }
}

extension Date {
    package func adding(_ length: Duration) -> Date { addingTimeInterval(length.seconds) }

    package func since(_ earlier: Date) -> Duration { .milliseconds(Int64((timeIntervalSince(earlier) * 1000).rounded())) }
}

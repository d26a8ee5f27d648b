package import Foundation
import Settings

/// Time as the engine sees it. The wall clock may jump; `uptime` never does. The only source of time outside of the edge of the program, so
/// that tests can move it:
///
/// ```swift
/// struct StoppedClock: WallClock {
///     let now = Date(timeIntervalSince1970: 0)
///     let uptime = Duration.zero
///     func sleep(until instant: Date) async throws(CancellationError) { throw CancellationError() }
/// }
/// ```
package protocol WallClock: Sendable {
    /// The time of day, in UTC.
    var now: Date { get }
    /// Time since some fixed instant of this boot, sleep included; it only grows.
    var uptime: Duration { get }
    /// Suspends until `instant`, or shorter: the caller checks `now` and sleeps again.
    /// - Throws: `CancellationError` once the task is cancelled.
    func sleep(until instant: Date) async throws(CancellationError)
}

extension WallClock {
    /// Suspends until `length` has passed on the clock that does not jump.
    /// - Throws: `CancellationError` once the task is cancelled.
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
    /// The instant this much later, or earlier for a negative duration.
    package func adding(_ length: Duration) -> Date { addingTimeInterval(length.seconds) }

    /// The time from an earlier instant to this one, to the millisecond; negative where that is later. At most some 30 million years: instants
    /// come from other machines too.
    package func since(_ earlier: Date) -> Duration {
        .milliseconds(Int64(max(-1e18, min(1e18, (timeIntervalSince(earlier) * 1000).rounded()))))
    }
}

package import Foundation
import JobKit

/// The machine's clocks. The only place that asks for the time or sleeps.
package struct SystemWallClock: WallClock {
    private static let start = ContinuousClock.now

    package init() {}

    /// To the millisecond, as instants are stored.
    package var now: Date { Date(timeIntervalSince1970: (Date().timeIntervalSince1970 * 1000).rounded(.down) / 1000) }

    package var uptime: Duration { ContinuousClock.now - SystemWallClock.start }

    /// In steps of a minute at most: a host may pause the container or set its clock.
    package func sleep(until instant: Date) async throws(CancellationError) {
        let rest = min(60, max(0.001, instant.timeIntervalSince(Date())))
        do { try await Task.sleep(for: .seconds(rest)) } catch { throw CancellationError() }
    }
}

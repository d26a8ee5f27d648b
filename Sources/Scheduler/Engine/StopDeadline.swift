package import Foundation
import JobKit

/// By when a stop is to be over, by the clock that does not jump.
struct StopDeadline: Sendable {
    /// The share that runs get beyond their time to be ended: one that does not end is killed then.
    private static let ending = 4

    /// When runs that continue are asked to end.
    let runs: Duration
    let all: Duration
    /// The same by the wall clock, as the engine knows it.
    let times: StopTimes

    /// - Parameters:
    ///   - budget: The time for everything.
    ///   - runs: The part of it after which runs are asked to end.
    ///   - now: The same instant as `uptime`, by the wall clock.
    init(from uptime: Duration, budget: Duration, runs: Duration, at now: Date) {
        times = StopTimes(runsUntil: now.adding(runs), end: now.adding(budget))
        self.runs = uptime + runs
        all = uptime + budget
    }

    /// The time that is left for a process to end. One that does not belong to a service is gone in time for services to stop after it.
    func left(isService: Bool, at uptime: Duration) -> Duration {
        (isService ? all : runs + (all - runs) / StopDeadline.ending) - uptime
    }
}

/// By when the runs of a stop are to be over, and by when all of it.
package struct StopTimes: Hashable, Sendable {
    package var runsUntil: Date
    package var end: Date

    package init(runsUntil: Date, end: Date) {
        self.runsUntil = runsUntil
        self.end = end
    }
}

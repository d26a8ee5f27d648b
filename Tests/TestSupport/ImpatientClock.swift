/// A clock on which no time passes while one sleeps.
package struct ImpatientClock: Clock {
    package typealias Duration = Swift.Duration
    package typealias Instant = ContinuousClock.Instant

    package init() {}
    package var now: ContinuousClock.Instant { ContinuousClock().now }
    package var minimumResolution: Swift.Duration { .zero }
    package func sleep(until deadline: ContinuousClock.Instant, tolerance: Swift.Duration?) async throws { try Task.checkCancellation() }
}

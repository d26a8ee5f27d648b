/// By when a stop is to be over, by the clock that does not jump.
struct StopDeadline: Sendable {
    /// The share that runs get beyond their time to be ended: one that does not end is killed then.
    private static let ending = 4

    /// When runs that continue are asked to end.
    let runs: Duration
    let all: Duration

    /// - Parameters:
    ///   - budget: The time for everything.
    ///   - runs: The part of it after which runs are asked to end.
    init(from uptime: Duration, budget: Duration, runs: Duration) {
        self.runs = uptime + runs
        all = uptime + budget
    }

    /// The time that is left for a process to end. One that does not belong to a service is gone in time for services to stop after it.
    func left(isService: Bool, at uptime: Duration) -> Duration {
        (isService ? all : runs + (all - runs) / StopDeadline.ending) - uptime
    }
}

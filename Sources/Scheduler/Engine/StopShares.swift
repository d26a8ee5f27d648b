/// How the budget of a stop is shared between runs and services.
package struct StopShares: Hashable, Sendable {
    /// The time for everything, as the parts know it: a little less than the platform gives, so that there is time to say goodbye.
    package let all: Duration
    /// The part of it after which runs are cut off; what is left is for the services, and for what takes what they leave.
    package let runs: Duration

    /// - Parameters:
    ///   - budget: What the platform gives.
    ///   - services: What came after the runs at earlier stops; nil where that is not known. Runs get six tenths of the budget, and what twice this leaves.
    package init(of budget: Duration, services: Duration? = nil) {
        let whole = budget - min(.milliseconds(500), budget / 10)
        let usual = budget * 6 / 10
        runs = services.map { max(usual, min(budget * 17 / 20, whole - $0 * 2 - budget / 10)) } ?? usual
        all = whole
    }
}

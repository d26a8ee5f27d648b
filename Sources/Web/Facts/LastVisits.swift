package import Foundation
package import Front

/// The newest visits from outside, one for each program that came. A value.
package struct LastVisits: Sendable {
    private static let most = 5
    private static let longestAgent = 200

    /// Newest first.
    package private(set) var visits: [Visit] = []
    /// When a keepalive request came in last; nil while none has.
    package private(set) var lastOwn: Date?

    package init() {}

    /// Takes a visit in, where it is one from outside.
    /// - Parameter isOwn: Whether it is a request of a keepalive job of this program, and not a visitor.
    package mutating func add(_ visit: Visit, isOwn: Bool) {
        guard !visit.isFromThisMachine else { return }
        guard !isOwn else {
            lastOwn = visit.at
            return
        }
        var visit = visit
        visit.agent = String(visit.agent.prefix(LastVisits.longestAgent))
        visits.removeAll { $0.agent == visit.agent }
        visits = [visit] + visits.prefix(LastVisits.most - 1)
    }
}

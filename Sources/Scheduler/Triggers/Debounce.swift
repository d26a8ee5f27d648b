/// Decides when a folder is quiet: once nothing has changed for a while, or, where it never is, after ten times that.
package struct Debounce: Hashable, Sendable {
    private static let mostTimes = 10

    let quiet: Duration
    private var first: Duration?
    private var last: Duration?

    /// - Parameter quiet: How long nothing must change.
    package init(_ quiet: Duration) { self.quiet = quiet }

    /// Something has changed. Instants are on a clock that does not jump.
    package mutating func changed(at now: Duration) {
        first = first ?? now
        last = now
    }

    /// The time until it is due; nil while nothing has changed.
    package func remaining(at now: Duration) -> Duration? {
        guard let first, let last else { return nil }
        return max(.zero, min(last + quiet, first + quiet * Debounce.mostTimes) - now)
    }

    /// Whether it is time to act. The next change starts over then.
    package mutating func isDue(at now: Duration) -> Bool {
        guard remaining(at: now) == .zero else { return false }
        (first, last) = (nil, nil)
        return true
    }
}

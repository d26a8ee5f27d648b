import Backups
import JobKit
import Synchronization

/// Writes what a dry run found to the run's log: so many changes, and the number of the others.
final class ChangeLines: Sendable {
    private static let most = 200

    private let context: RunContext
    private let count = Mutex(0)

    init(_ context: RunContext) { self.context = context }

    func take(_ change: TreeChange) {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number <= ChangeLines.most { context.log("\(change.mark) \(change.text)") }
    }

    /// To be called once all have come.
    func finish() {
        let all = count.withLock { $0 }
        if all > ChangeLines.most { context.log("… and \(all - ChangeLines.most) more") }
    }
}

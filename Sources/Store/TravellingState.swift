package import Foundation
package import JobKit
package import Scheduler

/// A copy of the state file that is stored next to a backup, and is taken over where a new container has no state.
package enum TravellingState {
    /// What a copy says of itself.
    package struct Mark: Codable, Hashable, Sendable {
        /// What the backup is known by that it goes with; see `Snapshot.checksum`.
        package var backup: String
        /// The folders that the backup is one of.
        package var paths: String
        package var at: Date

        package init(backup: String, paths: String, at: Date) { (self.backup, self.paths, self.at) = (backup, paths, at) }
    }

    /// The run that stores the copy. It is found as it is once it has ended: who finds the copy finds the backup.
    package struct Ending: Sendable {
        package var run: Int64
        package var outcome: RunOutcome
        package var report: RunReport

        package init(run: Int64, outcome: RunOutcome, report: RunReport) { (self.run, self.outcome, self.report) = (run, outcome, report) }
    }

    /// What was taken over.
    package struct Taken: Hashable, Sendable {
        package var runs: Int
        package var mark: Mark
    }

    /// Why a copy was not taken over.
    package enum Refusal: Error, Hashable, Sendable {
        /// The state file is not empty.
        case inUse
        /// It comes from a newer program.
        case newer
        case damaged
        /// It belongs to other data.
        case others(Mark?)
        case store(StoreError)
    }

    /// The most bytes that a copy has where that can be reached by leaving out old runs and events.
    package static let mostBytes: Int64 = 16 << 20
    /// How many of the newest runs of each job stay in a copy that is too large, one try after the other.
    static let runsKept = [1000, 200, 50, 10, 1]
    /// The values that hold the mark.
    static let owner = "shipkeeper/travelling"
    static let key = "mark"
    /// Values that mean something only in the container that has written them: the request for its next restore, and the tree that its last one has put in place.
    static let ownValues = ["request", "restored"]
}

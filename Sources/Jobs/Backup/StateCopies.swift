package import Foundation
package import JobKit
import Synchronization

/// Where backups get copies of the program's state from. The jobs are read before there is a state; a program without one gives none.
package final class StateCopies: Sendable {
    /// A copy that is to be made.
    package struct Wanted: Sendable {
        /// The file to write.
        package var path: String
        /// The run that stores it, and how that will have ended.
        package var run: Int64
        package var report: RunReport
        package var isWhole: Bool
        /// What the backup is known by.
        package var backup: String
        /// The folders that it is of.
        package var paths: String
        package var at: Date
    }

    package typealias Writer = @Sendable (Wanted) async throws(JobError) -> Void

    private let writer = Mutex<Writer?>(nil)

    package init() {}

    /// From now on copies are written by this.
    package func use(_ writer: @escaping Writer) { self.writer.withLock { $0 = writer } }

    /// - Returns: Whether there is one.
    func write(_ wanted: Wanted) async throws(JobError) -> Bool {
        guard let writer = writer.withLock({ $0 }) else { return false }
        try await writer(wanted)
        return true
    }
}

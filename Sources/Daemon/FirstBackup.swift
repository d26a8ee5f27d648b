import Backups
import Config
import Foundation
import JobKit
import Jobs
import Scheduler

/// Makes the first backup soon after the app's first data.
///
/// A repository that was found empty has nothing to bring back: until the first backup, a restart of the container loses all that the app
/// wrote, and a schedule may be hours away.
struct FirstBackup: Sendable {
    /// How often an empty tree is looked at.
    static let pace = Duration.seconds(15)
    /// How long the app may continue writing its first data before they are stored.
    static let delay = Duration.seconds(60)
    /// After this a first backup that was not made is asked for again.
    static let again = Duration.seconds(300)

    let current: SharedValue<Configuration>
    let values: any KeyValues
    let bootID: String
    let clock: any WallClock
    /// Asks for a run of a backup job because of its folder.
    let request: @Sendable (_ job: String, _ path: String) -> Void

    /// Looks until every repository holds a backup, or it is cancelled.
    func follow() async {
        var due: [String: Duration] = [:]
        while !Task.isCancelled {
            for use in RepositoryPlans(configuration: current.value).uses where use.isBackup && use.isEnabled {
                guard await isFirst(use), await use.source.holdsFiles() else {
                    due[use.job] = nil
                    continue
                }
                let instant = due[use.job] ?? clock.uptime + FirstBackup.delay
                due[use.job] = instant
                guard clock.uptime >= instant else { continue }
                request(use.job, use.source.readable)
                due[use.job] = clock.uptime + FirstBackup.again
            }
            do { try await clock.sleep(for: FirstBackup.pace) } catch { return }
        }
    }

    /// Whether the repository was found empty in this boot and has got no backup since.
    private func isFirst(_ use: RepositoryPlans.Use) async -> Bool {
        guard let lineage = try? await LineageStore(use.repository, values: values, bootID: bootID).load(), lineage.isUnlocked(in: bootID) else { return false }
        if case .empty = lineage.base { return true }
        return false
    }
}

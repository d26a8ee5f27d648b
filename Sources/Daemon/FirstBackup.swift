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
    let scheduler: JobScheduler
    let clock: any WallClock

    /// Looks as long as a repository may turn out to hold nothing, also after each reload, until it is cancelled.
    func follow() async {
        var due: [String: Duration] = [:]
        while !Task.isCancelled {
            let position = scheduler.position
            var isOver = true
            for use in RepositoryPlans(configuration: current.value).uses where use.isBackup && use.isEnabled {
                let standing = await standing(of: use)
                if standing != .filled { isOver = false }
                guard standing == .empty, await use.source.holdsFiles() else {
                    due[use.job] = nil
                    continue
                }
                let instant = due[use.job] ?? clock.uptime + FirstBackup.delay
                due[use.job] = instant
                guard clock.uptime >= instant else { continue }
                scheduler.changed(job: use.job, path: use.source.readable, at: clock.now)
                due[use.job] = clock.uptime + FirstBackup.again
            }
            if isOver, await !scheduler.nextConfiguration(after: position) { return }
            do { try await clock.sleep(for: FirstBackup.pace) } catch { return }
        }
    }

    private enum Standing {
        /// No restore of this boot has ended well yet.
        case unknown
        /// It was found empty in this boot and has got no backup since.
        case empty
        case filled
    }

    private func standing(of use: RepositoryPlans.Use) async -> Standing {
        guard let lineage = try? await LineageStore(use.repository, values: values, bootID: bootID).load(), lineage.isUnlocked(in: bootID) else {
            return .unknown
        }
        if case .empty = lineage.base { return .empty }
        return .filled
    }
}

import Backups
import Config
import Foundation
import InPlaceRestore
import JobKit
import Jobs

/// Takes over what the container before this one has stored after our restore.
///
/// Platforms start the new container before they stop the old one. Its last backup then comes after the new one's restore: without this, that
/// backup's data would be missing here, and ours could not be stored any more.
struct HandoverMonitor: Sendable {
    private static let mostTries = 2
    /// How often it is looked, at most and at least.
    private static let pace = Duration.seconds(1) ... .seconds(60)

    let current: SharedValue<Configuration>
    let values: any KeyValues
    let bootID: String
    let clock: any WallClock
    let note: @Sendable (LogNotice) -> Void

    /// Looks until nothing is to be followed any more, or it is cancelled.
    func follow(_ restoring: InPlaceRestore) async {
        // Each try stops the services: what can't be taken over is not tried for ever.
        var tries: [String: Int] = [:]
        // When a restore had first ended well, by repository: until then it may take hours.
        var restored: [String: Duration] = [:]
        while !Task.isCancelled {
            let uses = RepositoryPlans(configuration: current.value).uses.filter { use in
                !use.isBackup && use.isEnabled && restored[use.repository.name].map { clock.uptime - $0 < use.handover } ?? (use.handover > .zero)
            }
            guard let longest = uses.map(\.handover).max() else { return }
            let pause = min(HandoverMonitor.pace.upperBound, max(HandoverMonitor.pace.lowerBound, longest / 15))
            do { try await clock.sleep(for: pause) } catch { return }
            for use in uses {
                let records = LineageStore(use.repository, values: values, bootID: bootID)
                guard (try? await records.load())?.isUnlocked(in: bootID) == true else { continue }
                restored[use.repository.name] = restored[use.repository.name] ?? clock.uptime
                await look(use, records, restoring, &tries)
            }
        }
    }

    private func look(_ use: RepositoryPlans.Use, _ records: LineageStore, _ restoring: InPlaceRestore, _ tries: inout [String: Int]) async {
        // A store that can't be reached now is looked at the next time.
        guard let newer = try? await records.newerForeignBackup(in: use.repository.backups), !Task.isCancelled,
            tries[newer, default: 0] < HandoverMonitor.mostTries
        else { return }
        note(LogNotice("another container has stored a newer backup since this one restored: taking it over", job: use.job))
        let begun = await restoring.begin("latest", repository: use.repository.name, current: .backUpAside)
        guard begun.state == .running else { return }
        tries[newer, default: 0] += 1
        let end = await restoring.end()
        for remark in await restoring.remarks { note(LogNotice(remark, job: use.job)) }
        let result = end.state == .succeeded ? "taken over" : "the newer backup was not taken over as a whole; restart the container to restore it"
        note(LogNotice(result, job: use.job))
    }
}

package import Backups
import Files
import Foundation
package import JobKit
package import Settings

/// Brings the app's data back on boot.
///
/// Ends as `restored`, `empty` or failed, and only the first two unlock backups to the repository.
package struct RestoreJob: JobType {
    /// What follows when the data can't be brought back.
    package enum OnFailure: String, CaseIterable, Sendable {
        /// The run fails, and what needs it waits.
        case wait
        /// What needs it starts all the same, and backups stay locked.
        case startLocked = "start_locked"
    }

    package struct Settings: Sendable {
        package var repository: Repository?
        package var source: BackupSource?
        /// How long an unreachable repository is asked again.
        var giveUpAfter: Duration
        var onFailure: OnFailure
        var owner: FileOwner
        /// For so long after the start, a newer backup that another container has stored is brought back; zero for never.
        package var handover: Duration
    }

    package static let typeName = "restore"
    package static let about = "Restores a folder from a repository"
    package static let canDryRun = true
    package let settings: Settings

    package static func settings(from reader: inout SettingsReader) -> Settings {
        let settings = Settings(
            repository: reader.resource("repository", "Name of the repository, as declared under \"repositories\"", as: Repository.self),
            source: reader.tree(),
            giveUpAfter: reader.duration(
                "give_up_after", "How long to keep retrying an unreachable repository, and at boot a full disk", default: .seconds(300),
                in: .zero ... .seconds(86_400)),
            onFailure: reader.choice(
                "on_failure", "After a failure, jobs that need the restore wait (wait), or start without the data while backups are locked (start_locked)",
                default: .wait, formerly: ["hold": .wait]),
            owner: reader.choice(
                "owner", "Owner of the files that root restores: the stored owner (stored) or root (running)", default: .stored),
            handover: reader.duration(
                "handover", "For this long after the restore, a newer backup of the container that this one replaces is restored too; 0s: never",
                default: .seconds(900), in: .zero ... .seconds(86_400)))
        reader.formerly("follow", "handover")
        return settings
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository, let source = settings.source else {
            throw JobError("the repository or the folder is not configured")
        }
        let records = LineageStore(repository, context)
        let attempt = RestoreAttempt(settings: settings, repository: repository, source: source, records: records, context: context)
        if context.isDryRun { return try await attempt.foresee() }
        let wanted = try await records.requested()
        do {
            return try await attempt.run(wanted)
        } catch {
            if Task.isCancelled || wanted != nil || settings.onFailure == .wait { throw error }
            let hint = error.hint.map { " (\($0))" } ?? ""
            context.log("not restored: \(error.summary)\(hint)")
            return RunReport(
                summary: "not restored, and started all the same; backups are locked: \(error.summary)",
                result: .restore(.startedLocked(error: error.description)),
                attention: [
                    Attention("the data were not brought back, and backups are locked: \(error.description)", hint: "shipkeeper start \(context.job)")
                ])
        }
    }
}

import Backups
import Foundation
package import JobKit
import Storage

/// Brings the app's data back on boot.
///
/// Ends as `restored`, `empty` or failed, and only the first two unlock backups to the repository.
package struct RestoreJob: JobType {
    package struct Settings: Sendable {
        var repository: Repository?
        var source: BackupSource?
        /// How long an unreachable repository is asked again.
        var giveUpAfter: Duration
    }

    package static let typeName = "restore"
    package static let about = "Brings a folder back from a repository"
    let settings: Settings

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            repository: reader.resource("repository", "The repository to restore from", as: Repository.self),
            source: reader.tree(),
            giveUpAfter: reader.duration(
                "give_up_after", "How long a repository that can't be reached is asked again", default: .seconds(300),
                in: .zero ... .seconds(86_400)))
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository, let source = settings.source else {
            throw JobError("the repository or the folder is not configured")
        }
        let ledger = RepositoryLedger(repository: repository.name, context)
        try await ledger.lock()
        let restorer = TreeRestorer(repository: repository.archives(), source: source, id: "\(context.run)-\(context.attempt)")
        do throws(BackupError) {
            for line in try await restorer.recover() { context.log(line) }
        } catch {
            throw RestoreJob.error(error, repository)
        }
        switch try await patiently(restorer, repository, source, ledger, context) {
        case .kept(let head):
            try await ledger.unlock(head: head.id)
            return RunReport(
                summary: "restored: the folder is still here and newer than the backup of \(head.date.formatted(.iso8601)), so it stays",
                outputs: ["outcome": "restored", "version": head.id])
        case .done(.empty):
            if let known = try await ledger.head() {
                throw JobError(
                    "the repository is empty, but this container knows a backup in it (\(known))",
                    hint: "is the right volume mounted? Backups to \"\(repository.name)\" stay locked, so nothing stored is lost", retry: .worthwhile)
            }
            try await ledger.setTree(source.marked())
            try await ledger.unlock(head: nil)
            return RunReport(summary: "empty: the repository holds no backup yet", outputs: ["outcome": "empty"])
        case .done(.restored(let report)):
            for note in report.notes { context.log("note: \(note)") }
            for skipped in report.skipped { context.log("left out: \(skipped)") }
            try await ledger.setTree(source.marked())
            try await ledger.unlock(head: report.head)
            return RestoreJob.report(report)
        }
    }

    private static func report(_ report: TreeRestorer.Report) -> RunReport {
        let counts = "\(report.files.counted("file")), \(ByteSizeText.readable(report.bytes))"
        let date = report.version.date.formatted(.iso8601)
        let notes = report.notes.isEmpty ? "" : "; " + report.notes.joined(separator: "; ")
        return RunReport(
            summary: "restored \(counts) from the backup of \(date)\(notes)",
            outputs: [
                "outcome": "restored", "version": report.version.id, "files": "\(report.files)",
                "bytes": "\(report.bytes)", "way": report.way,
            ])
    }

    private enum Result {
        case kept(StoreVersion)
        case done(TreeRestorer.Outcome)
    }

    /// After a restart with the disk still there, the live tree is newer than the backup it came from, and stays.
    private func headOfLiveTree(
        _ repository: Repository, _ tree: String?, _ source: BackupSource, _ known: String?, _ pending: String?
    ) async throws(BackupError) -> StoreVersion? {
        guard let tree, tree == source.identity, let head = try await repository.archives().head() else { return nil }
        if head.id == known { return head }
        return try await repository.archives().isPending(head, pending) ? head : nil
    }

    /// Tries again while the repository can't be reached.
    private func patiently(
        _ restorer: TreeRestorer, _ repository: Repository, _ source: BackupSource, _ ledger: RepositoryLedger, _ context: RunContext
    ) async throws(JobError) -> Result {
        let (tree, known, pending) = (try await ledger.tree(), try await ledger.head(), try await ledger.pending())
        let end = context.clock.uptime + settings.giveUpAfter
        var wait = Duration.seconds(2)
        while true {
            do throws(BackupError) {
                if let head = try await headOfLiveTree(repository, tree, source, known, pending) { return .kept(head) }
                return .done(
                    try await restorer.restore { files, bytes in
                        context.report(RunProgress(step: "unpacking", done: Int64(files), unit: "files", bytes: bytes))
                    })
            } catch {
                guard case .store(.unavailable) = error, context.clock.uptime + wait < end else {
                    throw RestoreJob.error(error, repository)
                }
                context.log("\(error); trying again in \(DurationText.readable(wait))")
            }
            do { try await context.clock.sleep(for: wait) } catch { throw JobError("cancelled") }
            wait = min(wait * 2, .seconds(60))
        }
    }

    private static func error(_ error: BackupError, _ repository: Repository) -> JobError {
        let safe = "backups to \"\(repository.name)\" stay locked, so nothing stored is lost"
        let hint: String? =
            switch error {
            case .store(.missing): "is the volume mounted? For a new repository, create the folder; \(safe)"
            case .store(.unauthorized): "give this user the right to read it; \(safe)"
            case _ where error.isDiskFull: "make room, then: shipkeeper start restore; \(safe)"
            case .nothingGood, .archive: "look at the backups by hand, then: shipkeeper start restore; \(safe)"
            case .mountBelow: "unmount it, or restore to a folder without mounts below; \(safe)"
            case .store, .file, .sourceMissing, .cancelled, .notEnoughSpace: safe
            }
        return JobError("\(error)", hint: hint, retry: .worthwhile)
    }
}

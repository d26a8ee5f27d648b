import Backups
import Foundation
import JobKit
import Storage
import TimeZones

/// One attempt to bring the data back.
struct RestoreAttempt {
    private static let firstWait = Duration.seconds(2)
    private static let longestWait = Duration.seconds(60)

    let settings: RestoreJob.Settings
    let repository: Repository
    let source: BackupSource
    let ledger: RepositoryLedger
    let context: RunContext

    private enum Result {
        /// The live tree is newer than this backup, and stays.
        case kept(StoreVersion)
        case done(TreeRestorer.Outcome)
    }

    /// - Parameter wish: The backup that a person wants; nil for the newest.
    func run(_ wish: String?) async throws(JobError) -> RunReport {
        // A certain backup is wanted while all is well: should it not come, all stays as it is.
        if wish == nil { try await ledger.lock() }
        let restorer = TreeRestorer(
            repository: repository.archives(), source: source, id: "\(context.bootID.prefix(6))-\(context.run)-\(context.attempt)",
            owner: settings.owner)
        do throws(BackupError) {
            for line in try await restorer.recover() { context.log(line) }
        } catch {
            throw failure(error)
        }
        switch try await patiently(restorer, wish) {
        case .kept(let head):
            if try await ledger.tree() != source.identity { try await ledger.setTree(source.marked()) }
            try await ledger.unlock(head: head.id, checksum: try await checksum(of: head))
            return RunReport(
                summary: "restored: the folder is still here and newer than the backup of \(ShownTime.text(head.date)), so it stays",
                result: .restore(.kept(version: head.id)))
        case .done(.empty(let head)):
            if let known = try await ledger.checksum() {
                throw JobError(
                    "the repository is empty, but this container knows a backup in it (SHA-256 \(known.prefix(12))…)",
                    hint: "is it the right one? Backups to \"\(repository.name)\" stay locked, so nothing stored is lost", retry: .worthwhile)
            }
            try await ledger.setTree(source.marked())
            try await ledger.unlock(head: head?.id, checksum: nil)
            return RunReport(summary: "empty: the repository holds no backup yet", result: .restore(.empty))
        case .done(.restored(let report)):
            for note in report.notes { context.log("note: \(note)") }
            for skipped in report.skipped { context.log("left out: \(skipped)") }
            try await ledger.setTree(source.marked())
            let (head, checksum) = try await descent(after: report, wish)
            if let checksum { source.note(descent: checksum) }
            try await ledger.unlock(head: head, checksum: checksum)
            return RestoreAttempt.report(report)
        }
    }

    /// What the tree descends from once it is restored.
    private func descent(after report: TreeRestorer.Report, _ wish: String?) async throws(JobError) -> (head: String?, checksum: String?) {
        // Another container's backup is taken over as it was planned: that one may have stored a newer one meanwhile, which is to be seen.
        if wish != nil, try await ledger.isYielding() { return (report.version.id, try await checksum(of: report.version)) }
        // A person's choice takes the place of what was the newest when it was made, and of nothing that came since.
        if wish != nil, try await ledger.isUnlocked() { return (try await ledger.head(), try await ledger.checksum()) }
        let head = report.head ?? report.version
        return (head.id, try await checksum(of: head))
    }

    private func checksum(of head: StoreVersion) async throws(JobError) -> String? {
        do { return try await repository.archives().checksum(of: head) } catch { throw failure(error) }
    }

    private static func report(_ report: TreeRestorer.Report) -> RunReport {
        let counts = "\(report.files.counted("file")), \(ByteSizeText.readable(report.bytes))"
        let date = ShownTime.text(report.version.date)
        let notes = report.notes.isEmpty ? "" : "; " + report.notes.joined(separator: "; ")
        return RunReport(
            summary: "restored \(counts) from the backup of \(date)\(notes)",
            result: .restore(.restored(version: report.version.id, files: report.files, bytes: report.bytes, skippedVersions: 0)))
    }

    // MARK: Trying

    /// Tries again while the repository can't be reached.
    private func patiently(_ restorer: TreeRestorer, _ wish: String?) async throws(JobError) -> Result {
        let known = ArchiveRepository.Known(head: try await ledger.head(), checksum: try await ledger.checksum(), pending: try await ledger.pending())
        let tree = try await ledger.tree()
        let end = context.clock.uptime + settings.giveUpAfter
        var wait = RestoreAttempt.firstWait
        while true {
            let trouble: StorageError
            do throws(BackupError) {
                return try await once(restorer, wish, known, tree)
            } catch {
                guard let storage = error.storage, storage.isPassing else { throw failure(error, isWished: wish != nil) }
                trouble = storage
            }
            if case .limited(let length) = trouble.kind { wait = max(wait, length) }
            guard context.clock.uptime + wait < end else { throw failure(.store(trouble), isWished: wish != nil) }
            context.log("\(trouble); trying again in \(DurationText.readable(wait)), for \(DurationText.readable(end - context.clock.uptime)) in all")
            do { try await context.clock.sleep(for: wait) } catch { throw JobError("cancelled") }
            wait = min(wait * 2, RestoreAttempt.longestWait)
        }
    }

    private func once(
        _ restorer: TreeRestorer, _ wish: String?, _ known: ArchiveRepository.Known, _ tree: String?
    ) async throws(BackupError) -> Result {
        let archives = repository.archives()
        if let wish {
            let version = try archives.find(wish, among: try await archives.backups())
            return .done(.restored(try await restorer.restore(version, onProgress: report)))
        }
        // After a restart with the disk still there, the live tree is newer than the backup it came from.
        if let tree, tree == source.identity, known.head != nil, let head = try await archives.head(), !head.objects.isEmpty,
            try await archives.isOurs(head, known)
        {
            return .kept(head)
        }
        // The same where the state or a part of the tree was lost and the disk was not: the tree itself says what it descends from.
        if let descent = source.descent, let head = try await archives.head(), !head.objects.isEmpty,
            try await archives.checksum(of: head) == descent.checksum
        {
            if let missing = descent.missing { try await bringBack(missing, from: head) }
            source.note(descent: descent.checksum)
            return .kept(head)
        }
        return .done(try await restorer.restore(onProgress: report))
    }

    /// A part that did not lie on the disk that stayed.
    private func bringBack(_ part: BackupSource, from head: StoreVersion) async throws(BackupError) {
        let restorer = TreeRestorer(
            repository: repository.archives(), source: part, id: "\(context.bootID.prefix(6))-\(context.run)-\(context.attempt)-part", owner: settings.owner)
        do throws(BackupError) {
            _ = try await restorer.restore(head, onProgress: report)
            context.log("brought back what was not here any more: \(part.readable)")
        } catch {
            // It was here when the backup was noted, and is not in it.
            guard case .notInBackup = error else { throw error }
            context.log("not here any more, and never stored: \(part.readable)")
        }
    }

    private func report(_ progress: TreeRestorer.Progress) {
        switch progress {
        case .downloading(let done, let total):
            context.report(RunProgress(step: "downloading", done: done, total: total, unit: "bytes", bytes: done))
        case .unpacking(let files, let bytes):
            context.report(RunProgress(step: "unpacking", done: Int64(files), unit: "files", bytes: bytes))
        }
    }

    private func failure(_ error: BackupError, isWished: Bool = false) -> JobError {
        JobError(
            error,
            hint: { error in
                switch error {
                case _ where error.isDiskFull && error.storage?.hint == nil: "make room, then: shipkeeper start restore"
                case .notInBackup: "correct \"path\", or name the repository that holds it"
                case .nothingGood, .archive: "look at the backups with \"shipkeeper backups\", then: shipkeeper start restore"
                case .noSuchBackup: "\"shipkeeper backups\" lists them"
                case .mountBelow: "unmount it, or restore to a folder without mounts below"
                case .store, .setAside, .file, .sourceMissing, .cancelled, .notEnoughSpace: nil
                }
            }, also: isWished ? nil : "backups to \"\(repository.name)\" stay locked, so nothing stored is lost")
    }
}

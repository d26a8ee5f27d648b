package import Backups
import Foundation
package import JobKit
import Storage

/// Stores the app's data in a repository, when it has changed.
package struct BackupJob: JobType {
    package struct Settings: Sendable {
        package var repository: Repository?
        package var source: BackupSource?
        /// Whether a small change of the tree changes the archive only nearby.
        var isRsyncable: Bool
    }

    package static let typeName = "backup"
    package static let about = "Stores a folder in a repository, when it has changed"
    package static let usualTimeout: Duration? = .seconds(20 * 60)
    /// Where removal is for good, the newest backup is read back first, which is not done more often than this, in seconds.
    private static let pruneEvery = 20.0 * 3600
    /// The least time for that before the attempt's deadline, in seconds.
    private static let timeToPrune = 600.0

    package let settings: Settings
    let stateFolder: @Sendable () -> String

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            repository: reader.resource("repository", "The repository to store in", as: Repository.self),
            source: reader.tree { reader in
                PathFilter(
                    exclude: reader.strings("exclude", "Patterns with the meaning of a .gitignore"),
                    include: reader.strings("include", "Patterns taken back in though \"exclude\" matches"))
            },
            isRsyncable: reader.boolean(
                "rsyncable", "Whether a small change of the tree changes the archive only nearby, for stores that keep equal stretches once", default: true))
    }

    private var scratch: String { stateFolder() + "/scratch" }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository, let source = settings.source else {
            throw JobError("the repository or the folder is not configured")
        }
        let ledger = RepositoryLedger(repository: repository.name, context)
        var known = ArchiveRepository.Known(
            fingerprint: try await ledger.fingerprint(), content: try await ledger.content(), checksum: try await ledger.checksum(),
            pending: try await ledger.pending())
        known.head = try await permitted(repository, source, ledger, known)
        let archives = repository.archives()
        // With little time left a larger archive that is made fast is the better one.
        let packing = ArchiveRepository.Packing(isRsyncable: settings.isRsyncable, level: context.stopBudgetLeft() == nil ? 6 : 1)
        do throws(BackupError) {
            let (outcome, fingerprint) = try await archives.backUp(
                source, known: known, scratch: scratch, packing: packing, aside: "\(context.bootID.prefix(8))-\(context.run)", at: context.clock.now,
                onProgress: { context.report(RunProgress($0)) },
                onPacked: { checksum throws(BackupError) in
                    do throws(JobError) { try await ledger.storing(checksum: checksum) } catch { throw .store(.unavailable(error.summary)) }
                })
            return try await conclude(outcome, fingerprint, source, archives, ledger, context)
        } catch {
            // Another container's backup is about to be restored, and ours was to go beside it.
            if case .setAside(_, let incomplete) = error, try await ledger.isYielding() {
                return RunReport(
                    summary: "stored next to the newer backup of another container: \(error)",
                    result: .backup(BackupResult(.setAside, missing: .init(incomplete))))
            }
            throw BackupJob.error(error)
        }
    }

    /// The head that the tree descends from, if this container may write at all.
    private func permitted(
        _ repository: Repository, _ source: BackupSource, _ ledger: RepositoryLedger, _ known: ArchiveRepository.Known
    ) async throws(JobError) -> String? {
        if let paths = try await ledger.paths(), paths != source.readable {
            throw JobError("the repository \"\(repository.name)\" holds backups of \(paths)", hint: "store \(source.readable) in a repository of its own")
        }
        if try await ledger.isUnlocked() { return try await ledger.head() }
        guard try await !ledger.isLocked() else {
            throw JobError(
                "backups to \"\(repository.name)\" are locked: the restore from it has not succeeded since the program started",
                hint: "mend what it complains of, then: shipkeeper start restore")
        }
        let archives = repository.archives()
        let head: StoreVersion?
        let isOurs: Bool
        var descent = known
        descent.head = try await ledger.head()
        do throws(BackupError) {
            head = try await archives.head()
            isOurs = try await archives.isOurs(head, descent)
        } catch {
            throw BackupJob.error(error)
        }
        guard let head, !head.objects.isEmpty else { return head?.id }
        if descent.head != nil, isOurs, let tree = try await ledger.tree(), tree == source.identity { return head.id }
        throw JobError(
            "backups to \"\(repository.name)\" are locked: it holds a backup, and no restore from it has succeeded since the program started",
            hint: "let a restore job succeed first: shipkeeper start restore")
    }

    // MARK: Afterwards

    private func conclude(
        _ outcome: ArchiveRepository.Outcome, _ fingerprint: String, _ source: BackupSource, _ archives: ArchiveRepository,
        _ ledger: RepositoryLedger, _ context: RunContext
    ) async throws(BackupError) -> RunReport {
        switch outcome {
        case .unchanged:
            _ = try? await ledger.noteFingerprint(fingerprint)
            return RunReport(summary: "unchanged since the last backup", result: .backup(BackupResult(.unchanged)))
        case .stored(let version, let report):
            do {
                // A backup that lacks something is made anew next time, changed or not.
                let isWhole = report.incomplete.isEmpty
                source.note(descent: report.checksum)
                try await ledger.stored(
                    head: version.id, checksum: report.checksum, fingerprint: isWhole ? fingerprint : nil, content: isWhole ? report.content : nil,
                    tree: source.marked(), paths: source.readable)
            } catch {
                throw .store(.unavailable("stored, but the state file could not be written: \(error)"))
            }
            log(report, context)
            let old = report.incomplete.isEmpty ? await KeptTrees.remove(of: source) : 0
            if old > 0 { context.log("removed the tree that the last restore had kept") }
            var result = BackupResult(
                .stored, missing: .init(report.incomplete), version: version.id, files: report.files,
                bytes: report.bytes, archiveBytes: report.archiveBytes, sha256: report.checksum)
            // The program is about to end: what is not the backup itself can wait.
            if context.stopBudgetLeft() == nil {
                await prune(archives, ledger, context)
                result.space = await space(archives, context)
            }
            return RunReport(
                summary: BackupJob.summary(report), result: .backup(result), attention: BackupJob.attention(result, context))
        }
    }

    private func log(_ report: SnapshotReport, _ context: RunContext) {
        for file in report.incomplete.first { context.log("note: \(file)") }
        let unnamed = report.incomplete.count - report.incomplete.first.count
        if unnamed > 0 { context.log("note: and \(unnamed) more are incomplete") }
        for note in report.notes { context.log("note: \(note)") }
        guard report.leftOut > 0 else { return }
        let more = report.leftOut > report.leftOutNames.count ? " and \(report.leftOut - report.leftOutNames.count) more" : ""
        context.log(
            "left out, for they mean something only to live processes (locks, sockets, logs of databases): \(report.leftOutNames.joined(separator: ", "))\(more)"
        )
    }

    /// Removes old backups. Trouble with that takes nothing from the backup that was just made.
    private func prune(_ archives: ArchiveRepository, _ ledger: RepositoryLedger, _ context: RunContext) async {
        let now = context.clock.now.timeIntervalSince1970
        do {
            if archives.store.removal == .afterVerifying {
                if now - (try await ledger.prunedAt()) < BackupJob.pruneEvery { return }
                // Reading it all back takes its time, and must not make a stored backup look like one that timed out.
                if let deadline = context.deadline, deadline.timeIntervalSince1970 - now < BackupJob.timeToPrune { return }
                try await ledger.notePruned(at: now)
            }
            let pruned = try await archives.prune(scratch: scratch)
            if pruned > 0 { context.log("removed \(pruned.counted("old backup"))") }
        } catch {
            context.log("note: old backups were not removed: \(error)")
        }
    }

    private func space(_ archives: ArchiveRepository, _ context: RunContext) async -> BackupResult.Space? {
        do {
            guard let space = try await archives.store.space() else { return nil }
            if space.isPublic { context.log("note: the repository is public: anybody can read your backups; make it private") }
            return BackupResult.Space(used: space.used, limit: space.limit, isPublic: space.isPublic)
        } catch {
            context.log("note: the repository's size is not known: \(error)")
            return nil
        }
    }

    private static func attention(_ result: BackupResult, _ context: RunContext) -> [Attention] {
        guard let first = result.missing.first.first else { return [] }
        let more = result.missing.count == 1 ? "" : " (and \(result.missing.count - 1) more)"
        return [Attention("the last backup is incomplete: \(first)\(more)", hint: "shipkeeper logs \(context.job) --run \(context.run)")]
    }

    private static func summary(_ report: SnapshotReport) -> String {
        let missing = report.incomplete.first.first.map { "; incomplete: \($0)" } ?? ""
        let more = report.incomplete.count > 1 ? " (and \(report.incomplete.count - 1) more)" : ""
        let databases = report.databases == 0 ? "" : ", with \(report.databases.counted("database"))"
        return
            "stored \(report.files.counted("file"))\(databases), \(ByteSizeText.readable(report.bytes)) as \(ByteSizeText.readable(report.archiveBytes))\(missing)\(more)"
    }

    private static func error(_ error: BackupError) -> JobError {
        if error.storage?.kind == .stale {
            return JobError(
                "refused: \(error)",
                hint: "only one container may run at a time; restart this one to restore the newer backup")
        }
        return JobError(error) { error in
            switch error {
            case _ where error.isDiskFull && error.storage?.hint == nil: "make room; the last backup is untouched"
            case .sourceMissing: "correct \"path\", or start the app that makes it"
            case .store, .setAside, .archive, .file, .nothingGood, .noSuchBackup, .notInBackup, .notEnoughSpace, .mountBelow, .cancelled: nil
            }
        }
    }
}

extension BackupResult.Missing {
    /// As many as are worth recording with the run.
    private static let most = 5

    init(_ files: IncompleteFiles) { self.init(count: files.count, first: files.first.prefix(Self.most).map(\.description)) }
}

extension RunProgress {
    fileprivate init(_ progress: ArchiveRepository.BackupProgress) {
        switch progress {
        case .packing(let packing):
            self.init(step: "packing", done: Int64(packing.files), total: Int64(packing.totalFiles), unit: "files", bytes: packing.bytes)
        case .uploading(let done, let total):
            self.init(step: "uploading", done: done, total: total, unit: "bytes", bytes: done)
        }
    }
}

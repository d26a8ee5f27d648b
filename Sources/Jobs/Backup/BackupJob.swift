import Backups
package import JobKit
import Storage

/// Stores the app's data in a repository, when it has changed.
package struct BackupJob: JobType {
    package struct Settings: Sendable {
        var repository: Repository?
        var source: BackupSource?
    }

    package static let typeName = "backup"
    package static let about = "Stores a folder in a repository, when it has changed"
    let settings: Settings
    let stateFolder: @Sendable () -> String

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            repository: reader.resource("repository", "The repository to store in", as: Repository.self),
            source: reader.tree { reader in
                PathFilter(
                    exclude: reader.strings("exclude", "Patterns with the meaning of a .gitignore"),
                    include: reader.strings("include", "Patterns taken back in though \"exclude\" matches"))
            })
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository, let source = settings.source else {
            throw JobError("the repository or the folder is not configured")
        }
        let ledger = RepositoryLedger(repository: repository.name, context)
        let known = ArchiveRepository.Known(
            fingerprint: try await ledger.fingerprint(), content: try await ledger.content(),
            head: try await permitted(repository, source, ledger), pending: try await ledger.pending())
        let archives = repository.archives()
        do throws(BackupError) {
            let (outcome, fingerprint) = try await archives.backUp(
                source, known: known, scratch: stateFolder() + "/scratch", at: context.clock.now,
                onProgress: { progress in
                    context.report(
                        RunProgress(
                            step: "packing", done: Int64(progress.files), total: Int64(progress.totalFiles), unit: "files",
                            bytes: progress.bytes))
                },
                onPacked: { checksum throws(BackupError) in
                    do throws(JobError) { try await ledger.storing(checksum: checksum) } catch { throw .store(.unavailable(error.summary)) }
                })
            return try await conclude(outcome, fingerprint, source, archives, ledger, context)
        } catch {
            throw BackupJob.error(error)
        }
    }

    /// The head that the tree descends from, if this container may write at all.
    private func permitted(_ repository: Repository, _ source: BackupSource, _ ledger: RepositoryLedger) async throws(JobError) -> String? {
        if let paths = try await ledger.paths(), paths != source.readable {
            throw JobError("the repository \"\(repository.name)\" holds backups of \(paths)", hint: "store \(source.readable) in a repository of its own")
        }
        if try await ledger.isUnlocked() { return try await ledger.head() }
        guard try await !ledger.isLocked() else {
            throw JobError(
                "backups to \"\(repository.name)\" are locked: the restore from it has not succeeded since the program started",
                hint: "mend what it complains of, then: shipkeeper start restore")
        }
        let head: StoreVersion?
        do { head = try await repository.archives().head() } catch { throw BackupJob.error(error) }
        if head == nil { return nil }
        let known = try await ledger.head()
        if known != nil, known == head?.id, let tree = try await ledger.tree(), tree == source.identity { return known }
        throw JobError(
            "backups to \"\(repository.name)\" are locked: it holds a backup, and no restore from it has succeeded since the program started",
            hint: "let a restore job succeed first: shipkeeper start restore")
    }

    private func conclude(
        _ outcome: ArchiveRepository.Outcome, _ fingerprint: String, _ source: BackupSource, _ archives: ArchiveRepository,
        _ ledger: RepositoryLedger, _ context: RunContext
    ) async throws(BackupError) -> RunReport {
        switch outcome {
        case .unchanged:
            _ = try? await ledger.noteFingerprint(fingerprint)
            return RunReport(summary: "unchanged since the last backup", outputs: ["outcome": "unchanged"])
        case .stored(let version, let report):
            do {
                // A backup that lacks something is made anew next time, changed or not.
                let isWhole = report.troubles.isEmpty
                try await ledger.stored(
                    head: version.id, fingerprint: isWhole ? fingerprint : nil, content: isWhole ? report.content : nil, tree: source.marked(),
                    paths: source.readable)
            } catch {
                throw .store(.unavailable("stored, but the state file could not be written: \(error)"))
            }
            for trouble in report.troubles { context.log("note: \(trouble)") }
            if report.leftOut > 0 {
                context.log("left out \(report.leftOut.counted("file")) that mean something only to live processes: locks, sockets, logs of databases")
            }
            let old = report.troubles.isEmpty ? await KeptTrees.remove(of: source) : 0
            if old > 0 { context.log("removed the tree that the last restore had kept") }
            let pruned = try await archives.prune()
            if pruned > 0 { context.log("removed \(pruned.counted("old backup"))") }
            return BackupJob.report(version, report)
        }
    }

    private static func report(_ version: StoreVersion, _ report: SnapshotReport) -> RunReport {
        let troubles = report.troubles.isEmpty ? "" : "; \(report.troubles.count.counted("problem")): \(report.troubles[0])"
        let databases = report.databases == 0 ? "" : ", with \(report.databases.counted("database"))"
        return RunReport(
            summary:
                "stored \(report.files.counted("file"))\(databases), \(ByteSizeText.readable(report.bytes)) as \(ByteSizeText.readable(report.archiveBytes))\(troubles)",
            outputs: [
                "outcome": "stored", "version": version.id, "files": "\(report.files)", "bytes": "\(report.bytes)",
                "archive_bytes": "\(report.archiveBytes)", "sha256": report.checksum, "troubles": "\(report.troubles.count)",
            ])
    }

    private static func error(_ error: BackupError) -> JobError {
        switch error {
        case .store(.missing):
            JobError("\(error)", hint: "is the volume mounted? For a new repository, create the folder", retry: .worthwhile)
        case .store(.stale):
            JobError(
                "refused: \(error); nothing was stored and nothing is lost",
                hint: "restart to restore the newer backup; make sure that only one container runs")
        case _ where error.isDiskFull: JobError("\(error)", hint: "make room; the last backup is untouched", retry: .worthwhile)
        case .sourceMissing: JobError("\(error)", hint: "correct \"path\", or start the app that makes it")
        case .store(.unauthorized): JobError("\(error)", hint: "give this user the right to write there")
        case .store, .archive, .file, .nothingGood, .notEnoughSpace, .mountBelow: JobError("\(error)", retry: .worthwhile)
        case .cancelled: JobError("cancelled")
        }
    }
}

import Backups
import Buckets
import Foundation
import JobKit
import Settings
import Storage

/// One attempt to store the tree.
struct BackupAttempt {
    let repository: Repository
    let source: BackupSource
    let isRsyncable: Bool
    let scratch: String
    let records: LineageStore
    let context: RunContext

    var archives: any BackupRepository { repository.backups }

    func run() async throws(JobError) -> RunReport {
        var lineage = try await records.load()
        try await checkAccess(lineage)
        if context.isConfirmed { lineage.unpin() }
        // With little time left a larger archive that is made fast is the better one.
        let packing = BackupPacking(isRsyncable: isRsyncable, level: context.stopBudgetLeft() == nil ? 6 : 1)
        let request = BackupRequest(
            packing: packing, scratch: scratch, aside: "\(context.bootID.prefix(8))-\(context.run)", now: context.clock.now, mayBeEmpty: context.isConfirmed,
            cache: "\(context.stateFolder)/cache/\(repository.name)", restored: try await records.restored())
        let known = lineage
        let outcome: BackupOutcome
        do throws(BackupError) {
            outcome = try await archives.backUp(
                source, known, request, onProgress: { [context] in context.report(RunProgress($0)) },
                onPacked: { report, head throws(BackupError) in try await announce(report, over: head, known) })
        } catch {
            // Another container's backup is about to be restored, and ours was to go next to it.
            if case .setAside(_, let incomplete) = error, try await records.isHandover() {
                return RunReport(
                    summary: "stored next to the newer backup of another container: \(error)",
                    result: .backup(BackupResult(.setAside, missing: .init(incomplete))))
            }
            throw BackupAttempt.failure(error, job: context.job)
        }
        return try await conclude(outcome)
    }

    // MARK: Access

    func checkAccess(_ lineage: Lineage) async throws(JobError) {
        let lock: Lineage.Lock?
        do throws(BackupError) {
            let mark = try await source.currentMark()
            var head: Lineage.Head?
            if lineage.needsHead(in: context.bootID, mark: mark) { head = try await archives.lineageHead(try await archives.head()) }
            lock = lineage.lock(in: context.bootID, paths: source.readable, head: head, mark: mark, location: repository.location)
        } catch {
            throw BackupAttempt.failure(error, job: context.job)
        }
        guard let lock else { return }
        switch lock {
        case .otherPaths(let paths):
            throw JobError("the repository \"\(repository.name)\" holds backups of \(paths)", hint: "store \(source.readable) in a repository of its own")
        case .restoreFailed:
            throw JobError(
                "backups to \"\(repository.name)\" are locked: the restore from it has not succeeded since shipkeeper started",
                hint: "fix the error above, then: shipkeeper start restore")
        case .notRestored:
            throw JobError(
                "backups to \"\(repository.name)\" are locked: it holds a backup, and no restore from it has succeeded since shipkeeper started",
                hint: "let a restore job succeed first: shipkeeper start restore")
        case .treeReplaced:
            throw JobError(
                "backups to \"\(repository.name)\" are locked: a restore from another repository has replaced the tree, and this one holds a newer backup",
                hint: "look with: shipkeeper backups --repository \(repository.name); then start the restore job of the one you want")
        }
    }

    /// Records what is about to be stored, in the state and in the tree: killed right after it is stored, we know it for ours.
    private func announce(_ report: SnapshotReport, over head: Lineage.Head?, _ known: Lineage) async throws(BackupError) {
        var lineage = known
        lineage.adopt(head)
        lineage.storing(checksum: report.checksum)
        if case .shrunk = known.shrinkage(to: Lineage.Size(report)), !context.isConfirmed { lineage.pinNewest() }
        do throws(JobError) { try await records.save(lineage) } catch { throw .store(.unavailable(error.summary)) }
        let (location, checksum, now) = (repository.location, report.checksum, context.clock.now)
        try await source.setMark { $0.announce(checksum, at: now, in: location) }
    }

    // MARK: Afterwards

    private func conclude(_ outcome: BackupOutcome) async throws(JobError) -> RunReport {
        switch outcome {
        case .unchanged(let fingerprint):
            return try await unchanged(.whole(fingerprint), nil)
        case .same(let report, let fingerprint, let head):
            try await records.clearRestored()
            log(report)
            return try await unchanged(Lineage.Completeness(report, fingerprint), head)
        case .stored(let version, let report, let fingerprint):
            try await records.clearRestored()
            log(report)
            return try await stored(version, report, Lineage.Completeness(report, fingerprint))
        }
    }

    /// The newest backup holds just this tree; whether that tree was whole is another matter.
    private func unchanged(_ completeness: Lineage.Completeness, _ head: Lineage.Head?) async throws(JobError) -> RunReport {
        let lineage = try await records.update { lineage in
            lineage.adopt(head)
            lineage.foundUnchanged(completeness)
            if context.isConfirmed { lineage.unpin() }
        }
        var result = BackupResult(.unchanged, version: lineage.knownHead)
        if case .incomplete(let files) = completeness { result.missing = .init(files) } else { await removeKeptTrees() }
        result.space = try await records.space()
        return RunReport(
            summary: "unchanged since the last backup\(BackupAttempt.summary(of: result.missing))", result: .backup(result),
            attention: attention(result, lineage))
    }

    private func stored(_ version: Snapshot, _ report: SnapshotReport, _ completeness: Lineage.Completeness) async throws(JobError) -> RunReport {
        let (location, now) = (repository.location, context.clock.now)
        let entry = TreeMark.Entry(checksum: report.checksum, at: now, isIncomplete: !report.incomplete.isEmpty)
        let token: String?
        do throws(BackupError) { token = try await source.setMark { $0.descend(from: entry, in: location) } } catch {
            throw BackupAttempt.unrecorded(error.description)
        }
        let lineage: Lineage
        do throws(JobError) {
            lineage = try await records.update { lineage in
                lineage.stored(
                    Lineage.Reference(id: version.id, checksum: report.checksum), completeness: completeness, size: Lineage.Size(report), tree: token,
                    paths: source.readable)
                if context.isConfirmed { lineage.unpin() }
            }
        } catch {
            throw BackupAttempt.unrecorded(error.summary)
        }
        if report.incomplete.isEmpty { await removeKeptTrees() }
        var result = BackupResult(
            .stored, missing: .init(report.incomplete), version: version.id, files: report.files, bytes: report.bytes, archiveBytes: report.archiveBytes,
            sha256: report.checksum)
        // The program is about to end: what is not the backup itself can wait.
        if context.stopBudgetLeft() == nil {
            await prune(lineage)
            result.space = await space()
        }
        return RunReport(
            summary: BackupAttempt.summary(report) + BackupAttempt.summary(of: result.missing), result: .backup(result),
            attention: attention(result, lineage))
    }

    /// A whole backup of what came after a restore has been made: the trees that restores replaced are no longer needed.
    private func removeKeptTrees() async {
        let removed = await PreRestoreCopies.remove(of: source)
        if removed > 0 { context.log("removed the tree that the last restore had kept") }
    }

    private func log(_ report: SnapshotReport) {
        for file in report.incomplete.first { context.log("incomplete: \(file)") }
        if report.incomplete.count > report.incomplete.first.count {
            context.log("incomplete: and \(report.incomplete.count - report.incomplete.first.count) more")
        }
        for note in report.notes { context.log("note: \(note)") }
        guard report.leftOut > 0 else { return }
        let more = report.leftOut > report.leftOutNames.count ? " and \(report.leftOut - report.leftOutNames.count) more" : ""
        context.log(
            "left out, for they mean something only to live processes (locks, sockets, logs of databases): \(report.leftOutNames.joined(separator: ", "))\(more)"
        )
    }

    // MARK: What a person must look at

    private func attention(_ result: BackupResult, _ lineage: Lineage) -> [Attention] {
        var found: [Attention] = []
        if let first = result.missing.first.first {
            let more = result.missing.count == 1 ? "" : " (and \(result.missing.count - 1) more)"
            found.append(
                Attention("the last backup is incomplete: \(first)\(more)", hint: "shipkeeper logs \(context.job) --run \(context.run)"))
        }
        if let pin = lineage.pin {
            found.append(
                Attention(
                    "the tree has shrunk by more than half since the backup of \(pin.size.files.counted("file")), \(ByteSizeText.readable(pin.size.bytes)); "
                        + "that backup (\(pin.reference.shortID)) is kept whatever \"keep\" says",
                    hint: "if it is right: shipkeeper start \(context.job) --confirm-empty; else: shipkeeper restore --at \(pin.reference.shortID)"))
        }
        return found
    }

    private static func summary(_ report: SnapshotReport) -> String {
        let databases = report.databases == 0 ? "" : ", with \(report.databases.counted("database"))"
        return
            "stored \(report.files.counted("file"))\(databases), \(ByteSizeText.readable(report.bytes)) as \(ByteSizeText.readable(report.archiveBytes))"
    }

    private static func summary(of missing: BackupResult.Missing) -> String {
        guard let first = missing.first.first else { return "" }
        return "; incomplete: \(first)" + (missing.count > 1 ? " (and \(missing.count - 1) more)" : "")
    }

    private static func unrecorded(_ reason: String) -> JobError {
        JobError("stored, but that could not be recorded: \(reason)", hint: "the next backup knows it for its own", retry: .worthwhile)
    }

    static func failure(_ error: BackupError, job: String) -> JobError {
        if error.storage?.kind == .stale {
            return JobError("refused: \(error)", hint: "only one container may run at a time; restart this one to restore the newer backup")
        }
        return JobError(error) { error in
            switch error {
            case _ where error.isDiskFull && error.storage?.hint == nil: "make room; the last backup is untouched"
            case .sourceMissing: "correct \"path\", or start the app that makes it"
            case .bareLink: "mount or make what it leads to; or, if it is right: shipkeeper start \(job) --confirm-empty"
            case .emptied: "look for what emptied it; if it is right: shipkeeper start \(job) --confirm-empty"
            default: nil
            }
        }
    }
}

// MARK: Housekeeping

extension BackupAttempt {
    /// Where removal is permanent, the newest backup is read back first, which is not done more often than this, in seconds.
    private static let pruneEvery = 20.0 * 3600
    /// The least time for that before the attempt's deadline, in seconds.
    private static let timeToPrune = 600.0

    /// Removes old backups. An error with that takes nothing from the backup that was just made.
    private func prune(_ lineage: Lineage) async {
        let now = context.clock.now.timeIntervalSince1970
        do {
            if archives.removal == .afterVerifying {
                if now - (try await records.prunedAt()) < BackupAttempt.pruneEvery { return }
                // Reading it all back takes its time, and must not make a stored backup look like one that timed out.
                if let deadline = context.deadline, deadline.timeIntervalSince1970 - now < BackupAttempt.timeToPrune { return }
                try await records.notePruned(at: now)
            }
            let pruned = try await archives.prune(
                scratch: scratch, protected: lineage.protected, onProgress: { [context] in context.report(RunProgress($0)) })
            if pruned > 0 { context.log("removed \(pruned.counted("old backup"))") }
        } catch {
            context.log("note: old backups were not removed: \(error)")
        }
    }

    private func space() async -> BackupResult.Space? {
        do {
            guard let space = try await archives.space() else { return nil }
            if space.isPublic { context.log("note: the repository is public: anybody can read your backups; make it private") }
            let found = BackupResult.Space(used: space.used, limit: space.limit, isPublic: space.isPublic)
            try await records.note(found)
            return found
        } catch {
            context.log("note: the repository's size is not known: \(error)")
            return nil
        }
    }
}

extension Lineage.Size {
    init(_ report: SnapshotReport) { self.init(files: report.files, bytes: report.bytes) }
}

extension Lineage.Completeness {
    init(_ report: SnapshotReport, _ fingerprint: Lineage.Fingerprint) {
        self = report.incomplete.isEmpty ? .whole(fingerprint) : .incomplete(report.incomplete)
    }
}

extension BackupResult.Missing {
    /// As many as are worth recording with the run.
    private static let most = 5

    init(_ files: IncompleteFiles) { self.init(count: files.count, first: files.first.prefix(Self.most).map(\.description)) }
}

import Backups
import Buckets
import Foundation
import JobKit
import Settings
import TimeZones

/// One attempt to bring the data back.
struct RestoreAttempt {
    private static let firstWait = Duration.seconds(2)
    private static let longestWait = Duration.seconds(60)

    let settings: RestoreJob.Settings
    let repository: Repository
    let source: BackupSource
    let records: LineageStore
    let context: RunContext

    private enum Result {
        /// The live tree descends from this backup or is newer, and stays.
        case kept(Lineage.Head)
        case done(TreeRestorer.Outcome)
    }

    /// - Parameter wanted: The version that a person wants; nil for the newest.
    func run(_ wanted: String?) async throws(JobError) -> RunReport {
        // A certain version is wanted while all is well: should it not come, all stays as it is.
        if wanted == nil { try await records.update { $0.restoreBegan(in: context.bootID) } }
        let restorer = TreeRestorer(
            repository: repository.backups, source: source, id: "\(context.bootID.prefix(6))-\(context.run)-\(context.attempt)",
            owner: settings.owner)
        do throws(BackupError) {
            for line in try await restorer.recover() { context.log(line) }
        } catch {
            throw failure(error)
        }
        let lineage = try await records.load()
        switch try await patiently(restorer, wanted, lineage) {
        case .kept(let head): return try await conclude(keptAt: head)
        case .done(.empty(let head)): return try await concludeEmpty(head, lineage)
        case .done(.restored(let report)): return try await conclude(report, wanted)
        }
    }

    // MARK: Afterwards

    private func conclude(keptAt head: Lineage.Head) async throws(JobError) -> RunReport {
        // The tree may be known by another repository's backup: from now on it names this one too.
        let location = repository.location
        let token = try await mark { mark in
            if mark.backups[location]?.checksum != head.checksum {
                mark.descend(from: TreeMark.Entry(checksum: head.checksum, at: head.date), in: location)
            }
        }
        try await records.update { $0.kept(Lineage.Reference(id: head.id, checksum: head.checksum), tree: token, in: context.bootID) }
        try await records.clearRequest()
        return RunReport(
            summary: "restored: the folder is still here and newer than the backup of \(ShownTime.text(head.date)), so it stays",
            result: .restore(.kept(version: head.id)))
    }

    private func concludeEmpty(_ head: Snapshot?, _ lineage: Lineage) async throws(JobError) -> RunReport {
        guard lineage.mayBeEmpty else {
            throw JobError(
                "the repository is empty, but this container knows a backup in it (SHA-256 \(lineage.knownChecksum?.prefix(12) ?? "unknown")…)",
                hint: "is it the right one? Backups to \"\(repository.name)\" stay locked, so nothing stored is lost", retry: .worthwhile)
        }
        let token = try await mark { _ in }
        try await records.update { $0.foundEmpty(head: head?.id, tree: token, in: context.bootID) }
        try await records.clearRequest()
        return RunReport(summary: "empty: the repository holds no backup yet", result: .restore(.empty))
    }

    private func conclude(_ report: TreeRestorer.Report, _ wanted: String?) async throws(JobError) -> RunReport {
        for note in report.notes { context.log("note: \(note)") }
        for skipped in report.skipped { context.log("left out: \(skipped)") }
        let version = try await reference(report.version)
        let head = try await reference(report.head ?? report.version)
        let choice = try await choice(wanted)
        let size = Lineage.Size(files: report.files, bytes: report.bytes)
        let entry = RestoreAttempt.entry(try await records.load().base(after: choice, version: version, head: head, in: context.bootID), report.version)
        let location = repository.location
        // The tree bears it already; a part that is a single file does not.
        let token = try await mark { $0.descend(from: entry, in: location) }
        try await records.update { lineage in
            lineage.restored(version, head: head, choice: choice, size: size, tree: token, in: context.bootID)
            for fallback in report.fallbacks { lineage.foundDamaged(fallback.version.id, because: fallback.reason.description) }
        }
        if let tree = version.checksum, let finished = report.finished {
            try await records.note(restored: BackupRequest.RestoredTree(tree: tree, before: finished))
        }
        try await records.clearRequest()
        return RestoreAttempt.report(report)
    }

    private func choice(_ wanted: String?) async throws(JobError) -> Lineage.Choice {
        guard wanted != nil else { return .newest }
        return try await records.isHandover() ? .handover : .byPerson
    }

    private static func entry(_ base: Lineage.Reference, _ version: Snapshot) -> TreeMark.Entry {
        TreeMark.Entry(checksum: base.checksum, at: version.date)
    }

    private func mark(_ change: @escaping @Sendable (inout TreeMark) -> Void) async throws(JobError) -> String? {
        do { return try await source.setMark(change) } catch { throw failure(error) }
    }

    private func reference(_ version: Snapshot) async throws(JobError) -> Lineage.Reference {
        do { return Lineage.Reference(id: version.id, checksum: try await repository.backups.checksum(of: version)) } catch { throw failure(error) }
    }

    private static func report(_ report: TreeRestorer.Report) -> RunReport {
        let counts = "\(report.files.counted("file")), \(ByteSizeText.readable(report.bytes))"
        let date = ShownTime.text(report.version.date)
        let notes = report.notes.isEmpty ? "" : "; " + report.notes.joined(separator: "; ")
        let damaged = report.fallbacks
        return RunReport(
            summary: "restored \(counts) from the backup of \(date)\(notes)",
            result: .restore(
                .restored(version: report.version.id, files: report.files, bytes: report.bytes, skippedVersions: damaged.count)),
            attention: damaged.isEmpty
                ? []
                : [
                    Attention(
                        "an older backup was restored, that of \(date): \(damaged.count.counted("newer one")) could not be used (\(damaged[0].reason))",
                        hint: "check what is missing; shipkeeper backups lists them, and the next backup takes the damaged one's place")
                ])
    }

    // MARK: Trying

    /// Tries again while the repository can't be reached, and at boot while the machine lacks room or descriptors: there may be some later.
    private func patiently(_ restorer: TreeRestorer, _ wanted: String?, _ lineage: Lineage) async throws(JobError) -> Result {
        let choice = try await choice(wanted)
        let end = context.clock.uptime + settings.giveUpAfter
        var wait = RestoreAttempt.firstWait
        while true {
            let trouble: BackupError
            do throws(BackupError) {
                return try await once(restorer, wanted, choice, lineage)
            } catch {
                guard error.storage?.isPassing == true || (wanted == nil && error.isShortage) else { throw failure(error, isWanted: wanted != nil) }
                trouble = error
            }
            if case .limited(let length)? = trouble.storage?.kind { wait = max(wait, length) }
            guard context.clock.uptime + wait < end else { throw failure(trouble, isWanted: wanted != nil) }
            context.log("\(trouble); retrying in \(DurationText.readable(wait)), for \(DurationText.readable(end - context.clock.uptime)) in all")
            do { try await context.clock.sleep(for: wait) } catch { throw JobError("cancelled") }
            wait = min(wait * 2, RestoreAttempt.longestWait)
        }
    }

    private func once(_ restorer: TreeRestorer, _ wanted: String?, _ choice: Lineage.Choice, _ lineage: Lineage) async throws(BackupError) -> Result {
        let archives = repository.backups
        if let wanted {
            let version = try archives.find(wanted, among: try await archives.snapshots())
            let marked = restorer.bearing(try await mark(version, head: try await archives.head(), choice, lineage))
            return .done(.restored(try await marked.restore(version, onProgress: report)))
        }
        // Where the disk outlived the container, the live tree is newer than the backup it came from.
        let newest = try await archives.head()
        if let mark = try await source.currentMark(), let version = newest, let head = try await archives.lineageHead(version) {
            switch lineage.decideRestore(head: head, mark: mark, location: repository.location) {
            case .keep(let missing):
                if !missing.isEmpty { try await bringBack(source.parts(named: missing), from: version, bearing: mark.mark) }
                return .kept(head)
            case .restore: break
            }
        }
        guard let newest else { return .done(try await restorer.restore(onProgress: report)) }
        return .done(try await restorer.bearing(try await mark(newest, head: newest, .newest, lineage)).restore(onProgress: report))
    }

    /// What a tree says of itself once a version is in its place.
    private func mark(
        _ version: Snapshot, head: Snapshot?, _ choice: Lineage.Choice, _ lineage: Lineage
    ) async throws(BackupError) -> TreeMark {
        let archives = repository.backups
        let reference = Lineage.Reference(id: version.id, checksum: try await archives.checksum(of: version))
        var newest = reference
        if let head, head.id != version.id { newest = Lineage.Reference(id: head.id, checksum: try await archives.checksum(of: head)) }
        var mark = TreeMark()
        let base = lineage.base(after: choice, version: reference, head: newest, in: context.bootID)
        mark.descend(from: RestoreAttempt.entry(base, version), in: repository.location)
        return mark
    }

    /// A part that was not on the disk that stayed.
    /// - Parameter mark: That of the whole tree: killed right afterwards, the part is known for one of it.
    private func bringBack(_ part: BackupSource, from head: Snapshot, bearing mark: TreeMark) async throws(BackupError) {
        let restorer = TreeRestorer(
            repository: repository.backups, source: part, id: "\(context.bootID.prefix(6))-\(context.run)-\(context.attempt)-part", owner: settings.owner
        ).bearing(mark)
        do throws(BackupError) {
            _ = try await restorer.restore(head, onProgress: report)
            context.log("restored what was missing: \(part.readable)")
        } catch {
            // It was here when the backup was noted, and is not in it.
            guard case .notInBackup = error else { throw error }
            context.log("not here any more, and never stored: \(part.readable)")
        }
    }

    private func report(_ progress: BackupProgress) { context.report(RunProgress(progress)) }

    func failure(_ error: BackupError, isWanted: Bool = false) -> JobError {
        JobError(
            error,
            hint: { error in
                switch error {
                case _ where error.isDiskFull && error.storage?.hint == nil: "make room, then: shipkeeper start restore"
                case .notInBackup: "correct \"path\", or name the repository that holds it"
                case .nothingGood, .archive: "look at the backups with \"shipkeeper backups\", then: shipkeeper start restore"
                case .noSuchBackup: "\"shipkeeper backups\" lists them"
                case .mountBelow: "unmount it, or restore to a folder without mounts below"
                case .store, .setAside, .file, .sourceMissing, .bareLink, .emptied, .cancelled, .notEnoughSpace, .unexpected: nil
                }
            }, also: isWanted ? nil : "backups to \"\(repository.name)\" stay locked, so nothing stored is lost")
    }
}

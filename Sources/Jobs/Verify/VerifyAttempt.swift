import Backups
import Buckets
import Foundation
import JobKit
import Settings
import TimeZones

/// One attempt to verify a repository.
struct VerifyAttempt {
    let settings: VerifyJob.Settings
    let repository: Repository
    let records: VerifyLedger
    let context: RunContext

    private static let mostLogged = 50

    func run() async throws(JobError) -> RunReport {
        var record = try await records.load()
        let found = try await inspect(record)
        for note in found.notes { context.log("note: \(note)") }
        (record.position, record.damaged) = (found.position, found.damagedParts)
        try await records.save(record)
        if !found.damage.isEmpty { throw damaged(found) }
        guard found.snapshots > 0 else { return RunReport(summary: "nothing to verify: the repository holds no backup yet") }
        var words = "\(found.snapshots.counted("backup")), all whole; \(VerifyAttempt.read(found))"
        if isDrillDue(record), let drill = try await drill() {
            record.drill = drill
            try await records.save(record)
            words += "; restored \(drill.files.counted("file")), \(ByteSizeText.readable(drill.bytes)), as a drill"
        }
        let facts = VerificationFacts(
            snapshots: found.snapshots, parts: found.parts, readParts: found.readParts, readBytes: found.readBytes,
            drill: settings.drill > .zero ? record.drill : nil)
        return RunReport(summary: words, result: .verification(facts))
    }

    // MARK: What is stored

    private func inspect(_ record: VerifyLedger.Record) async throws(JobError) -> RepositoryInspection {
        let request = InspectionRequest(scratch: context.scratch, share: settings.share, position: record.position, again: record.damaged)
        do throws(BackupError) { return try await repository.backups.inspect(request, onProgress: report) } catch { throw failure(error) }
    }

    private static func read(_ found: RepositoryInspection) -> String {
        "read \(found.readParts) of \(found.parts.counted(found.partName)), \(ByteSizeText.readable(found.readBytes))"
    }

    /// One sentence with the first of what is broken; the rest is in the log.
    private func damaged(_ found: RepositoryInspection) -> JobError {
        for damage in found.damage.prefix(VerifyAttempt.mostLogged) {
            context.log("damaged: \(damage)\(damage.object.map { " (\($0))" } ?? "")")
        }
        if found.damage.count > VerifyAttempt.mostLogged { context.log("damaged: and \(found.damage.count - VerifyAttempt.mostLogged) more") }
        let more = found.damage.count - 1
        return JobError(
            "\(found.damage[0])\(more > 0 ? "; and \(more) more" : "")",
            hint: found.partName == "pack"
                ? "a pack that is missing, or that you move away, the next backup stores again as far as the data still have it; shipkeeper logs \(context.job) --run \(context.run)"
                : "a restore takes the newest backup that is whole; shipkeeper backups lists them")
    }

    // MARK: The drill

    private func isDrillDue(_ record: VerifyLedger.Record) -> Bool {
        guard settings.drill > .zero, context.stopBudgetLeft() == nil else { return false }
        guard let last = record.drill?.at else { return true }
        let now = context.clock.now
        // A clock that was ahead once must not put the drill off for ever.
        return last > now || now.since(last) >= settings.drill
    }

    /// - Returns: Nil where there is no backup that could be restored.
    private func drill() async throws(JobError) -> VerificationFacts.Drill? {
        let (newest, result): (Snapshot, DrillReport)
        do throws(BackupError) {
            guard let snapshot = try await repository.backups.snapshots().first else { return nil }
            newest = snapshot
            result = try await repository.backups.drill(snapshot, scratch: context.scratch, onProgress: report)
        } catch {
            throw drillFailure(error)
        }
        for line in result.skipped { context.log("left out by a restore: \(line)") }
        if let first = result.differences.first {
            for difference in result.differences { context.log("restored otherwise: \(difference)") }
            let more = result.differenceCount > 1 ? " (and \((result.differenceCount - 1).counted("more file")))" : ""
            throw JobError(
                "the restore drill with the backup of \(ShownTime.text(newest.date)) failed: \(first)\(more)",
                hint: "shipkeeper logs \(context.job) --run \(context.run)")
        }
        return VerificationFacts.Drill(at: context.clock.now, snapshot: newest.id, files: result.files, bytes: result.bytes)
    }

    private func drillFailure(_ error: BackupError) -> JobError {
        if case .notEnoughSpace = error {
            let failure = failure(error)
            return JobError(
                "the restore drill was not made: \(failure.summary)", hint: "make room there, or switch drills off with drill: 0s", retry: failure.retry)
        }
        if case .archive(let flaw) = error {
            return JobError(
                "the restore drill failed: the newest backup can't be restored: \(flaw)", hint: "an older one may be whole: shipkeeper backups verify --all")
        }
        return failure(error)
    }

    private func report(_ progress: BackupProgress) { context.report(RunProgress(progress)) }

    private func failure(_ error: BackupError) -> JobError {
        JobError(error) { error in error.isDiskFull && error.storage?.hint == nil ? "make room in \(context.scratch)" : nil }
    }
}

import Backups
import JobKit
import Settings
import TimeZones

extension BackupAttempt {
    /// Says what a run would store and what has changed since the newest backup, and stores nothing.
    /// - Throws: Why a run would be refused.
    func foresee() async throws(JobError) -> RunReport {
        let lineage = try await records.load()
        try await checkAccess(lineage)
        let (head, difference): (Snapshot?, TreeDifference)
        let lines = ChangeLines(context)
        do throws(BackupError) {
            guard await source.size() != nil else { throw BackupError.sourceMissing(source.readable) }
            let newest = try await archives.head()
            let isOurs = try await archives.descends(lineage, from: newest)
            head = newest?.holdsBackup == true ? newest : nil
            if head != nil, !isOurs {
                context.log("the newest backup is another container's: a run would store these data next to it, as a conflict copy")
            }
            difference = try await archives.compare(
                head.map { .backup($0) } ?? .nothing, .live(source), of: source, scratch: scratch, onProgress: { [context] in context.report(RunProgress($0)) },
                each: { lines.take($0) })
            if difference.after.files == 0, difference.before.files > 0 {
                throw BackupError.emptied(path: source.readable, lastFiles: difference.before.files)
            }
        } catch {
            throw BackupAttempt.failure(error, job: context.job)
        }
        lines.finish()
        for note in difference.notes { context.log("note: \(note)") }
        let since = head.map { " since the backup of \(ShownTime.text($0.date))" } ?? "; it is the first backup"
        if difference.isSame { return RunReport(summary: "nothing to store: \(difference.after.text), unchanged\(since)") }
        return RunReport(summary: "would store \(difference.after.text): \(difference.counts)\(since)")
    }
}

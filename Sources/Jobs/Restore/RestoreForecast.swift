import Backups
import JobKit
import Settings
import TimeZones

extension RestoreAttempt {
    /// Says what a run would change in the live data, and changes nothing.
    func foresee() async throws(JobError) -> RunReport {
        let lineage = try await records.load()
        let archives = repository.backups
        let lines = ChangeLines(context)
        do throws(BackupError) {
            let newest = try await archives.head()
            guard let head = newest?.holdsBackup == true ? newest : try await archives.snapshots().first else {
                return RunReport(summary: "nothing to restore: the repository holds no backup")
            }
            let name = "the backup of \(ShownTime.text(head.date))"
            var wanted = source
            if let mark = try await source.currentMark(), let known = try await archives.lineageHead(head),
                case .keep(let missing) = lineage.decideRestore(head: known, mark: mark, location: repository.location)
            {
                if missing.isEmpty {
                    return RunReport(summary: "nothing would change: the folder descends from \(name) or is newer, so it stays; restore --at replaces it")
                }
                wanted = source.parts(named: missing)
            }
            let difference = try await archives.compare(
                .live(wanted), .backup(head), of: wanted, scratch: context.scratch, onProgress: { [context] in context.report(RunProgress($0)) },
                each: { lines.take($0) })
            lines.finish()
            for note in difference.notes { context.log("note: \(note)") }
            if difference.isSame { return RunReport(summary: "nothing would change: the data are those of \(name)") }
            return RunReport(summary: "would restore \(difference.after.text), from \(name): \(difference.counts)")
        } catch {
            throw failure(error)
        }
    }
}

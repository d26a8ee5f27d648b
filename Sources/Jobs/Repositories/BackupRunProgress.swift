package import Backups
package import JobKit

extension RunProgress {
    /// Work on a backup as a run reports it.
    package init(_ progress: BackupProgress) {
        self.init(
            step: progress.step.rawValue,
            count: progress.files.map { Count(done: Int64($0), total: progress.totalFiles.map(Int64.init), unit: "files") },
            bytes: progress.bytes.map { Bytes(done: $0, total: progress.totalBytes) })
    }
}

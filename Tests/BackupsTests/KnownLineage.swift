import Backups
import Foundation

extension Lineage {
    /// What a container knows that has restored or stored a version.
    static func known(
        head: String? = nil, checksum: String? = nil, pending: String? = nil, whole: Fingerprint? = nil
    ) -> Lineage {
        var lineage = Lineage()
        if let head { lineage.kept(Reference(id: head, checksum: checksum), tree: nil, in: "test") }
        if let whole { lineage.foundUnchanged(.whole(whole)) }
        if let pending { lineage.storing(checksum: pending) }
        return lineage
    }
}

extension ArchiveRepository {
    /// Backs up as a job does that records nothing.
    func backUp(
        _ source: BackupSource, _ lineage: Lineage, scratch: String, aside: String = "test", at date: Date,
        onPacked: @Sendable (SnapshotReport) async throws(BackupError) -> Void = { _ in }
    ) async throws(BackupError) -> BackupOutcome {
        try await backUp(
            source, lineage, BackupRequest(scratch: scratch, aside: aside, now: date), onProgress: { _ in },
            onPacked: { report, _ throws(BackupError) in try await onPacked(report) })
    }
}

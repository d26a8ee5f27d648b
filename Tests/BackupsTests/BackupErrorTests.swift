import Archive
import Backups
import Buckets
import Files
import Testing

@Suite("what an error means for a backup")
struct BackupErrorTests {
    private struct Stranger: Error {}

    @Test("keeps what is known, and calls nothing damaged that nobody has read")
    func mapping() {
        #expect(BackupError(BackupError.sourceMissing("/a")) == .sourceMissing("/a"))
        #expect(BackupError(ArchiveError.damaged("x")) == .archive(.damaged("x")))
        let full = FileError("write", "/a", code: ErrorNumber.diskFull)
        #expect(BackupError(full) == .file(full) && BackupError(full).isDiskFull)
        #expect(BackupError(StorageError(.unavailable, "away")) == .store(StorageError(.unavailable, "away")))
        #expect(BackupError(CancellationError()) == .cancelled)
        guard case .unexpected = BackupError(Stranger()) else {
            Issue.record("\(BackupError(Stranger()))")
            return
        }
    }
}

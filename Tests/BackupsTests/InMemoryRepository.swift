import Archive
import Backups
import Buckets
import Files
import Foundation
import Storage
import Synchronization

/// A repository of another format than archives: it holds lists of entries. What is restored from it shows that nothing asks for an archive.
final class InMemoryRepository: BackupRepository {
    /// A file, folder or link with its content; nil stands for a hole of a megabyte.
    struct Entry: Sendable {
        var entry: TreeEntry
        var content: [[UInt8]?] = []
    }

    private struct Stored: Sendable {
        var snapshot: Snapshot
        var entries: [Entry]
        /// After how many entries the reading finds damage.
        var damagedAfter: Int?
        /// Bytes of content that it says it holds.
        var claims: Int64?
    }

    static let hole: Int64 = 1 << 20

    let retention = Retention()
    let removal = StoreRemoval.atOnce
    let backupName = "snapshot"
    private let stored = Mutex<[Stored]>([])

    /// Adds the newest.
    func add(_ id: String, at date: Date, damagedAfter: Int? = nil, claims: Int64? = nil, _ entries: [Entry]) {
        let snapshot = Snapshot(id: id, date: date, storedBytes: Int64(entries.count), checksum: "sum of \(id)")
        stored.withLock { $0.insert(Stored(snapshot: snapshot, entries: entries, damagedAfter: damagedAfter, claims: claims), at: 0) }
    }

    func head() async throws(BackupError) -> Snapshot? { stored.withLock { $0.first?.snapshot } }
    func snapshots() async throws(BackupError) -> [Snapshot] { stored.withLock { $0.map(\.snapshot) } }
    func checksum(of snapshot: Snapshot) async throws(BackupError) -> String? { snapshot.checksum }

    func open(_ snapshot: Snapshot, scratch: Folder, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> any TreeSource {
        guard let found = stored.withLock({ $0.first { $0.snapshot == snapshot } }) else { throw .noSuchBackup(snapshot.id) }
        return Source(entries: found.entries, damagedAfter: found.damagedAfter, contentBytes: found.claims)
    }

    func backUp(
        _ source: BackupSource, _ lineage: Lineage, _ request: BackupRequest, onProgress: @escaping BackupProgressReceiver,
        onPacked: @Sendable (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(BackupError) -> BackupOutcome { throw .store(.unauthorized("read only")) }

    func export(
        _ snapshot: Snapshot, to file: String, in folder: Folder, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> SnapshotContents { throw .store(.unauthorized("read only")) }

    func inspect(_ request: InspectionRequest, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> RepositoryInspection {
        throw .store(.unauthorized("read only"))
    }

    func prune(scratch: String, protected: [Lineage.Reference], onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Int { 0 }
    func space() async throws(BackupError) -> StoreSpace? { nil }
    func diagnose(scratch: Folder) async -> [StoreCheck] { [] }

    private struct Source: TreeSource {
        let entries: [Entry]
        let damagedAfter: Int?
        let contentBytes: Int64?

        var storedBytes: Int64 { Int64(entries.count) }

        func read<Value>(
            _ flag: CancelFlag, onRead: @escaping (Int64) -> Void, _ body: (any EntryReader) throws(ArchiveError) -> Value
        ) throws(BackupError) -> TreeReading<Value> {
            do throws(ArchiveError) {
                return TreeReading(value: try body(Reader(entries, damagedAfter, onRead)), notes: ["from memory"])
            } catch {
                throw .archive(error)
            }
        }
    }

    private final class Reader: EntryReader {
        private let entries: [Entry]
        private let damagedAfter: Int?
        private let onRead: (Int64) -> Void
        private var count = 0
        private var rest: ArraySlice<[UInt8]?> = []

        let passedOver: [String] = []

        init(_ entries: [Entry], _ damagedAfter: Int?, _ onRead: @escaping (Int64) -> Void) {
            (self.entries, self.damagedAfter, self.onRead) = (entries, damagedAfter, onRead)
        }

        func next() throws(ArchiveError) -> TreeEntry? {
            if count == damagedAfter { throw .damaged("a blob is not what it was") }
            guard count < entries.count else { return nil }
            defer { count += 1 }
            rest = entries[count].content[...]
            onRead(Int64(count + 1))
            return entries[count].entry
        }

        func piece(_ most: Int) throws(ArchiveError) -> ContentPiece? {
            rest.popFirst().map { $0.map(ContentPiece.bytes) ?? .hole(InMemoryRepository.hole) }
        }
    }
}

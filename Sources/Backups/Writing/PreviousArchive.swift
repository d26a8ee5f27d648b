import Archive
import Buckets
import Files
import Storage
import Synchronization

/// The archive of the last backup, fetched when something of it is needed: what can't be read just now.
final class PreviousArchive: Sendable {
    private let place: (store: any ObjectStore, version: StoreVersion, scratch: Folder)?
    private let opened = Mutex<OpenFile?>(nil)

    init(_ store: any ObjectStore, _ version: StoreVersion?, _ scratch: Folder) {
        place = version.flatMap { $0.objects[ArchiveNames.archive] == nil ? nil : (store, $0, scratch) }
    }

    /// None.
    init() { place = nil }

    /// Shows the members, in their order, with the reader that stands at their content. Ends early, without an error, where the archive
    /// is damaged. Blocks.
    /// - Throws: Where the store can't be reached just now: what it holds must not be taken for nothing.
    func read(_ flag: CancelFlag, _ body: (TreeEntry, TarReader) throws -> Void) throws {
        guard let file = try fetched(flag), (try? file.seek(to: 0)) != nil, let gzip = try? GzipReader(FileSource(file)) else { return }
        let reader = TarReader(gzip)
        while !flag.isSet, let entry = (try? reader.next()) ?? nil { try body(entry, reader) }
    }

    private func fetched(_ flag: CancelFlag) throws(BackupError) -> OpenFile? {
        guard let (store, version, scratch) = place else { return nil }
        if let file = opened.withLock({ $0 }) { return file }
        let result: Result<OpenFile, StorageError>? = Blocking.wait(flag) {
            do throws(StorageError) { return .success(try await store.open(ArchiveNames.archive, at: version, scratch: scratch)) } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let file):
            opened.withLock { $0 = file }
            return file
        case .failure(let error) where error.isPassing: throw .store(error)
        case .failure, nil: return nil
        }
    }
}

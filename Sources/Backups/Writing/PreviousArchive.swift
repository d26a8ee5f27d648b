import Archive
import Files
import Storage
import Synchronization

/// The archive of the last backup, fetched when the first file of it is needed: one that can't be read just now.
final class PreviousArchive: Sendable {
    private let store: any ObjectStore
    private let version: StoreVersion?
    private let scratch: Folder
    private let opened = Mutex<OpenFile?>(nil)

    init(_ store: any ObjectStore, _ version: StoreVersion?, _ scratch: Folder) {
        self.store = store
        self.version = version?.objects[ArchiveNames.archive] == nil ? nil : version
        self.scratch = scratch
    }

    /// Copies a file's content; gives whether the archive holds it. Blocks.
    func copy(_ member: RawName, to folder: Folder, as name: RawName, _ flag: CancelFlag) -> Bool {
        guard let file = fetched(flag) else { return false }
        do {
            try file.seek(to: 0)
            let reader = TarReader(try GzipReader(FileSource(file)))
            while let entry = try reader.next() {
                guard entry.path == member, entry.kind == .file else { continue }
                let copy = try folder.create(name)
                while case let bytes = try reader.read(256 * 1024), !bytes.isEmpty { try copy.write(bytes) }
                return true
            }
        } catch {
            try? folder.remove(name)
        }
        return false
    }

    private func fetched(_ flag: CancelFlag) -> OpenFile? {
        guard let version else { return nil }
        if let file = opened.withLock({ $0 }) { return file }
        let (store, scratch) = (store, scratch)
        let file = Blocking.wait(flag) { try? await store.open(ArchiveNames.archive, at: version, scratch: scratch) }
        opened.withLock { $0 = file }
        return file
    }
}

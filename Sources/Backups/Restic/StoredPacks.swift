import Buckets
import Files
import Restic
import Storage
import Synchronization

/// Packs that were stored, and that no index names yet. Stores them from any thread.
final class StoredPacks: Sendable {
    private struct State {
        var saved: [SavedObject] = []
        var packs: [IndexFile.Entry] = []
    }

    let files: ResticFiles
    private let state = Mutex(State())

    init(_ files: ResticFiles) { self.files = files }

    var saved: [SavedObject] { state.withLock { $0.saved } }
    var packs: [IndexFile.Entry] { state.withLock { $0.packs } }

    func add(_ packs: [IndexFile.Entry]) { state.withLock { $0.packs += packs } }
    func keep(_ isThere: (IndexFile.Entry) -> Bool) { state.withLock { $0.packs.removeAll { !isThere($0) } } }

    /// Blocks until the pack is stored.
    func store(_ pack: Pack, _ flag: CancelFlag) throws {
        if flag.isSet { throw StorageError(.cancelled, "cancelled") }
        let object = NewObject(name: Pack.name(pack.id), bytes: pack.bytes, sha256: pack.id.description)
        let result: Result<SavedObject, StorageError>? = Blocking.wait(flag) { [files] in
            do throws(StorageError) { return .success(try await files.backend.save(object)) } catch { return .failure(error) }
        }
        guard let saved = try result?.get() else { throw StorageError(.cancelled, "cancelled") }
        state.withLock { $0.saved.append(saved) }
    }
}

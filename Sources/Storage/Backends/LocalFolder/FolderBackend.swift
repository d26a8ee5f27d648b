package import Buckets
package import Files
import Foundation
import Settings

/// A backend in a folder of this machine. Objects are files under their names, written under a name that nothing reads, synced, and then linked to their
/// own, so that a program which knows the format can use the folder as it is. In `.shipkeeper/`: what was published last (`head`), the lock, and `incoming/`.
package struct FolderBackend: Backend {
    private let place: FolderPlace

    /// - Parameters:
    ///   - path: The folder, which must exist; not accessed yet.
    ///   - lockPatience: How long a publication waits for another one to the same folder; `unavailable` is thrown then.
    package init(path: String, lockPatience: Duration = .seconds(30)) { place = FolderPlace(path: path, lockPatience: lockPatience) }

    package var traits: BackendTraits { BackendTraits(.whenSaved, removal: .atOnce) }

    // MARK: Reading

    /// Goes through the folders that the prefix leads to, links to folders included.
    /// - Throws: `missing` where a link leads to nothing: what is behind it must not be taken for gone.
    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try await work { files throws(StorageError) in try files.list(prefix, onPage) }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        try await work { files throws(StorageError) in try files.status(name) }
    }

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        try await work { files throws(StorageError) in try files.load(name, from: start, length: length, receive) }
    }

    // MARK: Changing

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try await work { [patience = place.lockPatience] files throws(StorageError) in
            try files.save(object, onProgress) { () throws(StorageError) in try files.lock(patience) }
        }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        try await work { files throws(StorageError) in try files.remove(names) }
    }

    package func head() async throws(StorageError) -> PublishToken? {
        try await work { files throws(StorageError) in try files.record()?.token }
    }

    /// Under the lock of the folder: writes the new `head` over the old one by a rename, then saves the objects.
    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try publication.check()
        return try await work { [patience = place.lockPatience] files throws(StorageError) in
            let lock = try files.lock(patience)
            defer { withExtendedLifetime(lock) {} }
            let step = try PublishRecord.step(publication, over: files.record(), expecting: expected)
            if case .write(let record) = step { try files.write(record) }
            for object in publication.objects { _ = try files.save(object, nil) { nil } }
            try files.remove(publication.removed)
            try files.clearIncoming()
            return step.record.token
        }
    }

    // MARK: Looking around

    /// Always nil: the free space of the disk is the operator's business.
    package func space() async throws(StorageError) -> StoreSpace? { nil }

    /// Writes, reads and removes a small file, takes the lock, and warns of less than 1 GB free.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        do throws(StorageError) {
            return try await work { [patience = place.lockPatience] files throws(StorageError) in
                let root = files.root
                var checks = [try root.writeCheck()]
                _ = try files.lock(patience)
                checks.append(StoreCheck("lock", .ok, "one writer at a time"))
                checks.append(StoreCheck("content", .ok, try files.record().map { "last published: \($0.title)" } ?? "nothing published yet"))
                checks.append(root.spaceCheck())
                return checks
            }
        } catch {
            return [StoreCheck("folder", error)]
        }
    }

    private func work<Value: Sendable>(_ body: @escaping @Sendable (FolderFiles) throws(StorageError) -> Value) async throws(StorageError) -> Value {
        try await place.work { folder, flag throws(StorageError) in try body(FolderFiles(root: folder, flag: flag)) }
    }
}

extension Folder {
    /// Tries a small file under a name that no object has.
    func writeCheck() throws(StorageError) -> StoreCheck {
        let name = RawName(".shipkeeper-doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))")
        let text = Array("written by shipkeeper doctor\n".utf8)
        do throws(FileError) {
            try replace(name, with: text)
            let back: [UInt8]
            do throws(FileError) { back = try contents(of: name) } catch {
                try? remove(name)
                throw error
            }
            try remove(name)
            if back != text { throw FileError("read back", path(of: name), code: ErrorNumber.inputOutput) }
        } catch {
            throw StorageError(error)
        }
        return StoreCheck("write", .ok, "wrote, read and removed a small file in \(path)")
    }

    func spaceCheck() -> StoreCheck {
        let free = (try? space().bytes) ?? 0
        return StoreCheck("space", free < 1_000_000_000 ? .warning : .ok, "\(ByteSizeText.readable(free)) free")
    }
}

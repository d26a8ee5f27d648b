import Archive
import Buckets
package import Files
import Restic
import Storage

/// A copy of a whole repository.
package struct RepositoryCopy: Hashable, Sendable {
    package var snapshots: Int
    package var files: Int
    package var bytes: Int64
}

extension ResticRepository {
    /// How many files go at once.
    private static let atOnce = 4
    /// What a repository consists of, in the order in which it is written: what is found is whole, whatever ends the copy.
    private static let parts = ["keys/", "data/", "index/", "snapshots/"]

    /// Copies the repository to an empty folder, in the layout that restic reads. Each file is compared with the digest that it is named by. The snapshots come last.
    /// - Throws: `archive` where a file is not what was stored; `store` where the folder is not empty, or the repository has changed meanwhile.
    package func copy(to folder: Folder, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> RepositoryCopy {
        let names: [RawName]
        do { names = try folder.names() } catch { throw .file(error) }
        guard names.isEmpty else {
            throw .store(.refused("\(folder.path) is not empty", hint: "name an empty folder; one that an earlier copy was cut short in must be emptied"))
        }
        guard try await access.open() != nil else {
            throw .store(.refused("there is no repository in the restic format yet", hint: "store a backup first"))
        }
        let objects: [StoredObject]
        do throws(StorageError) { objects = try await backend.list(prefix: "") } catch { throw .store(error) }
        let parts = ResticRepository.parts.map { part in objects.filter { $0.name.hasPrefix(part) && ResticFiles.id(of: $0.name) != nil } }
        let config = objects.filter { $0.name == RepositoryFile.name }
        let total = (parts + [config]).joined().reduce(0) { $0 + $1.size }
        let target = FolderBackend(path: folder.path)
        var done = RepositoryCopy(snapshots: parts.last?.count ?? 0, files: 0, bytes: 0)
        for part in [config] + parts {
            for start in stride(from: 0, to: part.count, by: ResticRepository.atOnce) {
                let some = part[start..<min(part.count, start + ResticRepository.atOnce)]
                let failures = await withTaskGroup(of: BackupError?.self) { group in
                    for object in some { group.addTask { await copy(object, to: target) } }
                    return await group.reduce(into: [BackupError]()) { failures, failure in if let failure { failures.append(failure) } }
                }
                if Task.isCancelled { throw .cancelled }
                if let failure = failures.first { throw failure }
                done.files += some.count
                done.bytes += some.reduce(0) { $0 + $1.size }
                onProgress(BackupProgress(.exporting, files: done.files, bytes: done.bytes, ofBytes: total))
            }
        }
        return done
    }

    /// - Returns: Why it could not be copied; nil where it was.
    private func copy(_ object: StoredObject, to target: FolderBackend) async -> BackupError? {
        do throws(StorageError) {
            guard let bytes = try await backend.bytes(object.name) else {
                return .store(.unavailable("\(object.name) is gone: the repository has changed meanwhile", hint: "empty the folder and copy again"))
            }
            let id = ResticFiles.id(of: object.name)
            if let id, await digest(of: bytes) != id { return .archive(.damaged(object.name)) }
            _ = try await target.save(NewObject(name: object.name, bytes: bytes, sha256: id?.description))
            return nil
        } catch {
            return .store(error)
        }
    }

    private func digest(of bytes: [UInt8]) async -> BlobID? { await DedicatedThread.run { _ in BlobID(of: bytes) } }
}

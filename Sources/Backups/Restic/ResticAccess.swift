import Buckets
import Files
import Foundation
import Restic
import Storage
import Synchronization

/// How a repository in the restic format is opened and made. What has been read of it is kept: its files never change.
final class ResticAccess: Sendable {
    private struct Known {
        /// The repository's `config` as it is stored, and the key that opens it.
        var opened: (config: [UInt8], key: SealingKey)?
        /// A repository that was made here, and appears with its first publication.
        var created: (files: ResticFiles, saved: [SavedObject])?
        var snapshots: [BlobID: SnapshotFile] = [:]
    }

    let backend: any Backend
    private let password: String
    private let known = Mutex(Known())
    private let cost: KeyFile.Cost
    /// The most that a key file or `config` may have, in bytes.
    private static let mostBytes: Int64 = 1 << 16

    init(_ backend: any Backend, password: String, cost: KeyFile.Cost) { (self.backend, self.password, self.cost) = (backend, password, cost) }

    // MARK: Opening

    /// The repository's files; nil where the place holds none.
    /// - Throws: `store` with `unauthorized` for a wrong password, `damaged` for snapshots without a `config`.
    func open() async throws(BackupError) -> ResticFiles? {
        guard let config = try await bytes(RepositoryFile.name) else {
            known.withLock { known in
                known = Known(created: known.created)
            }
            let objects: [StoredObject]
            do { objects = try await backend.list(prefix: "snapshots/") } catch { throw .store(error) }
            guard objects.isEmpty else {
                throw .store(.damaged("the repository holds snapshots, and its file \"config\" is missing: put it back, or name another place"))
            }
            return nil
        }
        if let opened = known.withLock({ $0.opened }), opened.config == config { return ResticFiles(backend: backend, key: opened.key) }
        guard let key = try await keys().first(where: { ResticAccess.opens($0, config) }) else { throw BackupError(ResticError.wrongPassword) }
        do throws(ResticError) {
            let file = try RepositoryFile(json: SealedFile.open(config, key, Decompressor(), name: RepositoryFile.name))
            guard file.version == RepositoryFile.version else { throw .unknownVersion(file.version) }
        } catch {
            throw BackupError(error)
        }
        known.withLock { known in
            known = Known(opened: (config, key))
        }
        return ResticFiles(backend: backend, key: key)
    }

    /// Whether a place without a repository holds nothing but what making one has left that was cut short.
    func isBegun() async throws(BackupError) -> Bool {
        let names: [String]
        do { names = try await backend.list(prefix: "").map(\.name) } catch { throw .store(error) }
        return !names.isEmpty && names.allSatisfy { name in ["keys/", "data/", "index/", "locks/"].contains { name.hasPrefix($0) } }
    }

    private static func opens(_ key: SealingKey, _ config: [UInt8]) -> Bool { key.open(config) != nil }

    /// The repository keys that the password opens.
    private func keys() async throws(BackupError) -> [SealingKey] {
        let names: [String]
        do { names = try await backend.list(prefix: "keys/").map(\.name) } catch { throw .store(error) }
        var files: [[UInt8]] = []
        for name in names { if let file = try await bytes(name) { files.append(file) } }
        return try await DedicatedThread.run { [files, password] _ throws(BackupError) in
            // A damaged one counts for nothing where another opens.
            files.compactMap { try? KeyFile.open($0, password: password) }
        }
    }

    private func bytes(_ name: String) async throws(BackupError) -> [UInt8]? {
        do { return try await backend.bytes(name, length: ResticAccess.mostBytes) } catch { throw .store(error) }
    }

    // MARK: Making

    /// Makes a repository, or opens the one that another container makes at the same time.
    /// - Returns: What a publication must name for the repository to appear, where the backend shows nothing before.
    func create(at now: Date) async throws(BackupError) -> (files: ResticFiles, saved: [SavedObject]) {
        if let created = known.withLock({ $0.created }) { return created }
        var saved: [SavedObject] = []
        // One that was cut short has left its key.
        let key: SealingKey
        if let left = try await keys().first {
            key = left
        } else {
            key = .random()
            saved.append(try await saveKey(key, at: now))
        }
        let id = BlobID(of: (0..<BlobID.length).map { _ in UInt8.random(in: 0...255) })
        let config = SealedFile.seal(RepositoryFile(id: id).json, key, nil)
        let object: SavedObject
        do { object = try await backend.save(NewObject(name: RepositoryFile.name, bytes: config)) } catch { throw .store(error) }
        if object.isNew {
            saved.append(object)
            let created = (files: ResticFiles(backend: backend, key: key), saved: saved)
            if backend.traits.appearance == .whenPublished { known.withLock { [created] in $0.created = created } }
            return created
        }
        guard let files = try await open() else { throw .store(.unavailable("another container is making the repository just now")) }
        if files.key != key, let own = saved.first {
            // Nothing is sealed with it.
            do { try await backend.remove([own.name]) } catch { throw .store(error) }
        }
        return (files, [])
    }

    private func saveKey(_ key: SealingKey, at now: Date) async throws(BackupError) -> SavedObject {
        let file = try await DedicatedThread.run { [password, cost] _ throws(BackupError) in
            do throws(ResticError) {
                return try KeyFile.make(
                    key, password: password, cost: cost, created: FileTime(now), user: ResticNames.user, host: ProcessInfo.processInfo.hostName)
            } catch {
                throw BackupError(error)
            }
        }
        let id = BlobID(of: file)
        do { return try await backend.save(NewObject(name: "keys/\(id)", bytes: file, sha256: id.description)) } catch { throw .store(error) }
    }

    // MARK: Snapshots

    /// All of them, newest first. One that is damaged is left out.
    func snapshots(_ files: ResticFiles) async throws(BackupError) -> [ResticSnapshot] {
        let names = try await files.list("snapshots").map(\.name)
        let before = known.withLock { $0.snapshots }
        var all: [BlobID: SnapshotFile] = [:]
        var new: [String] = []
        for name in names {
            guard let id = ResticFiles.id(of: name) else { continue }
            if let file = before[id] { all[id] = file } else { new.append(name) }
        }
        for (name, json) in try await files.json(of: new) {
            if let id = ResticFiles.id(of: name), let file = try? SnapshotFile(json: json) { all[id] = file }
        }
        known.withLock { [all] in $0.snapshots = all }
        return ResticSnapshot.newestFirst(all)
    }
}

/// Words of ours in the files of a repository.
enum ResticNames {
    static let user = "shipkeeper"
    /// The tag of a snapshot that was not allowed to become the newest.
    static let asideTag = "shipkeeper-conflict"
    /// The tag of a snapshot that holds the program's own state.
    static let stateTag = "shipkeeper-state"
}

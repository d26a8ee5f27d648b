package import Buckets
import Crypto
package import Files
package import Foundation

/// Versions on any backend: the layout of archives where the backend itself has no versions that plain tools see. It is that of buckets since their
/// first release, and what a new backend gets.
///
/// Contents are under `objects/`, each commit's under names of its own. A version is one small object under `versions/`, numbered
/// one by one: it is saved last, and only where that number is free, so that it appears in one step and of two writers one wins. What a
/// script has put below the prefix itself is a version too; the first commit writes the record for it, and leaves it where it is.
package struct ManifestStore: ObjectStore {
    let backend: any Backend
    let name: String
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - backend: One whose objects appear when they are saved.
    ///   - name: What the place is called in messages.
    package init(_ backend: any Backend, name: String, clock: any Clock<Duration> = ContinuousClock()) {
        self.backend = backend
        self.name = name
        self.clock = clock
    }

    /// The newest version, and how a commit continues from it.
    private struct Newest {
        var version: StoreVersion
        /// Of the newest record; 0 where there is none.
        var number: Int
        /// That record.
        var manifest: VersionManifest?
        /// What no record names, where the version is that.
        var unrecorded: UnrecordedObjects?
    }

    // MARK: Reading

    /// Lists the records, reads the newest and asks for the headers of objects that a script had put there.
    /// - Throws: `damaged` where the newest record is not ours; `refused` where contents of ours have neither a record nor a checksum.
    package func head() async throws(StorageError) -> StoreVersion? { try await newest()?.version }

    private func newest() async throws(StorageError) -> Newest? {
        guard let number = try await numbers().last else {
            return try await unrecorded().first.map { Newest(version: $0.version, number: 0, manifest: nil, unrecorded: $0) }
        }
        let manifest = try await manifest(number)
        let changed = try await changed(manifest.plain ?? [:])
        return Newest(version: changed?.version ?? manifest.version(number), number: number, manifest: manifest, unrecorded: changed)
    }

    /// In order.
    func numbers() async throws(StorageError) -> [Int] {
        try await backend.list(prefix: "versions/").compactMap { VersionManifest.number(of: $0.name) }.sorted()
    }

    func manifest(_ number: Int) async throws(StorageError) -> VersionManifest {
        let key = VersionManifest.key(number)
        guard let bytes = try await backend.bytes(key) else { throw .unavailable("\(key) in \(name) was there a moment ago, and is gone") }
        guard let manifest = VersionManifest(bytes) else { throw .damaged("\(key) in \(name) is not what shipkeeper has put there") }
        return manifest
    }

    private func unrecorded() async throws(StorageError) -> [UnrecordedObjects] { try UnrecordedObjects.all(try await backend.list(prefix: ""), in: name) }

    /// What a script has stored since its place was taken; nil where nothing has changed.
    private func changed(_ marks: [String: String]) async throws(StorageError) -> UnrecordedObjects? {
        var present: [(name: String, object: StoredObject)] = []
        for name in marks.keys.sorted() {
            if let object = try await backend.status(name) { present.append((name, object)) }
        }
        let found = UnrecordedObjects(present, isPlain: true)
        return found.marks.allSatisfy { marks[$0.key] == $0.value } ? nil : found
    }

    /// Reads every record, one request each. Damaged ones are left out, except for the newest.
    package func versions() async throws(StorageError) -> [StoreVersion] {
        guard let newest = try await newest() else { return [] }
        guard newest.manifest != nil else { return try await unrecorded().map(\.version) }
        var found = newest.unrecorded.map { [$0.version] } ?? []
        for number in try await numbers().reversed() {
            do throws(StorageError) {
                found.append(try await manifest(number).version(number))
            } catch {
                // One that can't be read does not keep the others from being found.
                guard error.kind == .damaged, !found.isEmpty else { throw error }
            }
        }
        return found
    }

    /// Downloads into a nameless file in `scratch` and checks the digest that the record names.
    /// - Throws: `damaged` also where the version does not hold the object; `unavailable` where a script has replaced it meanwhile.
    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        guard let entry = try await entry(name, at: version) else {
            throw .damaged("\(self.name) has no \(name) in the version \(version.id)")
        }
        let file = try await BackendDownload(backend: backend, clock: clock).open(entry.key, entry, scratch, onProgress)
        guard entry.sha256 == nil else { return file }
        return try await DedicatedThread.run { _ throws(StorageError) in try LFSPointer.checked(file, name, in: self.name) }
    }

    private func entry(_ name: String, at version: StoreVersion) async throws(StorageError) -> VersionManifest.Entry? {
        guard UnrecordedObjects.isVersion(version.id) else {
            guard let number = version.manifestNumber else { return nil }
            return try await manifest(number).objects[name]
        }
        if let newest = try await newest()?.unrecorded, newest.version.id == version.id { return newest.entries[name] }
        guard let found = try await unrecorded().first(where: { $0.version.id == version.id }) else {
            throw .unavailable("\(name) in \(self.name) has changed since it was looked at")
        }
        return found.entries[name]
    }

    // MARK: Writing

    /// Uploads the contents that the head does not have, checksum files first, then the record. What was uploaded before an error stays until
    /// `remove` finds it, a day old or older.
    /// - Throws: `stale` also where the record's number was taken at the last moment.
    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        let head = try await newest()
        guard head?.version.id == expected else { throw .stale("another client has stored in \(name) since") }
        var (number, base) = (head?.number ?? 0, head?.manifest)
        if let found = head?.unrecorded {
            number += 1
            base = VersionManifest(
                date: found.version.date, title: "Found without a record", objects: found.entries.filter { !$0.key.contains("/") },
                plain: (base?.plain ?? [:]).merging(found.marks) { _, new in new })
        }
        let id = String(UInt64.random(in: 0 ... .max), radix: 36)
        var entries: [String: VersionManifest.Entry] = [:]
        var files: [(entry: VersionManifest.Entry, object: NewObject)] = []
        for object in objects {
            let (size, digest) = try await ManifestStore.look(object)
            let entry = VersionManifest.Entry(key: "objects/\(id)/\(object.name)", size: size, sha256: digest)
            entries[object.name] = entry
            if let same = base?.objects[object.name], same.sha256 == digest, same.size == size {
                entries[object.name] = same
            } else {
                files.append((entry, object))
            }
        }
        if files.isEmpty, let head { return head.version }
        // Checksums first: an archive that is there has its own.
        let ordered = files.filter { UnrecordedObjects.isChecksum($0.object.name) } + files.filter { !UnrecordedObjects.isChecksum($0.object.name) }
        try await upload(ordered, onProgress)
        if let base, head?.unrecorded != nil { _ = try await publish(base, as: number) }
        let manifest = VersionManifest(
            id: id, date: max(date, head?.version.date ?? date), title: title, objects: (base?.objects ?? [:]).merging(entries) { _, new in new },
            plain: base?.plain)
        return try await publish(manifest, as: number + 1)
    }

    private func upload(_ files: [(entry: VersionManifest.Entry, object: NewObject)], _ onProgress: StoreProgress?) async throws(StorageError) {
        let total = files.reduce(0) { $0 + $1.entry.size }
        var done: Int64 = 0
        for (entry, object) in files {
            let before = done
            let content = NewObject(name: entry.key, content: object.content, sha256: entry.sha256)
            let saved = try await backend.save(content) { part, _ in onProgress?(before + part, total) }
            // The name is of this commit alone: what is there already came by an earlier try.
            guard saved.size == entry.size else { throw .unavailable("\(entry.key) in \(name) holds \(saved.size) of \(entry.size) bytes") }
            done += entry.size
            onProgress?(done, total)
        }
    }

    /// Puts the manifest where its number is free: the one step that makes a version.
    private func publish(_ manifest: VersionManifest, as number: Int) async throws(StorageError) -> StoreVersion {
        let saved = try await backend.save(NewObject(name: VersionManifest.key(number), bytes: manifest.bytes))
        // A try whose answer was lost makes the next one find its own work.
        if !saved.isNew, try await self.manifest(number).id != manifest.id { throw .stale("another client has stored in \(name) at the same time") }
        return manifest.version(number)
    }

    private static func look(_ object: NewObject) async throws(StorageError) -> (size: Int64, sha256: String) {
        try await DedicatedThread.run { flag throws(StorageError) in
            do throws(FileError) {
                let content = try object.opened()
                if let known = object.sha256 { return (content.size, known) }
                var digest = SHA256()
                try content.forEachPiece(flag) { piece throws(FileError) in digest.update(data: piece) }
                return (content.size, digest.finalize().hex)
            } catch {
                throw StorageError(error)
            }
        }
    }
}

import Crypto
package import Files
package import Foundation
import HTTPClient

/// A store in a bucket.
///
/// Contents lie under `objects/`, each commit's under names of its own. A version is one small object under `versions/`, numbered
/// one by one: it is put last, and only where that number is free, so that it appears in one step and of two writers one wins.
package struct BucketStore: ObjectStore {
    /// Contents that belong to no version are left alone for so long: somebody may be about to commit them.
    private static let grace: TimeInterval = 86_400

    private let bucket: any ReadableBucket
    private let name: String
    /// In front of every key; empty, or with a slash at its end.
    private let prefix: String
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - name: What the bucket is called in sentences.
    ///   - prefix: In front of every key; empty, or with a slash at its end.
    package init(_ bucket: any ReadableBucket, name: String, prefix: String, clock: any Clock<Duration> = ContinuousClock()) {
        self.bucket = bucket
        self.name = name
        self.prefix = prefix
        self.clock = clock
    }

    // MARK: Reading

    package func head() async throws(StorageError) -> StoreVersion? { try await newest()?.version }

    private func newest() async throws(StorageError) -> (number: Int, manifest: BucketManifest, version: StoreVersion)? {
        guard let number = try await numbers().last else { return nil }
        let manifest = try await manifest(number)
        return (number, manifest, manifest.version(number))
    }

    /// In order.
    private func numbers() async throws(StorageError) -> [Int] {
        let keys = try await bucket.list(prefix: prefix + "versions/").map(\.key)
        return keys.compactMap { BucketManifest.number(of: $0.dropFirst(prefix.count)) }.sorted()
    }

    private func manifest(_ number: Int) async throws(StorageError) -> BucketManifest {
        let key = prefix + BucketManifest.key(number)
        guard let answer = try await bucket.get(key) else { throw .unavailable("\(key) was there a moment ago, and is gone") }
        guard let manifest = BucketManifest(answer.body) else { throw .damaged("\(key) in \(name) is not what shipkeeper has put there") }
        return manifest
    }

    package func versions() async throws(StorageError) -> [StoreVersion] {
        var found: [StoreVersion] = []
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

    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        guard let number = version.manifestNumber, let entry = try await manifest(number).objects[name] else {
            throw .damaged("\(self.name) has no \(name) in the version \(version.id)")
        }
        return try await BucketDownload(bucket: bucket, clock: clock).open(prefix + entry.key, entry, scratch, onProgress)
    }

    // MARK: Writing

    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        let head = try await newest()
        guard head?.version.id == expected else { throw .stale("somebody else has stored in \(name) since") }
        let id = String(UInt64.random(in: 0 ... .max), radix: 36)
        var entries: [String: BucketManifest.Entry] = [:]
        var files: [(key: String, entry: BucketManifest.Entry, file: OpenFile)] = []
        for object in objects {
            let (file, size, digest) = try await BucketStore.look(object)
            let entry = BucketManifest.Entry(key: "objects/\(id)/\(object.name)", size: size, sha256: digest)
            entries[object.name] = entry
            if let same = head?.manifest.objects[object.name], same.sha256 == digest, same.size == size {
                entries[object.name] = same
            } else {
                files.append((prefix + entry.key, entry, file))
            }
        }
        if files.isEmpty, let head { return head.version }
        try await upload(files, onProgress)
        let manifest = BucketManifest(
            id: id, date: max(date, head?.version.date ?? date), title: title, objects: (head?.manifest.objects ?? [:]).merging(entries) { _, new in new })
        return try await publish(manifest, as: (head?.number ?? 0) + 1)
    }

    private func upload(_ files: [(key: String, entry: BucketManifest.Entry, file: OpenFile)], _ onProgress: StoreProgress?) async throws(StorageError) {
        let total = files.reduce(0) { $0 + $1.entry.size }
        var done: Int64 = 0
        for (key, entry, file) in files {
            let before = done
            let body = HTTPBody.stream(HTTPBodyStream(length: entry.size) { offset, most in try? file.read(most, at: offset) })
            let type = [(name: "Content-Type", value: "application/octet-stream")]
            try await bucket.put(BucketUpload(key: key, body: body, headers: type) { part, _ in onProgress?(before + part, total) })
            done += entry.size
            onProgress?(done, total)
        }
    }

    /// Puts the manifest where its number is free: the one step that makes a version.
    private func publish(_ manifest: BucketManifest, as number: Int) async throws(StorageError) -> StoreVersion {
        let upload = BucketUpload(
            key: prefix + BucketManifest.key(number), body: .bytes(manifest.bytes), headers: [("Content-Type", "application/json")])
        do throws(StorageError) {
            try await bucket.putNew(upload)
        } catch {
            // A try whose answer was lost makes the next one find its own work.
            guard error.kind == .stale, try await self.manifest(number).id == manifest.id else {
                if error.kind == .stale { throw .stale("somebody else has stored in \(name) at the same time") }
                throw error
            }
        }
        return manifest.version(number)
    }

    private static func look(_ object: NewObject) async throws(StorageError) -> (file: OpenFile, size: Int64, sha256: String) {
        try await OwnThread.run { flag throws(StorageError) in
            do throws(FileError) {
                let file = try object.folder.file(object.file)
                let size = try file.status().size
                if let known = object.sha256 { return (file, size, known) }
                var content = SHA256()
                while !flag.isSet, case let bytes = try file.read(1 << 20), !bytes.isEmpty { content.update(data: bytes) }
                if flag.isSet { throw FileError("read", "", code: 4) }
                return (file, size, content.finalize().hex)
            } catch {
                throw StorageError(error)
            }
        }
    }

    // MARK: Removing

    package var removal: StoreRemoval { .atOnce }

    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        let numbers = try await numbers()
        guard let head = numbers.last, kept.first?.manifestNumber == head else { return 0 }
        let gone = Set(versions.compactMap(\.manifestNumber)).intersection(numbers).subtracting([head])
        // What the others hold is looked up before anything goes; one of them that can't be read ends it here.
        var (held, released): (Set<String>, Set<String>) = ([], [])
        for number in numbers where !gone.contains(number) { held.formUnion(try await keys(of: number)) }
        for number in gone { released.formUnion((try? await keys(of: number)) ?? []) }
        try await bucket.delete(gone.sorted().map { prefix + BucketManifest.key($0) })
        let stored = try await bucket.list(prefix: prefix + "objects/")
        let newest = stored.compactMap(\.modified).max() ?? .distantPast
        // With what a commit that was cut short has left.
        let doomed = stored.filter { object in
            !held.contains(object.key)
                && (released.contains(object.key) || newest.timeIntervalSince(object.modified ?? newest) > BucketStore.grace)
        }
        try await bucket.delete(doomed.map(\.key))
        return gone.count
    }

    private func keys(of number: Int) async throws(StorageError) -> [String] { try await manifest(number).objects.values.map { prefix + $0.key } }

    // MARK: Looking around

    package func space() async throws(StorageError) -> StoreSpace? {
        let objects = try await bucket.list(prefix: prefix)
        let sample = objects.first { BucketManifest.number(of: $0.key.dropFirst(prefix.count)) != nil }
        var isPublic = false
        if let sample { isPublic = await bucket.isPublic(sample.key) ?? false }
        return StoreSpace(used: objects.reduce(0) { $0 + $1.size }, isPublic: isPublic)
    }

    package func examine(scratch: Folder) async -> [StoreCheck] {
        let key = prefix + "doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let text = Array("written by shipkeeper doctor\n".utf8)
        var checks: [StoreCheck] = []
        do throws(StorageError) {
            let holds = try await head()?.objects.keys.sorted().joined(separator: ", ")
            checks.append(StoreCheck("list", .ok, holds.map { "holds \($0)" } ?? "no backup yet"))
            let upload = BucketUpload(key: key, body: .bytes(text), headers: [("Content-Type", "text/plain")])
            try await bucket.put(upload)
            checks.append(StoreCheck("write", .ok, "wrote a small object to \(name)"))
            let back = try await bucket.get(key)?.body
            checks.append(StoreCheck("read", back == text ? .ok : .failed, back == text ? "it came back as it was" : "it did not come back as it was"))
            checks.append(await onlyIfNew(upload))
            let isPublic = await bucket.isPublic(key)
            try await bucket.delete([key])
            checks.append(StoreCheck("delete", .ok, "it is gone again"))
            checks.append(privacy(isPublic))
        } catch {
            checks.append(StoreCheck(["list", "write", "read", "delete"][min(checks.count, 3)], error))
        }
        return checks
    }

    private func privacy(_ isPublic: Bool?) -> StoreCheck {
        switch isPublic {
        case true?: StoreCheck("privacy", .warning, "anybody may read what is stored in \(name)", hint: "make the bucket private, or use another for backups")
        case false?: StoreCheck("privacy", .ok, "nobody reads it without a key")
        case nil: StoreCheck("privacy", .warning, "it could not be found out whether anybody may read what is stored in \(name)")
        }
    }

    /// Whether the service refuses to write over what is there: without that, two writers at once are not noticed.
    private func onlyIfNew(_ upload: BucketUpload) async -> StoreCheck {
        do throws(StorageError) {
            try await bucket.putNew(upload)
        } catch {
            if error.kind == .stale { return StoreCheck("two writers", .ok, "what is there already is not written over") }
            return StoreCheck("two writers", error)
        }
        return StoreCheck(
            "two writers", .warning, "this service writes over what is there already", hint: "let only one container at a time store in \(name)")
    }
}

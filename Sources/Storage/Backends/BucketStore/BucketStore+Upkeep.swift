package import Buckets
package import Files
import Foundation
import HTTPClient
import Settings

extension BucketStore {
    /// Contents that belong to no version are left alone for so long, in seconds: another client may be about to commit them.
    private static let grace: TimeInterval = 86_400

    // MARK: Removing

    package var removal: StoreRemoval { .atOnce }

    /// Deletes records first, then contents that no remaining record names, those of cut-short commits over a day old included.
    /// - Throws: `damaged` where a record that stays can't be read: nothing is deleted then.
    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        let numbers = try await numbers()
        guard let head = numbers.last, kept.first?.manifestNumber == head else { return 0 }
        let gone = Set(versions.compactMap(\.manifestNumber)).intersection(numbers).subtracting([head])
        // What the others hold is looked up before anything goes; one of them that can't be read ends it here.
        var (held, released): (Set<ByteKey>, Set<ByteKey>) = ([], [])
        for number in numbers where !gone.contains(number) { held.formUnion(try await keys(of: number)) }
        for number in gone { released.formUnion((try? await keys(of: number)) ?? []) }
        try await bucket.delete(gone.sorted().map { prefix + BucketManifest.key($0) })
        let stored = try await bucket.list(prefix: prefix + "objects/")
        let newest = stored.compactMap(\.modified).max() ?? .distantPast
        // With what a commit that was cut short has left.
        let doomed = stored.filter { object in
            let key = ByteKey(object.key)
            return !held.contains(key)
                && (released.contains(key) || newest.timeIntervalSince(object.modified ?? newest) > BucketStore.grace)
        }
        try await bucket.delete(doomed.map(\.key))
        return gone.count
    }

    private func keys(of number: Int) async throws(StorageError) -> [ByteKey] { try await manifest(number).objects.values.map { ByteKey(prefix + $0.key) } }

    // MARK: Looking around

    /// Adds up a listing of all objects. Whether they are public is tried with one unsigned request for a record.
    package func space() async throws(StorageError) -> StoreSpace? {
        let objects = try await bucket.list(prefix: prefix)
        let sample = objects.first { $0.below(prefix).flatMap { BucketManifest.number(of: $0.key) } != nil }
        var isPublic = false
        if let sample { isPublic = await bucket.isPublic(sample.key) ?? false }
        return StoreSpace(used: objects.reduce(0) { $0.addingUpToMost($1.size) }, isPublic: isPublic)
    }

    /// Lists, then writes, reads and deletes a small object `doctor-…` below the prefix, and tries to overwrite it. Stops at the first failure; the
    /// object is deleted all the same.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        let key = prefix + "doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        var checks: [StoreCheck] = []
        do throws(StorageError) {
            let holds = try await head()?.objects.keys.sorted().joined(separator: ", ")
            checks.append(StoreCheck("list", .ok, holds.map { "holds \($0)" } ?? "no backup yet"))
        } catch {
            return [StoreCheck("list", error)]
        }
        let isWritten = await writeAndRead(key, &checks)
        let isPublic = isWritten ? await bucket.isPublic(key) : nil
        do throws(StorageError) {
            try await bucket.delete([key])
            if isWritten { checks.append(StoreCheck("delete", .ok, "it is gone again")) }
        } catch {
            // Whether it is there at all is not known after a failed write.
            if checks.contains(where: { $0.name == "write" && $0.verdict == .ok }) {
                checks.append(StoreCheck("delete", StorageError(error.kind, error.message, hint: error.hint ?? "delete \(key) in \(name) by hand")))
            }
            return checks
        }
        if isWritten { checks.append(privacy(isPublic)) }
        return checks
    }

    /// Whether the object was written and came back.
    private func writeAndRead(_ key: String, _ checks: inout [StoreCheck]) async -> Bool {
        let text = Array("written by shipkeeper doctor\n".utf8)
        let upload = BucketUpload(key: key, body: .bytes(text), headers: [("Content-Type", "text/plain")])
        do throws(StorageError) { try await bucket.put(upload) } catch {
            checks.append(StoreCheck("write", error))
            return false
        }
        checks.append(StoreCheck("write", .ok, "wrote a small object to \(name)"))
        do throws(StorageError) {
            let back = try await bucket.get(key)?.body
            checks.append(StoreCheck("read", back == text ? .ok : .failed, back == text ? "it came back as it was" : "it did not come back as it was"))
        } catch {
            checks.append(StoreCheck("read", error))
            return false
        }
        checks.append(await onlyIfNew(upload))
        return true
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

package import Buckets
package import Files
import Foundation
import HTTPClient
import Settings

extension BucketBackend {
    /// Adds up a list of all objects. Whether they are public is tried with one unsigned request for one of them.
    package func space() async throws(StorageError) -> StoreSpace? {
        var (used, sample) = (Int64(0), String?.none)
        try await bucket.list(prefix: prefix) { page in
            used = page.reduce(used) { $0.addingUpToMost($1.size) }
            sample = sample ?? page.first?.key
        }
        var isPublic = false
        if let sample { isPublic = await bucket.isPublic(sample) ?? false }
        return StoreSpace(used: used, isPublic: isPublic)
    }

    /// Lists, then writes, reads and deletes a small object `doctor-…` below the prefix, and tries to overwrite it. Stops at the first failure; the
    /// object is deleted all the same.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        let key = prefix + "doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        var checks: [StoreCheck] = []
        do throws(StorageError) {
            let published = try await head()
            checks.append(StoreCheck("list", .ok, published == nil ? "nothing published yet" : "something was published"))
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

package import Buckets
package import Files
package import Foundation

/// The state of a store at one instant: names and sizes that belong together.
package struct StoreVersion: Hashable, Sendable {
    /// Different for every version of a store; opaque. A commit id where the store has those.
    package var id: String
    /// When it was stored, by the client's or the store's clock, for people and retention. It may be wrong; the order of `versions()` is what counts.
    package var date: Date
    /// Sizes in bytes by name; empty where the store has versions and this one holds nothing.
    package var objects: [String: Int64]
    /// SHA-256 of contents as the store reports them, by name, in lower-case hexadecimal digits. Names that it does not report are missing.
    package var digests: [String: String]

    package init(id: String, date: Date, objects: [String: Int64], digests: [String: String] = [:]) {
        self.id = id
        self.date = date
        self.objects = objects
        self.digests = digests
    }
}

/// How much a store holds, old versions included.
package struct StoreSpace: Hashable, Sendable {
    /// Bytes, by the store's own count where it has one.
    package var used: Int64
    /// Bytes that may be stored; nil where no limit is known.
    package var limit: Int64?
    /// Whether what is stored can be read without credentials.
    package var isPublic: Bool

    package init(used: Int64, limit: Int64? = nil, isPublic: Bool = false) {
        self.used = used
        self.limit = limit
        self.isPublic = isPublic
    }
}

/// When versions that are no longer wanted may go permanently.
package enum StoreRemoval: Hashable, Sendable {
    /// `remove` does nothing.
    case never
    /// As soon as retention lets them go.
    case atOnce
    /// Only after the newest has been read back: what goes then can't be brought back.
    case afterVerifying
}

/// Named bytes in versions. A version appears whole, in one step, or not at all.
///
/// Calls suspend; those that touch a disk do so on threads of their own. All throw `StorageError`: `missing` where the store itself does not
/// exist, `unauthorized`, `full`, `limited` or `unavailable` where it can't be used now, `refused` where what is there must not be
/// interpreted or changed, `cancelled` once the task is. A writer reads the head, and names it in its commit:
///
/// ```swift
/// let head = try await store.head()
/// let new = NewObject(name: "data.tar.gz", folder: scratch, file: "data.tar.gz")
/// let version = try await store.commit([new], expecting: head?.id, at: clock.now)   // `stale`: another writer was faster
/// let file = try await store.open("data.tar.gz", at: version, scratch: scratch)
/// ```
///
/// A new backend passes the contract suite that all backends share.
package protocol ObjectStore: Sendable {
    /// The newest version; nil only when the store has answered and is empty. In doubt it throws: an empty store lets the app start without its
    /// data.
    func head() async throws(StorageError) -> StoreVersion?
    /// All versions that can still be read, newest first, the head included.
    func versions() async throws(StorageError) -> [StoreVersion]
    /// An object's content as an open file at its start; remote stores download it into `scratch` first, where the file has no name.
    /// - Throws: `damaged` when the bytes are not those that were stored.
    func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile
    /// Makes a new version of the head with these objects added or replaced, in one step.
    /// - Parameters:
    ///   - expected: The id of the head as the caller knows it; nil for a store without versions.
    ///   - title: A line for people who look at the store.
    /// - Returns: The new version; the head as it is where it holds just these objects already.
    /// - Throws: `stale` when the head is another by now; nothing has changed then.
    func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion
    /// When `remove` may be called. Constant; no request is sent.
    var removal: StoreRemoval { get }
    /// Removes versions permanently; the head always stays, and so do contents that one of `kept` holds too. Nothing is removed when the
    /// head is not the first of `kept` any more.
    /// - Returns: How many versions are gone.
    func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int
    /// The space in use; nil where the store does not report it.
    func space() async throws(StorageError) -> StoreSpace?
    /// Tries everything that backing up and restoring need, in order, without changing what is stored; problems are in the result. Writes small
    /// test objects and removes them.
    func diagnose(scratch: Folder) async -> [StoreCheck]
}

extension ObjectStore {
    package func open(_ name: String, at version: StoreVersion, scratch: Folder) async throws(StorageError) -> OpenFile {
        try await open(name, at: version, scratch: scratch, onProgress: nil)
    }

    package func commit(_ objects: [NewObject], expecting expected: String?, at date: Date) async throws(StorageError) -> StoreVersion {
        try await commit(objects, expecting: expected, at: date, title: "Store", onProgress: nil)
    }
}

/// One check of `diagnose` and its result.
package struct StoreCheck: Hashable, Sendable {
    /// `warning`: backups work, with a risk that `message` describes.
    package enum Verdict: String, Hashable, Sendable {
        case ok, warning, failed
    }

    /// What was tried, in a few words.
    package var name: String
    package var verdict: Verdict
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ name: String, _ verdict: Verdict, _ message: String, hint: String? = nil) {
        self.name = name
        self.verdict = verdict
        self.message = message
        self.hint = hint
    }

    /// A failed check, with the error's message and hint.
    package init(_ name: String, _ error: StorageError) {
        self.init(name, .failed, error.message, hint: error.hint)
    }
}

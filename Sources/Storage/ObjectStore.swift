package import Buckets
package import Files
package import Foundation

/// The state of a store at one instant: names and sizes that belong together.
package struct StoreVersion: Hashable, Sendable {
    /// Differs for every version; a commit id where the store has such.
    package var id: String
    package var date: Date
    /// Bytes by name; empty where the store has versions and this one holds nothing.
    package var objects: [String: Int64]
    /// What the store itself says of contents, by name: SHA-256 in hexadecimal digits. Empty where it says nothing.
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
    package var used: Int64
    /// Nil where nobody says.
    package var limit: Int64?
    /// Whether anybody at all may read what is stored.
    package var isPublic: Bool

    package init(used: Int64, limit: Int64? = nil, isPublic: Bool = false) {
        self.used = used
        self.limit = limit
        self.isPublic = isPublic
    }
}

/// When versions that are no longer wanted may go permanently.
package enum StoreRemoval: Hashable, Sendable {
    case never
    case atOnce
    /// Only after the newest has been read back: what goes then can't be brought back.
    case afterVerifying
}

/// Named bytes in versions. A version appears whole, in one step, or not at all.
package protocol ObjectStore: Sendable {
    /// The newest version; nil when the store has answered and has none.
    func head() async throws(StorageError) -> StoreVersion?
    /// Newest first, the head included.
    func versions() async throws(StorageError) -> [StoreVersion]
    /// An object's bytes as an open file that is at its start; stores far away bring it into `scratch` first.
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
    var removal: StoreRemoval { get }
    /// Removes versions; the head stays, whatever is asked, and whatever of theirs one of `kept` holds too. Nothing goes when the
    /// head is not the first of `kept` any more. Gives how many are gone.
    func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int
    /// Nil where there is nothing to be reported.
    func space() async throws(StorageError) -> StoreSpace?
    /// Tries everything that backing up and restoring need, one after the other, without touching what is stored.
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

/// One thing that was tried, and how it went.
package struct StoreCheck: Hashable, Sendable {
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

    package init(_ name: String, _ error: StorageError) {
        self.init(name, .failed, error.message, hint: error.hint)
    }
}

/// Bytes to be stored under a name: a file below a folder.
package struct NewObject: Sendable {
    package var name: String
    package var folder: Folder
    package var file: RawName
    /// The content's SHA-256 in hexadecimal digits, where it is known already.
    package var sha256: String?

    package init(name: String, folder: Folder, file: RawName, sha256: String? = nil) {
        self.name = name
        self.folder = folder
        self.file = file
        self.sha256 = sha256
    }
}

package import Buckets
package import Files

/// Named bytes, and one step by which a writer makes its work the newest: what repositories of any format are built on.
///
/// **Names** are paths such as `data/ab/<64 digits>`; see `BackendName`. A name stands for one content for ever: it is saved once, never written over,
/// and may be removed. So nothing needs a version, and all reads show what is newest.
///
/// **Durable.** What `save` or `publish` has returned for survives a power cut, as far as the medium itself promises. Nothing half written is ever listed
/// or loaded, whatever ends the program.
///
/// **Visible.** `traits.appearance` says when: at once, or with the `publish` that names it. A writer calls `save` for what is harmless while nothing leads
/// to it, and hands to `publish` what makes it found. With commits all of it appears in one step. Without, the head moves first, so that of two writers
/// one has lost before it shows anything, and then the objects appear in their order; after a crash in between the head has moved and some of them are
/// missing, which is a publication that was begun and promises nothing.
///
/// **Errors** are `StorageError`: `missing` where the place itself does not exist, `unauthorized`, `full`, `limited`, `unavailable` where it can't be used
/// now, `stale` from `publish` only, `refused` for a name that is not allowed or for what must be changed manually first, `damaged` where what is there is
/// not what was stored, `cancelled` once the task is. After any error but `stale` a call may or may not have had its effect. Calling again is safe for
/// every verb, and for `publish` with the same publication and expectation: what had its effect is found and reported as done.
///
/// **Concurrency.** Any number of calls from any tasks and containers. Disk work is on threads of its own. **Memory** is bounded: a piece of a content is
/// at most 1 MiB, a page of a list 1000 objects; contents under 64 KiB and those that `SavedObject` carries are held whole.
///
/// ```swift
/// let head = try await backend.head()
/// let pack = try await backend.save(NewObject(name: "data/ab/ab12…", folder: scratch, file: "pack"))
/// let snapshot = NewObject(name: "snapshots/cd34…", bytes: sealed)
/// let token = try await backend.publish(Publication([pack], then: [snapshot], title: "Backup", at: now), expecting: head)
/// ```
///
/// A new backend passes `BackendContract`.
package protocol Backend: Sendable {
    /// What this backend can do. Constant; no request is sent.
    var traits: BackendTraits { get }
    /// All objects whose names begin with `prefix`, in any order, page by page; objects of the backend's own are left out. They are all of them once this
    /// returns: after an error, pages that came count for nothing.
    /// - Parameter onPage: Called on any thread, one page after the other.
    func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError)
    /// One object as a list would show it; nil where there is none.
    func status(_ name: String) async throws(StorageError) -> StoredObject?
    /// Gives the bytes of an object from an offset on, in order and each once. After an error the first of them may have been given.
    /// - Parameters:
    ///   - length: How many at most; nil for all to the end.
    ///   - receive: Called on any thread, which waits for it; false ends the call with `unavailable`.
    /// - Returns: How many were given, fewer than asked for only at the object's end; nil where there is no such object.
    func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64?
    /// Stores a content under a name that has none. Where it has one, nothing changes, whatever that one is.
    /// - Returns: What a publication names. `isNew` may be false for the caller's own work where an answer was lost.
    func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject
    /// Removes objects; a missing one is not an error. Not in one step: after an error some may be gone. With commits it moves the head. When the space is
    /// free, `traits.removal` says.
    func remove(_ names: [String]) async throws(StorageError)
    /// What was published last; nil where nothing was. With commits never nil, and anybody's commit moves it.
    func head() async throws(StorageError) -> PublishToken?
    /// Makes this writer's work the newest, in one step, if the head still is the one that it knows. See above for what is visible when.
    /// - Returns: The new head.
    /// - Throws: `stale` where the head is another; nothing was changed then.
    func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken
    /// The space in use; nil where it is not known.
    func space() async throws(StorageError) -> StoreSpace?
    /// Tries everything that backing up and restoring need, in order, without changing what is stored; problems are in the result. Small test objects are
    /// written and removed.
    func diagnose(scratch: Folder) async -> [StoreCheck]
}

extension Backend {
    package func list(prefix: String) async throws(StorageError) -> [StoredObject] {
        let found = Collected<StoredObject>()
        try await list(prefix: prefix) { found.add($0) }
        return found.all
    }

    package func save(_ object: NewObject) async throws(StorageError) -> SavedObject { try await save(object, onProgress: nil) }

    /// A stretch of an object, held in memory; nil where there is no such object.
    package func bytes(_ name: String, from start: Int64 = 0, length: Int64? = nil) async throws(StorageError) -> [UInt8]? {
        let found = Collected<UInt8>()
        return try await load(
            name, from: start, length: length,
            receive: {
                found.add($0); return true
            }) == nil ? nil : found.all
    }
}

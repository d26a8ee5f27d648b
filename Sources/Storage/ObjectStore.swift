package import Files
package import Foundation

/// The state of a store at one instant: names and sizes that belong together.
package struct StoreVersion: Hashable, Sendable {
    /// Differs for every version; a commit id where the store has such.
    package var id: String
    package var date: Date
    /// Bytes by name.
    package var objects: [String: Int64]

    package init(id: String, date: Date, objects: [String: Int64]) {
        self.id = id
        self.date = date
        self.objects = objects
    }
}

/// Named bytes in versions. A version appears whole, in one step, or not at all.
package protocol ObjectStore: Sendable {
    /// The newest version; nil when the store has answered and holds nothing.
    func head() async throws(StorageError) -> StoreVersion?
    /// Newest first, the head included.
    func versions() async throws(StorageError) -> [StoreVersion]
    /// An object's bytes as an open file that stands at its start; stores far away bring it into `scratch` first.
    func open(_ name: String, at version: StoreVersion, scratch: Folder) async throws(StorageError) -> OpenFile
    /// Makes a new version of the head with these objects added or replaced, in one step.
    /// - Parameter expected: The id of the head as the caller knows it; nil for an empty store.
    /// - Throws: `stale` when the head is another by now; nothing has changed then.
    func commit(_ objects: [NewObject], expecting expected: String?, at date: Date) async throws(StorageError) -> StoreVersion
    /// Removes versions; the head stays, whatever is asked.
    func remove(_ versions: [StoreVersion]) async throws(StorageError)
}

/// Bytes to be stored under a name: a file below a folder.
package struct NewObject: Sendable {
    package var name: String
    package var folder: Folder
    package var file: RawName

    package init(name: String, folder: Folder, file: RawName) {
        self.name = name
        self.folder = folder
        self.file = file
    }
}

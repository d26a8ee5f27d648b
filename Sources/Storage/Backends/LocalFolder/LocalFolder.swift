package import Buckets
package import Files
package import Foundation

/// A store in a folder of this machine: a mounted volume, a bucket mount, a second disk.
///
/// Versions are in `.shipkeeper/versions/ID/`; the link `.shipkeeper/current` names the newest, and each object's name in the
/// folder itself is a link through it. So plain tools see the newest objects under their plain names, and turning one link makes a
/// version visible, all of its objects together. Plain files that a script has put there, or links to them, are a version too.
package struct LocalFolder: ObjectStore {
    private let place: FolderPlace

    /// - Parameters:
    ///   - path: The folder, which must exist; not accessed yet. It is never created, since a missing one is often a missing mount.
    ///   - lockPatience: How long a commit or a removal waits for another one to the same folder; `unavailable` is thrown then.
    package init(path: String, lockPatience: Duration = .seconds(30)) {
        place = FolderPlace(path: path, lockPatience: lockPatience)
    }

    package func head() async throws(StorageError) -> StoreVersion? {
        try await work { layout throws(StorageError) in try layout.head() }
    }

    package func versions() async throws(StorageError) -> [StoreVersion] {
        try await work { layout throws(StorageError) in try layout.versions() }
    }

    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        try await work { layout throws(StorageError) in try layout.open(name, at: version) }
    }

    /// Copies the files into a new version's folder, links the unchanged ones from the last, syncs, and then replaces the link `current`. Waits
    /// for another writer up to `lockPatience`, and takes a script's plain files over as a version first.
    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        try await work { [lockPatience = place.lockPatience] layout throws(StorageError) in
            try layout.locked(lockPatience) { own throws(StorageError) in try layout.commit(objects, expecting: expected, at: date, own, onProgress) }
        }
    }

    package var removal: StoreRemoval { .atOnce }

    /// Deletes the folders of versions at once. Waits for another writer up to `lockPatience`.
    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        try await work { [lockPatience = place.lockPatience] layout throws(StorageError) in
            try layout.locked(lockPatience) { _ throws(StorageError) in try layout.remove(versions, keeping: kept) }
        }
    }

    /// Always nil: the free space of the disk is the operator's business.
    package func space() async throws(StorageError) -> StoreSpace? { nil }

    /// Writes, reads and removes a small file, reads the newest version, and warns of less than 1 GB free.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        do throws(StorageError) {
            return try await work { layout throws(StorageError) in try layout.diagnose() }
        } catch {
            return [StoreCheck("folder", error)]
        }
    }

    private func work<Value: Sendable>(
        _ body: @escaping @Sendable (LocalFolderLayout) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await place.work { folder, flag throws(StorageError) in try body(LocalFolderLayout(root: folder, flag: flag)) }
    }
}

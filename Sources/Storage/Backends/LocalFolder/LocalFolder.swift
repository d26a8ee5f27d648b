package import Files
package import Foundation

/// A store in a folder of this machine: a mounted volume, a bucket mount, a second disk.
///
/// Versions lie in `.shipkeeper/versions/ID/`; the link `.shipkeeper/current` names the newest, and each object's name in the
/// folder itself is a link through it. So plain tools see the newest objects under their plain names, and turning one link makes a
/// version visible, all of its objects together. Plain files that a script has put there are a version too.
package struct LocalFolder: ObjectStore {
    private let path: String

    package init(path: String) { self.path = path }

    package func head() async throws(StorageError) -> StoreVersion? {
        try await work { layout throws(StorageError) in try layout.head() }
    }

    package func versions() async throws(StorageError) -> [StoreVersion] {
        try await work { layout throws(StorageError) in try layout.versions() }
    }

    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        try await work { layout throws(StorageError) in try layout.open(name, at: version) }
    }

    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        try await work { layout throws(StorageError) in try layout.commit(objects, expecting: expected, at: date) }
    }

    package var removal: StoreRemoval { .atOnce }

    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        try await work { layout throws(StorageError) in try layout.remove(versions) }
    }

    package func space() async throws(StorageError) -> StoreSpace? { nil }

    package func examine(scratch: Folder) async -> [StoreCheck] {
        do throws(StorageError) {
            return try await work { layout throws(StorageError) in try layout.examine() }
        } catch {
            return [StoreCheck("folder", error)]
        }
    }

    private func work<Value: Sendable>(
        _ body: @escaping @Sendable (LocalFolderLayout) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let path = path
        return try await OwnThread.run { _ throws(StorageError) in
            let folder: Folder
            do throws(FileError) { folder = try Folder.open(path) } catch {
                guard error.isMissing else { throw StorageError(error) }
                throw .missing(
                    "the repository folder \(path) does not exist", hint: "is the volume mounted? For a new repository, create the folder")
            }
            return try body(LocalFolderLayout(root: folder))
        }
    }
}

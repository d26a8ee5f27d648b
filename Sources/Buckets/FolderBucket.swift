import Crypto
import Files
import Foundation
import Glibc
import HTTPClient

/// A folder of this machine in the place of a bucket, such as one that a web server serves. It keeps no headers. The disk work is done on a
/// thread of its own.
///
/// Calls throw `missing` where the folder does not exist: it is never created.
package struct FolderBucket: Bucket {
    /// In front of the names of files that are not whole yet.
    private static let unfinished = ".shipkeeper-new-"

    private let path: String

    /// - Parameter path: The folder; not accessed yet.
    package init(path: String) { self.path = path }

    /// Walks the whole folder and reads every file for its MD5, whatever the prefix. Links and special files are left out.
    package func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        let found = try await work { root, flag throws(FileError) in try FolderBucket.walk(root, flag) }
        return found.filter { $0.key.utf8.starts(with: prefix.utf8) }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Folder by folder, however deep they go.
    private static func walk(_ root: Folder, _ flag: CancelFlag) throws(FileError) -> [BucketObject] {
        var found: [BucketObject] = []
        var waiting: [[RawName]] = [[]]
        while let way = waiting.popLast() {
            var folder = root
            for name in way { folder = try folder.folder(name) }
            let prefix = way.map { "\($0)/" }.joined()
            for name in try folder.names() where !name.description.hasPrefix(unfinished) {
                if flag.isSet { throw interrupted(prefix) }
                let status = try folder.status(name)
                switch status.kind {
                case .folder: waiting.append(way + [name])
                case .file: found.append(try object("\(prefix)\(name)", status, folder.file(name), flag))
                case .symbolicLink, .fifo, .socket, .device: break
                }
            }
        }
        return found
    }

    private static func object(_ key: String, _ status: FileStatus, _ file: OpenFile, _ flag: CancelFlag) throws(FileError) -> BucketObject {
        var hash = Insecure.MD5()
        while case let bytes = try file.read(1 << 20), !bytes.isEmpty {
            if flag.isSet { throw interrupted(key) }
            hash.update(data: bytes)
        }
        let digest = hash.finalize().hex
        return BucketObject(
            key: key, size: status.size, md5: digest, tag: digest, modified: status.modified.date)
    }

    /// Writes a temporary file and renames it, so a reader sees the old or the new content. Missing folders are created; nothing is synced.
    /// - Throws: `refused` for a key that is not a relative path without `.`, `..` and empty names.
    package func put(_ upload: BucketUpload) async throws(StorageError) {
        let (folders, name) = try FolderBucket.parts(upload.key)
        try await work { root, flag throws(FileError) in
            var folder = root
            for part in folders {
                if !folder.exists(part) { try folder.makeFolder(part, mode: 0o755) }
                folder = try folder.folder(part)
            }
            let new = RawName(FolderBucket.unfinished + String(UInt64.random(in: 0 ... .max), radix: 36))
            do throws(FileError) {
                let file = try folder.create(new, mode: 0o644)
                var offset: Int64 = 0
                while offset < upload.body.length {
                    if flag.isSet { throw FolderBucket.interrupted(upload.key) }
                    guard let piece = upload.body.read(offset, 1 << 20), !piece.isEmpty else { throw FileError("read", upload.key, code: EIO) }
                    try file.write(piece)
                    offset += Int64(piece.count)
                    upload.onProgress?(offset, upload.body.length)
                }
                try file.set(mode: 0o644)
                try folder.rename(new, to: folder, as: name)
            } catch {
                try? folder.remove(new)
                throw error
            }
        }
    }

    /// Removes files, and folders that become empty.
    /// - Throws: `refused` for a key that is not a relative path without `.`, `..` and empty names.
    package func delete(_ keys: [String]) async throws(StorageError) {
        for key in keys {
            let (folders, name) = try FolderBucket.parts(key)
            try await work { root, flag throws(FileError) in
                if flag.isSet { throw FolderBucket.interrupted(key) }
                var way = [root]
                for part in folders {
                    guard let last = way.last, last.exists(part) else { return }
                    way.append(try last.folder(part))
                }
                guard let last = way.last, last.exists(name) else { return }
                try last.remove(name)
                // Folders that are empty now are removed too, as in a bucket.
                for (index, part) in folders.enumerated().reversed() where try way[index + 1].names().isEmpty { try way[index].removeFolder(part) }
            }
        }
    }

    /// The folders and the name of a key; none of them leads out of the root.
    private static func parts(_ key: String) throws(StorageError) -> (folders: [RawName], name: RawName) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw .refused("\(key) is not a valid file name")
        }
        return (parts.dropLast().map { RawName(String($0)) }, RawName(String(last)))
    }

    private static func interrupted(_ key: String) -> FileError { FileError("publish", key, code: ECANCELED) }

    private func work<Value: Sendable>(_ body: @escaping @Sendable (Folder, CancelFlag) throws(FileError) -> Value) async throws(StorageError) -> Value {
        let path = path
        return try await DedicatedThread.run { flag throws(StorageError) in
            do throws(FileError) { return try body(try Folder.open(path), flag) } catch {
                if flag.isSet { throw StorageError(.cancelled, "cancelled") }
                guard error.isMissing, (try? Folder.open(path)) == nil else { throw StorageError(error) }
                throw .missing("the folder \(path) does not exist", hint: "create it, or mount what it stands for")
            }
        }
    }
}

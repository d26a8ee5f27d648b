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

    /// Walks the folders that the prefix leads to, and reads every file under it for its MD5. Links and special files are left out.
    package func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        let found = try await work { root, flag throws(FileError) in try FolderBucket.walk(root, prefix, flag) }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Folder by folder, however deep they go.
    private static func walk(_ root: Folder, _ prefix: String, _ flag: CancelFlag) throws(FileError) -> [BucketObject] {
        func leads(_ path: String) -> Bool { path.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: path.utf8) }
        var found: [BucketObject] = []
        var waiting: [[RawName]] = [[]]
        while let way = waiting.popLast() {
            var folder = root
            for name in way { folder = try folder.folder(name) }
            let above = way.map { "\($0)/" }.joined()
            for name in try folder.names() where !name.description.hasPrefix(unfinished) {
                if flag.isSet { throw interrupted(above) }
                let (key, status) = ("\(above)\(name)", try folder.status(name))
                switch status.kind {
                case .folder: if leads(key + "/") { waiting.append(way + [name]) }
                case .file: if key.utf8.starts(with: prefix.utf8) { found.append(try object(key, status, folder.file(name), flag)) }
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

    /// Removes files, and folders that become empty. What is not there is no error, and neither is a key that leads through a file or to a folder:
    /// such an object is not there either.
    /// - Throws: `refused` for a key that is not a relative path without `.`, `..` and empty names.
    package func delete(_ keys: [String]) async throws(StorageError) {
        for key in keys {
            let (folders, name) = try FolderBucket.parts(key)
            try await work { root, flag throws(FileError) in
                if flag.isSet { throw FolderBucket.interrupted(key) }
                var way = [root]
                for part in folders {
                    guard let last = way.last, let next = try FolderBucket.folder(part, in: last) else { return }
                    way.append(next)
                }
                guard let last = way.last, try FolderBucket.holdsObject(name, last) else { return }
                try last.remove(name)
                // Folders that are empty now are removed too, as in a bucket.
                for (index, part) in folders.enumerated().reversed() where try way[index + 1].names().isEmpty { try way[index].removeFolder(part) }
            }
        }
    }

    /// Nil where there is none, or something else has that name.
    private static func folder(_ name: RawName, in folder: Folder) throws(FileError) -> Folder? {
        do throws(FileError) { return try folder.folder(name) } catch {
            if error.isMissing || error.isNoFolder { return nil }
            throw error
        }
    }

    private static func holdsObject(_ name: RawName, _ folder: Folder) throws(FileError) -> Bool {
        do throws(FileError) { return try folder.status(name).kind != .folder } catch {
            if error.isMissing { return false }
            throw error
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

import Buckets
import Files
import Glibc

/// A folder of this machine that a repository is in. It is never created: a missing one is often a missing mount.
struct FolderPlace: Sendable {
    let path: String
    /// How long a change waits for another one.
    let lockPatience: Duration

    /// Opens it on a thread of its own.
    /// - Throws: `missing`, with what to do about it, where it does not exist; `refused` where it is not a folder; what `body` throws.
    func work<Value: Sendable>(_ body: @escaping @Sendable (Folder, CancelFlag) throws(StorageError) -> Value) async throws(StorageError) -> Value {
        let path = path
        return try await DedicatedThread.run { flag throws(StorageError) in
            let folder: Folder
            do throws(FileError) { folder = try Folder.open(path) } catch { throw FolderPlace.reason(error, path) }
            return try body(folder, flag)
        }
    }

    /// Why the folder could not be opened.
    private static func reason(_ error: FileError, _ path: String) -> StorageError {
        switch error.code {
        case ENOENT:
            let parts = path.split(separator: "/")
            let above = try? Folder.open("/" + parts.dropLast().joined(separator: "/"))
            if let target = try? above?.target(ofLink: RawName(String(parts.last ?? ""))) {
                return .missing(
                    "the repository folder \(path) is a link to \(target), which is not there", hint: "is the volume mounted? Else correct the link")
            }
            return .missing("the repository folder \(path) does not exist", hint: "is the volume mounted? For a new repository, create the folder")
        case ENOTDIR: return .refused("\(path) is not a folder, so it is not a repository", hint: "correct \"path\", or move away what is there")
        default: return StorageError(error)
        }
    }
}

extension Folder {
    /// Opens a folder here, and makes it where there is none.
    func madeFolder(_ name: RawName, mode: UInt32 = 0o755) throws(FileError) -> Folder {
        if case .folder(let found) = try followed(name) { return found }
        do throws(FileError) { try makeFolder(name, mode: mode) } catch {
            guard error.code == EEXIST else { throw error }
        }
        return try folder(name)
    }

    /// Takes the lock of a repository in whose own folder this is, held for as long as the result lives. Waits for other writers, up to a limit, and not
    /// once the caller was cancelled. Blocks.
    func repositoryLock(_ patience: Duration, _ flag: CancelFlag) throws(StorageError) -> OpenFile {
        let file: OpenFile
        do throws(FileError) { file = try openOrCreate("lock") } catch { throw StorageError(error) }
        let end = ContinuousClock.now + patience
        while true {
            do throws(FileError) {
                try file.lock()
                return file
            } catch {
                guard error.code == EWOULDBLOCK || error.code == EINTR else {
                    throw .unavailable(
                        "\(path)/lock can't be locked: \(error)",
                        hint: "the file system must know locks (flock); some network mounts need an option for that")
                }
            }
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            guard ContinuousClock.now < end else {
                throw .unavailable(
                    "another process has held \(path)/lock for more than \(patience.components.seconds) s",
                    hint: "is another container storing there, or is one stuck? \"fuser -v\" on that file names it")
            }
            usleep(20_000)
        }
    }
}

import Files

/// A folder for one piece of work, gone when the work is.
enum ScratchFolder {
    /// Makes one below a folder, which is made too where it is missing, and removes it once `body` has ended.
    static func with<Value>(
        below path: String, _ body: (Folder) async throws(BackupError) -> Value
    ) async throws(BackupError) -> Value {
        let parent: Folder
        let name = RawName("scratch-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
        let folder: Folder
        do throws(FileError) {
            parent = try Folder.make(path, mode: 0o700)
            try parent.makeFolder(name)
            folder = try parent.folder(name)
        } catch {
            throw .file(error)
        }
        return try await removing(name, in: parent) { () async throws(BackupError) in try await body(folder) }
    }

    /// Removes what has that name once `body` has ended, in whatever way. The folder keeps its modification time: it may be one that was restored.
    static func removing<Value>(
        _ name: RawName, in parent: Folder, after body: () async throws(BackupError) -> Value
    ) async throws(BackupError) -> Value {
        let result: Result<Value, BackupError>
        do throws(BackupError) { result = .success(try await body()) } catch { result = .failure(error) }
        await DedicatedThread.run { _ in try? parent.removeTreeKeepingTime(name) }
        return try result.get()
    }

    static func checkSpace(of folder: Folder, needed: Int64) throws(BackupError) {
        guard let space = try? folder.space() else { return }
        let wanted = needed + 1_000_000
        if space.bytes < wanted { throw .notEnoughSpace(needed: wanted, free: space.bytes, path: folder.path) }
    }
}

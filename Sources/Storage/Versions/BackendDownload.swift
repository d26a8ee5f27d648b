import Buckets
import Files

/// Brings a content from a backend into a file: continues where a cut connection left off, and checks every byte.
struct BackendDownload: Sendable {
    /// Tries in a row that brought nothing at all.
    private static let fruitlessTries = 5

    let backend: any Backend
    let clock: any Clock<Duration>

    func open(_ name: String, _ entry: VersionManifest.Entry, _ scratch: Folder, _ onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        // A content that came with errors is fetched once more: the network may have been at fault.
        for _ in 0..<2 {
            let sink = DownloadSink(try await scratch.makeNameless(), onProgress)
            try await fill(sink, name, entry)
            if entry.sha256 == nil || sink.sha256 == entry.sha256 {
                do { try sink.file.seek(to: 0) } catch { throw StorageError(error) }
                return sink.file
            }
        }
        throw .damaged("\(name) is not what was stored: its SHA-256 is not \((entry.sha256 ?? "").prefix(12))…")
    }

    private func fill(_ sink: DownloadSink, _ name: String, _ entry: VersionManifest.Entry) async throws(StorageError) {
        var fruitless = 0
        while sink.count < entry.size {
            let before = sink.count
            var trouble: StorageError?
            do throws(StorageError) {
                let given = try await backend.load(entry.key, from: before, length: entry.size - before) { sink.take($0, of: entry.size) }
                if given == nil { throw .damaged("\(name) is gone") }
            } catch {
                if let failure = sink.failure { throw StorageError(failure) }
                // The wait that the service asks for is left to the caller.
                guard error.kind == .unavailable else { throw error }
                trouble = error
            }
            fruitless = sink.count > before ? 0 : fruitless + 1
            if fruitless >= BackendDownload.fruitlessTries { throw trouble ?? .damaged("\(name) ends after \(sink.count) of \(entry.size) bytes") }
            if sink.count < entry.size {
                do { try await clock.sleep(for: .seconds(1)) } catch { throw StorageError(.cancelled, "cancelled") }
            }
        }
    }
}

import Buckets
import Crypto
import Files
import HTTPClient
import Synchronization

/// Writes what comes to a file and adds it to the digests. Used by the exchange's own thread, which waits for the disk; anyone who asks how far it
/// has come does not.
final class DownloadSink: Sendable {
    private struct State {
        /// Whether nothing of the current answer has come yet.
        var isFresh = true
        var count: Int64 = 0
        var content = SHA256()
    }

    private struct Seen {
        var count: Int64 = 0
        var failure: FileError?
    }

    let file: OpenFile
    private let onProgress: StoreProgress?
    /// Held while the disk is written.
    private let state = Mutex(State())
    /// Never held for long.
    private let seen = Mutex(Seen())

    init(_ file: OpenFile, _ onProgress: StoreProgress?) {
        self.file = file
        self.onProgress = onProgress
    }

    var count: Int64 { seen.withLock { $0.count } }
    var failure: FileError? { seen.withLock { $0.failure } }

    /// Another request is about to be sent; the last one is over, and not by being cancelled.
    func begin() { state.withLock { $0.isFresh = true } }

    /// Takes a piece of an answer to a request for everything from `start` on. Blocks.
    func take(_ head: HTTPResponse, _ piece: [UInt8], from start: Int64) -> Bool {
        guard head.status == 200 || head.status == 206 else { return true }
        return state.withLock { state in
            do throws(FileError) {
                if state.isFresh {
                    if head.status == 206, !head.continues(at: start) { return false }
                    // A server that does not know ranges begins at the beginning, and so do we.
                    if head.status == 200, start > 0 { try restart(&state) }
                    state.isFresh = false
                }
                try write(piece, &state)
            } catch {
                seen.withLock { $0.failure = error }
                return false
            }
            onProgress?(state.count, head.length(from: start) ?? state.count)
            return true
        }
    }

    /// Takes the next piece of a content of so many bytes. Blocks.
    func take(_ piece: [UInt8], of total: Int64) -> Bool {
        state.withLock { state in
            do throws(FileError) { try write(piece, &state) } catch {
                seen.withLock { $0.failure = error }
                return false
            }
            onProgress?(state.count, total)
            return true
        }
    }

    private func write(_ piece: [UInt8], _ state: inout State) throws(FileError) {
        try file.write(piece)
        state.count += Int64(piece.count)
        state.content.update(data: piece)
        seen.withLock { $0.count = state.count }
    }

    private func restart(_ state: inout State) throws(FileError) {
        try file.truncate(to: 0)
        try file.seek(to: 0)
        state = State()
    }

    /// Of all that has come, once it has.
    var sha256: String { state.withLock { $0.content.finalize().hex } }
}

extension HTTPResponse {
    /// The length of a whole of which this is the part from `start` on; nil where it is not reported.
    fileprivate func length(from start: Int64) -> Int64? {
        guard let rest = header("Content-Length").flatMap({ Int64($0) }) else { return nil }
        let (sum, overflow) = start.addingReportingOverflow(rest)
        return overflow ? nil : sum
    }

    /// Whether a part of a file begins where it was asked to.
    func continues(at start: Int64) -> Bool { header("Content-Range")?.hasPrefix("bytes \(start)-") == true }
}

extension Folder {
    /// A file without a name: it is gone with its holder, however that ends.
    func makeNameless() async throws(StorageError) -> OpenFile {
        try await DedicatedThread.run { _ throws(StorageError) in
            do throws(FileError) {
                let temporary = RawName(".download-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
                let file = try self.create(temporary)
                try self.remove(temporary)
                return file
            } catch {
                throw StorageError(error)
            }
        }
    }
}

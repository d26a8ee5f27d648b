import Dispatch
import Synchronization
import Threads

/// The threads of a `BlobWriter`: they compress, seal and check blobs, fill packs with them, and hand over packs that are full.
final class BlobSealer: Sendable {
    private struct State {
        var waiting: [(blob: BlobKey, content: [UInt8])] = []
        var packs: [BlobKind: PackWriter] = [:]
        var finished: [IndexFile.Entry] = []
        var failure: (any Error)?
    }

    /// How many blobs may wait or be worked on, for each thread.
    private static let blobsPerThread = 3

    private let key: SealingKey
    private let emit: @Sendable (Pack) throws -> Void
    private let state = Mutex(State())
    private let room: Int
    /// Counts the blobs that may be added.
    private let slots: DispatchSemaphore
    /// Counts the blobs that wait; one more for each thread that is to end.
    private let work = DispatchSemaphore(value: 0)
    private let threads: Int

    init(key: SealingKey, threads wanted: Int, emit: @escaping @Sendable (Pack) throws -> Void) throws(ResticError) {
        // Where the library is missing, that is said here and not by a thread.
        _ = try Compressor()
        (self.key, self.emit) = (key, emit)
        threads = max(1, min(wanted, SystemThread.room(upTo: max(1, wanted))))
        room = threads * BlobSealer.blobsPerThread
        // Its count must be what it was at first when it ends.
        slots = DispatchSemaphore(value: 0)
        for _ in 0..<room { slots.signal() }
        for index in 0..<threads {
            do throws(ThreadError) { try SystemThread.start("seal", stackBytes: 1 << 20) { [self] in run() } } catch {
                for _ in 0..<index { work.signal() }
                throw .unavailable(error.description)
            }
        }
    }

    func add(_ blob: BlobKey, _ content: [UInt8]) throws {
        slots.wait()
        let failure = state.withLock { state in
            if state.failure == nil { state.waiting.append((blob, content)) }
            return state.failure
        }
        if let failure {
            slots.signal()
            throw failure
        }
        work.signal()
    }

    func finish() throws -> [IndexFile.Entry] {
        // All of them are free once nothing is worked on any more.
        for _ in 0..<room { slots.wait() }
        for _ in 0..<room { slots.signal() }
        let (failure, rest) = state.withLock { state in
            let rest = [BlobKind.data, .tree].compactMap { state.packs.removeValue(forKey: $0) }
            return (state.failure, rest)
        }
        if let failure { throw failure }
        for pack in rest { try store(pack) }
        return state.withLock { $0.finished }
    }

    /// Ends the threads. What waits is dropped.
    func stop() {
        state.withLock { state in
            state.waiting = []
            if state.failure == nil { state.failure = Stopped() }
        }
        for _ in 0..<threads { work.signal() }
    }

    private struct Stopped: Error {}

    // MARK: On a thread

    private func run() {
        let (compressor, decompressor): (Compressor, Decompressor)
        do throws(ResticError) { (compressor, decompressor) = (try Compressor(), try Decompressor()) } catch {
            return fail(error)
        }
        while true {
            work.wait()
            let (next, isStopped) = state.withLock { state in (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.failure is Stopped) }
            guard let next else {
                if isStopped { return }
                continue
            }
            do { try seal(next.blob, next.content, compressor, decompressor) } catch { fail(error) }
            slots.signal()
        }
    }

    private func fail(_ error: any Error) {
        state.withLock { state in
            if state.failure == nil { state.failure = error }
            let dropped = state.waiting.count
            state.waiting = []
            for _ in 0..<dropped { slots.signal() }
        }
    }

    private func seal(_ blob: BlobKey, _ content: [UInt8], _ compressor: Compressor, _ decompressor: Decompressor) throws {
        let frame = compressor.compress(content)
        let sealed = key.seal(frame ?? content)
        let stored = StoredBlob(blob, offset: 0, length: sealed.count, contentLength: frame == nil ? nil : content.count)
        _ = try stored.content(of: sealed[...], key: key, decompressor)
        let full: PackWriter? = state.withLock { state in
            state.packs[blob.kind, default: PackWriter(blob.kind)].add(blob.id, sealed: sealed, contentLength: stored.contentLength)
            return state.packs[blob.kind]?.isFull == true ? state.packs.removeValue(forKey: blob.kind) : nil
        }
        if let full { try store(full) }
    }

    private func store(_ full: consuming PackWriter) throws {
        let pack = full.finish(key)
        try emit(pack)
        state.withLock { $0.finished.append(IndexFile.Entry(pack: pack.id, blobs: pack.blobs)) }
    }
}

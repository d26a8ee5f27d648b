import Dispatch
import Synchronization

/// Reads another source on a thread of its own, some pieces ahead of who asks for them: what is read and decoded there takes no time here.
package final class AheadSource: ByteSource {
    private static let pieceSize = 128 * 1024
    private static let most = 16

    /// What the two threads share.
    private final class Queue: Sendable {
        private let pieces = Mutex<[Result<[UInt8], ArchiveError>]>([])
        private let isStopped = Atomic(false)
        private let filled = DispatchSemaphore(value: 0)
        private let free = DispatchSemaphore(value: 0)
        private let ended = DispatchSemaphore(value: 0)

        init(room: Int) { for _ in 0..<room { free.signal() } }

        /// Until the end of the source, an error of it, or `stop`.
        func fill(from source: any ByteSource) {
            while true {
                free.wait()
                if isStopped.load(ordering: .acquiring) { break }
                let piece = Result { () throws(ArchiveError) in try source.read(AheadSource.pieceSize) }
                pieces.withLock { $0.append(piece) }
                filled.signal()
                guard case .success(let bytes) = piece, !bytes.isEmpty else { break }
            }
            ended.signal()
        }

        func next() throws(ArchiveError) -> [UInt8] {
            filled.wait()
            let piece = pieces.withLock { $0.removeFirst() }
            free.signal()
            return try piece.get()
        }

        func stop() {
            isStopped.store(true, ordering: .releasing)
            free.signal()
            ended.wait()
        }
    }

    private let queue = Queue(room: AheadSource.most)
    private var rest: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var failure: ArchiveError?

    /// Starts reading.
    /// - Parameter source: Nobody else may use it before `stop` has returned.
    package init(_ source: any ByteSource) {
        // It goes to the one thread that uses it until `stop`.
        nonisolated(unsafe) let source = source
        DispatchQueue(label: "shipkeeper-read-ahead").async { [queue] in unsafe queue.fill(from: source) }
    }

    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        if let failure { throw failure }
        if rest.isEmpty {
            if isAtEnd { return [] }
            do { rest = try queue.next()[...] } catch {
                failure = error
                throw error
            }
            if rest.isEmpty {
                isAtEnd = true
                return []
            }
        }
        defer { rest = rest.dropFirst(most) }
        return Array(rest.prefix(most))
    }

    /// Returns once nothing is read any more. Call it once, whatever was read.
    package func stop() { queue.stop() }
}

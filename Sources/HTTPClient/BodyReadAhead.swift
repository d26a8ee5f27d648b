import Dispatch
import Synchronization
import Threads

/// A request's body on its way from where it is read, which may block, to the transport's thread, which must never wait. So much is read
/// ahead as a bounded number of bytes allows.
final class BodyReadAhead: Sendable {
    private static let most = 1 << 20
    private static let pieceSize = 1 << 18

    enum Answer {
        case bytes(ArraySlice<UInt8>)
        /// Not yet: to be asked for once more after `onBytes`.
        case wait
        case unreadable
        case noThread(ThreadError)
    }

    private struct State {
        var pieces: [ArraySlice<UInt8>] = []
        var ahead = 0
        /// Where reading continues.
        var next: Int64 = 0
        /// Grows with each seek: what was being read then is not wanted.
        var course = 0
        var hasThread = false
        var isAwaited = false
        var isUnreadable = false
        var isDropped = false
    }

    private let stream: HTTPBodyStream
    /// Called on the reader's thread: there is something, or there never will be.
    private let onBytes: @Sendable () -> Void
    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)

    init(_ stream: HTTPBodyStream, onBytes: @escaping @Sendable () -> Void) {
        self.stream = stream
        self.onBytes = onBytes
    }

    /// The next bytes of the body, at least one and up to `most`.
    func take(_ most: Int) -> Answer {
        state.withLock { state in
            if let first = state.pieces.first {
                let taken = first.prefix(most)
                if taken.count == first.count { state.pieces.removeFirst() } else { state.pieces[0] = first.dropFirst(taken.count) }
                state.ahead -= taken.count
                news.signal()
                return .bytes(taken)
            }
            if state.isUnreadable { return .unreadable }
            if !state.hasThread {
                do throws(ThreadError) { try SystemThread.start("shipkeeper-body") { self.work() } } catch { return .noThread(error) }
                state.hasThread = true
            }
            state.isAwaited = true
            news.signal()
            return .wait
        }
    }

    /// What is taken next begins at an offset.
    func seek(to offset: Int64) {
        state.withLock { state in
            (state.pieces, state.ahead, state.next, state.isUnreadable) = ([], 0, offset, false)
            state.course += 1
            news.signal()
        }
    }

    /// No more is taken. A read under way ends by itself.
    func drop() {
        state.withLock { state in
            state.isDropped = true
            state.pieces = []
            news.signal()
        }
    }

    private func work() {
        while true {
            news.wait()
            while let (offset, count, course) = wanted() { read(offset, count, course) }
            if state.withLock({ $0.isDropped }) { return }
        }
    }

    private func wanted() -> (offset: Int64, count: Int, course: Int)? {
        state.withLock { state in
            guard !state.isDropped, !state.isUnreadable, state.ahead < BodyReadAhead.most, state.next < stream.length else { return nil }
            return (state.next, Int(min(Int64(BodyReadAhead.pieceSize), stream.length - state.next)), state.course)
        }
    }

    private func read(_ offset: Int64, _ count: Int, _ course: Int) {
        let bytes = stream.read(offset, count)
        let isAwaited = state.withLock { state in
            guard state.course == course, !state.isDropped else { return false }
            if let bytes, !bytes.isEmpty, bytes.count <= count {
                state.pieces.append(bytes[...])
                state.ahead += bytes.count
                state.next += Int64(bytes.count)
            } else {
                state.isUnreadable = true
            }
            defer { state.isAwaited = false }
            return state.isAwaited
        }
        if isAwaited { onBytes() }
    }
}

import Dispatch
import Synchronization
import Threads

/// Passes an answer's body from the transport's thread, which must never wait, to a receiver that may: a disk that stalls
/// holds up its own exchange and no other. Between the two is a bounded number of bytes, and the network waits when they are there.
final class BodyHandOff: Sendable {
    /// The most that waits, in bytes; a single piece may be larger.
    private static let most = 1 << 20

    enum Answer {
        case taken
        /// Not now: it is to be offered once more after `onRoom`.
        case full
        /// The receiver wants no more.
        case declined
        case noThread(ThreadError)
    }

    private struct State {
        var pieces: [(head: HTTPResponse, bytes: [UInt8])] = []
        var waiting = 0
        var hasThread = false
        var isFull = false
        var isDeclined = false
        /// Whether what is still there is to be discarded.
        var isDropped = false
        var end: (@Sendable (_ isDeclined: Bool) -> Void)?
    }

    private let receiver: HTTPBodyReceiver
    /// Called on the receiver's thread: there is room again, or no more is wanted.
    private let onRoom: @Sendable () -> Void
    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)

    init(_ receiver: @escaping HTTPBodyReceiver, onRoom: @escaping @Sendable () -> Void) {
        self.receiver = receiver
        self.onRoom = onRoom
    }

    var isDeclined: Bool { state.withLock { $0.isDeclined } }

    func offer(_ head: HTTPResponse, _ bytes: [UInt8]) -> Answer {
        state.withLock { state in
            if state.isDeclined { return .declined }
            if state.waiting > 0, state.waiting + bytes.count > BodyHandOff.most {
                state.isFull = true
                return .full
            }
            if !state.hasThread {
                do throws(ThreadError) { try SystemThread.start("shipkeeper-body") { self.work() } } catch { return .noThread(error) }
                state.hasThread = true
            }
            state.pieces.append((head, bytes))
            state.waiting += bytes.count
            news.signal()
            return .taken
        }
    }

    /// No more comes. Calls `end` once the receiver has got everything, on its thread; at once where it has got nothing.
    func finish(_ end: @escaping @Sendable (_ isDeclined: Bool) -> Void) {
        let isIdle = state.withLock { state in
            guard state.hasThread else { return true }
            state.end = end
            news.signal()
            return false
        }
        if isIdle { end(false) }
    }

    /// Discards what has come and was not received yet; `finish` calls nothing then. A piece that the receiver is working on stays valid.
    func drop() {
        state.withLock { state in
            state.isDropped = true
            state.end = nil
            state.pieces = []
            news.signal()
        }
    }

    private enum Step {
        case receive(HTTPResponse, [UInt8])
        case end(@Sendable (Bool) -> Void, isDeclined: Bool)
        case leave
        case wait
    }

    private func work() {
        while true {
            news.wait()
            switch state.withLock({ BodyHandOff.next(&$0) }) {
            case .receive(let head, let bytes): receive(head, bytes)
            case .end(let end, let isDeclined): return end(isDeclined)
            case .leave: return
            case .wait: break
            }
        }
    }

    private static func next(_ state: inout State) -> Step {
        if state.isDropped { return .leave }
        if !state.pieces.isEmpty {
            let piece = state.pieces.removeFirst()
            return .receive(piece.head, piece.bytes)
        }
        guard let end = state.end else { return .wait }
        // It holds on to the transfer, which holds on to this.
        state.end = nil
        return .end(end, isDeclined: state.isDeclined)
    }

    private func receive(_ head: HTTPResponse, _ bytes: [UInt8]) {
        let isWanted = receiver(head, bytes)
        let hasRoom = state.withLock { state in
            state.waiting -= bytes.count
            if !isWanted {
                state.isDeclined = true
                state.pieces = []
                // What waited for these comes all the same.
                news.signal()
            }
            let hasRoom = !isWanted || state.isFull && state.waiting <= BodyHandOff.most / 2
            if hasRoom { state.isFull = false }
            return hasRoom && !state.isDropped
        }
        if hasRoom { onRoom() }
    }
}

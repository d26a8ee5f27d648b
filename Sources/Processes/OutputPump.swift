import Glibc
import JobKit
import Synchronization
import Threads

/// Reads the output of all processes on one thread, and hands it over as it comes.
///
/// A stream is known by a number of its own that is never used twice: its descriptor's number may be another's right after.
final class OutputPump: Sendable {
    typealias ID = UInt64

    /// Where a stream's bytes go.
    enum Receiver: Sendable {
        case plain(@Sendable ([UInt8]) -> Void)
        /// By way of a spool, which learns what has been kept.
        case spooled(Spool, @Sendable ([UInt8], (@Sendable (LogEnd) -> Void)?) -> Void)
    }

    private struct Reader {
        var raw: CInt
        var receiver: Receiver
        var onEnd: @Sendable () -> Void
        /// Called when a spool that waited for the log may give more.
        var onRoom: @Sendable () -> Void

        /// Hands over what is there; gives how many bytes, 0 at the end, nil where there is nothing just now.
        func take() -> Int? {
            switch receiver {
            case .plain(let deliver):
                guard let bytes = OwnedFD.read(raw) else { return nil }
                if !bytes.isEmpty { deliver(bytes) }
                return bytes.count
            case .spooled(let spool, let deliver):
                guard let piece = spool.take(from: raw) else { return nil }
                guard !piece.bytes.isEmpty else { return 0 }
                let onRoom = onRoom
                let whenKept: @Sendable (LogEnd) -> Void = { end in if spool.keep(piece, log: end) { onRoom() } }
                deliver(piece.bytes, piece.isForced ? nil : whenKept)
                return piece.bytes.count
            }
        }
    }

    private enum Stage {
        case notStarted
        case running(Poller, wake: CInt)
    }

    private struct State {
        var stage = Stage.notStarted
        var lastID: ID = 0
        var readers: [ID: Reader] = [:]
        var closing: Set<ID> = []
        /// Called once all that is there now has been handed over.
        var flushing: [ID: [@Sendable () -> Void]] = [:]
    }

    static let shared = OutputPump()
    /// What a pipe holds at most, in bytes.
    private static let mostInPipe = 1 << 20
    private static let wakeID: ID = 0

    private let state = Mutex(State())

    private init() {}

    /// Starts the thread, unless it is there.
    /// - Throws: Where there is no room for the thread or for its descriptors; it can be tried again.
    func start() throws(LaunchShortage) {
        let result: Result<Void, LaunchShortage> = state.withLock { state in
            guard case .notStarted = state.stage else { return .success(()) }
            guard let wake = OwnedFD.pipe() else { return .failure(.descriptors) }
            guard let poller = Poller(), poller.add(wake.read, id: OutputPump.wakeID) else {
                for raw in [wake.read, wake.write] { close(raw) }
                return .failure(.descriptors)
            }
            do throws(ThreadError) {
                try SystemThread.start("shipkeeper-out") { [self] in loop(poller, wake.read) }
            } catch {
                for raw in [wake.read, wake.write] { close(raw) }
                return .failure(.processes)
            }
            state.stage = .running(poller, wake: wake.write)
            return .success(())
        }
        try result.get()
    }

    /// Reads a descriptor to its end and closes it then. `onEnd` is called once. Nil where the kernel has no room for it;
    /// the descriptor is the caller's then.
    func add(_ raw: CInt, _ receiver: Receiver, onEnd: @escaping @Sendable () -> Void) -> ID? {
        state.withLock { state in
            guard case .running(let poller, _) = state.stage else { return nil }
            state.lastID += 1
            let id = state.lastID
            state.readers[id] = Reader(raw: raw, receiver: receiver, onEnd: onEnd, onRoom: { [self] in read(id) })
            if poller.add(raw, id: id) {
                // A spool may hold what nobody will announce.
                if case .spooled = receiver {
                    state.flushing[id] = []
                    nudge(state)
                }
                return id
            }
            state.readers[id] = nil
            return nil
        }
    }

    /// Reads a stream although nothing announces it.
    private func read(_ id: ID) {
        state.withLock { state in
            guard state.readers[id] != nil, state.flushing[id] == nil else { return }
            state.flushing[id] = []
            nudge(state)
        }
    }

    /// Reads no more of a stream than what is there now, whatever still writes.
    func remove(_ id: ID) {
        state.withLock { state in
            guard state.readers[id] != nil else { return }
            state.closing.insert(id)
            nudge(state)
        }
    }

    /// Hands over what is there now, and reports then; at once where the stream has ended.
    func flush(_ id: ID, _ onDone: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            guard state.readers[id] != nil else { return false }
            state.flushing[id, default: []].append(onDone)
            nudge(state)
            return true
        }
        if !isOpen { onDone() }
    }

    private func nudge(_ state: State) {
        if case .running(_, let wake) = state.stage { OwnedFD.writeByte(wake) }
    }

    // MARK: The thread

    private func loop(_ poller: Poller, _ wake: CInt) {
        while true {
            for id in poller.wait() {
                if id == OutputPump.wakeID { _ = OwnedFD.read(wake) } else { take(id, most: 1) }
            }
            let (flushing, closing) = state.withLock { state in
                defer { (state.flushing, state.closing) = ([:], []) }
                return (state.flushing, state.closing)
            }
            for (id, listeners) in flushing {
                take(id, most: OutputPump.mostInPipe)
                for listener in listeners { listener() }
            }
            for id in closing {
                take(id, most: OutputPump.mostInPipe)
                if let reader = reader(id) { end(id, reader) }
            }
        }
    }

    private func reader(_ id: ID) -> Reader? { state.withLock { $0.readers[id] } }

    /// Hands over about so many bytes of what is there, and no more where someone continues writing.
    private func take(_ id: ID, most: Int) {
        guard let reader = reader(id) else { return }
        var rest = most
        while rest > 0, let count = reader.take() {
            if count == 0 { return end(id, reader) }
            rest -= count
        }
    }

    private func end(_ id: ID, _ reader: Reader) {
        let listeners = state.withLock { state in
            state.readers[id] = nil
            return state.flushing.removeValue(forKey: id) ?? []
        }
        reader.onEnd()
        for listener in listeners { listener() }
        close(reader.raw)
    }
}

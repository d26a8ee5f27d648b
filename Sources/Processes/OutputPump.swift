import Glibc
import JobKit
import Synchronization
import Threads

/// Reads the output of all processes on one thread, and hands it over as it comes, no faster than it is kept.
///
/// A stream is known by a number of its own that is never used twice: its descriptor's number may be another's right after.
final class OutputPump: Sendable {
    typealias ID = UInt64

    /// Where a stream's bytes go.
    enum Receiver: Sendable {
        /// To one who takes them at once.
        case messages(@Sendable ([UInt8]) -> Void)
        /// To a log.
        case log(@Sendable ([UInt8], ProcessCommand.WhenKept?) -> Void)
        /// To a log by way of a spool, which learns what has been kept.
        case spooledLog(Spool, @Sendable ([UInt8], ProcessCommand.WhenKept?) -> Void)
        /// Messages at a socket, of which each is a piece; gives how many bytes one had, and never the end.
        case datagrams(@Sendable () -> Int?)
    }

    fileprivate struct Reader {
        var raw: CInt
        var receiver: Receiver
        var onEnd: @Sendable () -> Void
        /// While nothing is taken from the pipe, when to look again.
        var heldUntil: ContinuousClock.Instant?
    }

    fileprivate enum Stage {
        case notStarted
        case running(Poller, wake: CInt)
    }

    fileprivate struct State {
        var stage = Stage.notStarted
        var lastID: ID = 0
        var readers: [ID: Reader] = [:]
        /// Of all streams: they share the log.
        var flow = OutputFlow(at: .now)
        /// The stream of which a piece is being handed over to its log.
        var delivering: ID?
        /// Streams that nothing is taken from.
        var held: Set<ID> = []
        /// Streams to be read although nothing announces them.
        var due: Set<ID> = []
        var closing: Set<ID> = []
        /// Called once all that is there now has been handed over.
        var flushing: [ID: [@Sendable () -> Void]] = [:]
    }

    static let shared = OutputPump()
    /// What a pipe holds at most, in bytes.
    private static let mostInPipe = 1 << 20
    /// Taken from one stream before the others have their turn.
    private static let mostInTurn = 128 << 10
    private static let mostInPiece = 16 << 10
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
            state.readers[id] = Reader(raw: raw, receiver: receiver, onEnd: onEnd)
            guard poller.add(raw, id: id) else {
                state.readers[id] = nil
                return nil
            }
            if case .spooledLog = receiver {
                // It may hold what nobody will announce.
                state.due.insert(id)
                nudge(state)
            }
            return id
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

    /// Some of what a stream has handed over is kept.
    private func keep(_ id: ID, cost: Int) {
        state.withLock { state in
            state.flow.keep(cost: cost, of: id, isProgress: state.delivering != id, at: .now)
            // There may be room for any of them.
            if !state.held.isSubset(of: state.due) {
                state.due.formUnion(state.held)
                nudge(state)
            }
        }
    }

    // MARK: The thread

    private func loop(_ poller: Poller, _ wake: CInt) {
        // Streams with more to be read at once.
        var more: Set<ID> = []
        while true {
            for id in poller.wait(more.isEmpty ? untilNextHold() : .zero) {
                if id == OutputPump.wakeID { _ = OwnedFD.read(wake) } else { more.insert(id) }
            }
            let (due, flushing, closing) = state.withLock { state in
                defer { (state.due, state.flushing, state.closing) = ([], [:], []) }
                return (state.due.union(state.expired(at: .now)), state.flushing, state.closing)
            }
            more = more.union(due).filter { take($0, poller) }
            for (id, listeners) in flushing {
                takeAll(id, poller)
                for listener in listeners { listener() }
            }
            for id in closing {
                takeAll(id, poller)
                if let reader = reader(id) { end(id, reader, poller) }
            }
        }
    }

    private func untilNextHold() -> Duration? {
        state.withLock { state in state.held.compactMap { state.readers[$0]?.heldUntil }.min().map { max(.zero, $0 - .now) } }
    }

    private func reader(_ id: ID) -> Reader? { state.withLock { $0.readers[id] } }

    /// Hands over what is there, as far as the log keeps up, up to a turn's share. Whether there may be more to take at once.
    private func take(_ id: ID, _ poller: Poller) -> Bool {
        var rest = OutputPump.mostInTurn
        while rest > 0 {
            guard let (reader, verdict) = state.withLock({ $0.verdict(id, poller) }) else { return false }
            let isForced: Bool
            switch verdict {
            case .take: isForced = false
            case .force: isForced = true
            case .hold: return false
            }
            guard let count = handOver(id, reader, isForced: isForced) else { return false }
            if count == 0 {
                end(id, reader, poller)
                return false
            }
            rest -= count
        }
        return true
    }

    /// Hands over all that is there, whether or not the log keeps up, and no more where someone continues writing.
    private func takeAll(_ id: ID, _ poller: Poller) {
        guard let reader = reader(id) else { return }
        var rest = OutputPump.mostInPipe
        while rest > 0, let count = handOver(id, reader, isForced: false) {
            if count == 0 { return end(id, reader, poller) }
            rest -= count
        }
    }

    /// Hands over a piece of what is there; gives how many bytes, 0 at the end, nil where there is nothing just now.
    private func handOver(_ id: ID, _ reader: Reader, isForced: Bool) -> Int? {
        switch reader.receiver {
        case .datagrams(let take): return take()
        case .messages(let deliver):
            guard let bytes = OwnedFD.read(reader.raw, most: OutputPump.mostInPiece) else { return nil }
            if !bytes.isEmpty { deliver(bytes) }
            return bytes.count
        case .log(let deliver):
            guard let bytes = OwnedFD.read(reader.raw, most: OutputPump.mostInPiece) else { return nil }
            if bytes.isEmpty { return 0 }
            if isForced { deliver(bytes, nil) } else { account(id, bytes) { deliver(bytes, $0) } }
            return bytes.count
        case .spooledLog(let spool, let deliver):
            guard let piece = spool.take(from: reader.raw) else { return nil }
            if piece.bytes.isEmpty { return 0 }
            if isForced {
                deliver(piece.bytes, nil)
                spool.giveUp(piece)
            } else {
                account(id, piece.bytes) { whenKept in
                    deliver(piece.bytes) { end in
                        spool.keep(piece, log: end)
                        whenKept(end)
                    }
                }
            }
            return piece.bytes.count
        }
    }

    /// Hands over bytes, which are under way until they are kept.
    private func account(_ id: ID, _ bytes: [UInt8], _ deliver: (@escaping ProcessCommand.WhenKept) -> Void) {
        let cost = OutputFlow.cost(of: bytes)
        state.withLock { state in
            state.flow.handOver(cost: cost, of: id, at: .now)
            state.delivering = id
        }
        deliver { [self] _ in keep(id, cost: cost) }
        state.withLock { $0.delivering = nil }
    }

    private func end(_ id: ID, _ reader: Reader, _ poller: Poller) {
        poller.remove(reader.raw)
        let listeners = state.withLock { state in
            state.readers[id] = nil
            state.held.remove(id)
            return state.flushing.removeValue(forKey: id) ?? []
        }
        reader.onEnd()
        for listener in listeners { listener() }
        close(reader.raw)
    }
}

extension OutputPump.State {
    /// Streams that have been held for long enough.
    fileprivate func expired(at now: ContinuousClock.Instant) -> [OutputPump.ID] {
        held.filter { id in readers[id]?.heldUntil.map { $0 <= now } ?? false }
    }

    /// What is to be done with a stream, which leaves the poller's list while it is held: a level that nobody lowers would wake the thread for ever.
    fileprivate mutating func verdict(_ id: OutputPump.ID, _ poller: Poller) -> (OutputPump.Reader, OutputFlow.Verdict)? {
        guard var reader = readers[id] else { return nil }
        var verdict = flow.verdict(of: id, at: .now)
        switch (verdict, reader.heldUntil) {
        case (.hold(let instant), nil):
            poller.remove(reader.raw)
            held.insert(id)
            reader.heldUntil = instant
        case (.hold(let instant), _?): reader.heldUntil = instant
        case (.take, _?), (.force, _?):
            if poller.add(reader.raw, id: id) {
                held.remove(id)
                reader.heldUntil = nil
            } else {
                // The kernel has no room for it just now.
                let again = ContinuousClock.now + OutputFlow.patience
                reader.heldUntil = again
                verdict = .hold(until: again)
            }
        case (.take, nil), (.force, nil): break
        }
        readers[id] = reader
        return (reader, verdict)
    }
}

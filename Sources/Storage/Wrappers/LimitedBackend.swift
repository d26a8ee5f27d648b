package import Buckets
package import Files
import Synchronization

/// A backend that is asked by so many calls at once at most, and for so many bytes a second on average. A call that has moved more than its share makes the
/// next ones wait: contents of a few megabytes, as repositories have them, keep near the rate.
package struct LimitedBackend: Backend {
    private let backend: any Backend
    private let places: Places
    private let pace: Pace?

    /// - Parameters:
    ///   - calls: How many at once, at least 1.
    ///   - bytesPerSecond: Of saved and loaded contents together; nil for as many as come.
    package init(_ backend: any Backend, calls: Int, bytesPerSecond: Int64? = nil, clock: any Clock<Duration> = ContinuousClock()) {
        self.backend = backend
        places = Places(calls)
        pace = bytesPerSecond.map { Pace(bytesPerSecond: $0, clock: clock) }
    }

    package var traits: BackendTraits { backend.traits }

    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try await limited { () async throws(StorageError) in try await backend.list(prefix: prefix, onPage: onPage) }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        try await limited { () async throws(StorageError) in try await backend.status(name) }
    }

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        try await limited { [pace] () async throws(StorageError) in
            try await pace?.wait()
            return try await backend.load(name, from: start, length: length) { piece in
                pace?.moved(Int64(piece.count))
                return receive(piece)
            }
        }
    }

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try await limited { [pace] () async throws(StorageError) in
            try await pace?.wait()
            let saved = try await backend.save(object, onProgress: onProgress)
            if saved.isNew { pace?.moved(saved.size) }
            return saved
        }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        try await limited { () async throws(StorageError) in try await backend.remove(names) }
    }

    package func head() async throws(StorageError) -> PublishToken? {
        try await limited { () async throws(StorageError) in try await backend.head() }
    }

    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try await limited { () async throws(StorageError) in try await backend.publish(publication, expecting: expected) }
    }

    package func space() async throws(StorageError) -> StoreSpace? { try await limited { () async throws(StorageError) in try await backend.space() } }

    package func diagnose(scratch: Folder) async -> [StoreCheck] { await backend.diagnose(scratch: scratch) }

    private func limited<Value>(_ call: () async throws(StorageError) -> Value) async throws(StorageError) -> Value {
        try await places.take()
        defer { places.giveBack() }
        return try await call()
    }
}

/// So many may be taken at once; who comes first is first.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var next = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Those that were cancelled before they came to wait.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async throws(StorageError) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    guard state.free == 0 else {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return CheckedContinuation<Bool, Never>?.none
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: false)
        }
        // Cancelled after the place was taken: nobody will ask for it.
        state.withLock { _ = $0.cancelled.remove(number) }
        if !isTaken { throw StorageError(.cancelled, "cancelled") }
    }

    func giveBack() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return CheckedContinuation<Bool, Never>?.none
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}

/// Bytes for which no time has passed yet are waited for before the next are moved.
private final class Pace: Sendable {
    private let bytesPerSecond: Int64
    private let clock: any Clock<Duration>
    private let debt = Mutex<Int64>(0)

    init(bytesPerSecond: Int64, clock: any Clock<Duration>) { (self.bytesPerSecond, self.clock) = (max(1, bytesPerSecond), clock) }

    func moved(_ bytes: Int64) { debt.withLock { $0 += bytes } }

    func wait() async throws(StorageError) {
        let owed = debt.withLock { debt in
            defer { debt = 0 }
            return debt
        }
        guard owed > 0 else { return }
        do { try await clock.sleep(for: .seconds(Double(owed) / Double(bytesPerSecond))) } catch { throw StorageError(.cancelled, "cancelled") }
    }
}

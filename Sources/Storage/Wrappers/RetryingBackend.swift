package import Buckets
package import Files
import Synchronization

/// A backend whose calls are tried again while the errors pass: `unavailable` after the next of its waits, `limited` after the wait that is asked for, up to
/// a bound. Every verb of a backend may be called again, so nothing is done twice. Backends that send requests try each of them again themselves; this is
/// for what they let through, and for those that don't.
package struct RetryingBackend: Backend {
    private let backend: any Backend
    private let waits: [Duration]
    private let longest: Duration
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - waits: Before the second try and those after it; their number is that of the tries after the first.
    ///   - longest: The longest wait that a service may ask for; what asks for more is thrown at once.
    package init(_ backend: any Backend, waits: [Duration], longest: Duration = .seconds(60), clock: any Clock<Duration> = ContinuousClock()) {
        (self.backend, self.waits, self.longest, self.clock) = (backend, waits, longest, clock)
    }

    package var traits: BackendTraits { backend.traits }

    /// Tried again until the first page has come: pages that were given can't be taken back.
    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        let hasGiven = Mutex(false)
        try await trying(while: { !hasGiven.withLock { $0 } }) { () async throws(StorageError) in
            try await backend.list(prefix: prefix) { page in
                hasGiven.withLock { $0 = true }
                onPage(page)
            }
        }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        try await trying { () async throws(StorageError) in try await backend.status(name) }
    }

    /// Continues where the last try has ended, and counts a try that has brought something as the first.
    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        let given = Mutex((count: Int64(0), isRefused: false))
        while true {
            let before = given.withLock { $0.count }
            do throws(StorageError) {
                return try await trying(while: { given.withLock { $0.count == before && !$0.isRefused } }) { () async throws(StorageError) in
                    try await backend.load(name, from: start + before, length: length.map { $0 - before }) { piece in
                        let isTaken = receive(piece)
                        given.withLock { isTaken ? $0.count += Int64(piece.count) : ($0.isRefused = true) }
                        return isTaken
                    }
                }.map { before + $0 }
            } catch {
                let (count, isRefused) = given.withLock { $0 }
                guard let first = waits.first, error.isPassing, !isRefused, count > before else { throw error }
                try await wait(first, error)
            }
        }
    }

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try await trying { () async throws(StorageError) in try await backend.save(object, onProgress: onProgress) }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        try await trying { () async throws(StorageError) in try await backend.remove(names) }
    }

    package func head() async throws(StorageError) -> PublishToken? {
        try await trying { () async throws(StorageError) in try await backend.head() }
    }

    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try await trying { () async throws(StorageError) in try await backend.publish(publication, expecting: expected) }
    }

    package func space() async throws(StorageError) -> StoreSpace? { try await trying { () async throws(StorageError) in try await backend.space() } }

    package func diagnose(scratch: Folder) async -> [StoreCheck] { await backend.diagnose(scratch: scratch) }

    // MARK: Trying

    private func trying<Value>(
        while mayRepeat: () -> Bool = { true }, _ call: () async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        for next in waits {
            do throws(StorageError) { return try await call() } catch {
                guard error.isPassing, mayRepeat() else { throw error }
                try await wait(next, error)
            }
        }
        return try await call()
    }

    private func wait(_ length: Duration, _ error: StorageError) async throws(StorageError) {
        var length = length
        if case .limited(let asked) = error.kind {
            guard asked <= longest else { throw error }
            length = max(length, asked)
        }
        do { try await clock.sleep(for: length) } catch { throw StorageError(.cancelled, "cancelled") }
    }
}

package import Buckets
package import Files
package import Storage
import Synchronization

/// A backend of which one call fails, in one of the ways in which calls fail.
package final class FaultyBackend: Backend {
    package enum Fault: String, CaseIterable, Sendable {
        /// Nothing is done, and the service can't be reached.
        case before
        /// It is done, and the answer is lost.
        case after
        /// Of a content the first half comes, of a list the first half of a page, of names the first half is removed; other calls fail before.
        case half
        /// A publication is refused as that of a slower writer; other calls fail before.
        case stale
        /// The service asks for a wait of two seconds.
        case limited
    }

    private struct State {
        var calls = 0
        var fired: String?
    }

    private let backend: any Backend
    private let fault: Fault
    private let failing: Range<Int>
    private let state = Mutex(State())

    /// - Parameters:
    ///   - call: Which call fails, from 0 on.
    ///   - times: How many in a row.
    package init(_ backend: any Backend, _ fault: Fault, at call: Int, times: Int = 1) {
        (self.backend, self.fault, failing) = (backend, fault, call..<(call + times))
    }

    /// The verb that failed last; nil where none has: then all calls of a procedure have been tried.
    package var fired: String? { state.withLock { $0.fired } }
    package var traits: BackendTraits { backend.traits }

    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try await call("list") { () async throws(StorageError) in
            try await self.backend.list(prefix: prefix, onPage: onPage)
        } half: { () async throws(StorageError) in
            try await self.backend.list(prefix: prefix) { if $0.count > 1 { onPage(Array($0.prefix($0.count / 2))) } }
        }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        try await call("status") { () async throws(StorageError) in try await self.backend.status(name) }
    }

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        try await call("load") { () async throws(StorageError) in
            try await self.backend.load(name, from: start, length: length, receive: receive)
        } half: { () async throws(StorageError) in
            guard let size = try await self.backend.status(name)?.size, size > start else { return }
            _ = try await self.backend.load(name, from: start, length: min(length ?? .max, size - start) / 2, receive: receive)
        }
    }

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try await call("save") { () async throws(StorageError) in try await self.backend.save(object, onProgress: onProgress) }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        try await call("remove") { () async throws(StorageError) in
            try await self.backend.remove(names)
        } half: { () async throws(StorageError) in
            try await self.backend.remove(Array(names.prefix(names.count / 2)))
        }
    }

    package func head() async throws(StorageError) -> PublishToken? {
        try await call("head") { () async throws(StorageError) in try await self.backend.head() }
    }

    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try await call("publish") { () async throws(StorageError) in try await self.backend.publish(publication, expecting: expected) }
    }

    package func space() async throws(StorageError) -> StoreSpace? {
        try await call("space") { () async throws(StorageError) in try await self.backend.space() }
    }

    package func diagnose(scratch: Folder) async -> [StoreCheck] { await backend.diagnose(scratch: scratch) }

    private func call<Value>(
        _ verb: String, _ work: () async throws(StorageError) -> Value, half: () async throws(StorageError) -> Void = {}
    ) async throws(StorageError) -> Value {
        let fails = state.withLock { state in
            defer { state.calls += 1 }
            guard failing.contains(state.calls) else { return false }
            state.fired = verb
            return true
        }
        guard fails else { return try await work() }
        switch fault {
        case .before: break
        case .after: _ = try await work()
        case .half: try await half()
        case .stale where verb == "publish": throw .stale("another client was faster")
        case .stale: break
        case .limited: throw StorageError(.limited(for: .seconds(2)), "too much at once")
        }
        throw .unavailable("503")
    }
}

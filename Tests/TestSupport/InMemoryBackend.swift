package import Buckets
import Crypto
package import Files
package import Storage
import Synchronization

/// A backend that forgets with the test; with commits or without.
package final class InMemoryBackend: Backend {
    fileprivate struct State {
        var objects: [String: [UInt8]] = [:]
        /// Contents that no commit names yet, by their digest.
        var contents: [String: [UInt8]] = [:]
        /// Publications and other commits so far.
        var count = 0
        var head: PublishToken?
        var last: (id: String, previous: PublishToken?)?
    }

    private static let pageSize = 1000
    private static let pieceSize = 1 << 20

    private let state = Mutex(State())
    private let appearance: BackendTraits.Appearance

    package init(_ appearance: BackendTraits.Appearance = .whenSaved) { self.appearance = appearance }

    package var traits: BackendTraits { BackendTraits(appearance, removal: .atOnce) }

    /// The names of all objects, in order.
    package var names: [String] { state.withLock { $0.objects.keys.sorted() } }

    /// Changes bytes of an object, as a bad disk does.
    package func damage(_ name: String) { state.withLock { $0.objects[name]?[0] ^= 1 } }

    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try checkCancelled()
        let found = state.withLock { state in
            state.objects.filter { $0.key.hasPrefix(prefix) }.map { StoredObject(name: $0.key, size: Int64($0.value.count)) }
        }
        for start in stride(from: 0, to: found.count, by: InMemoryBackend.pageSize) {
            onPage(Array(found[start..<min(found.count, start + InMemoryBackend.pageSize)]))
        }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        try checkCancelled()
        return state.withLock { $0.objects[name].map { StoredObject(name: name, size: Int64($0.count)) } }
    }

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        try checkCancelled()
        guard let bytes = state.withLock({ $0.objects[name] }) else { return nil }
        var rest = bytes.dropFirst(Int(start)).prefix(Int(min(length ?? .max, Int64(bytes.count))))
        let count = Int64(rest.count)
        while !rest.isEmpty {
            guard receive(Array(rest.prefix(InMemoryBackend.pieceSize))) else { throw .unavailable("reading \(name) was given up") }
            rest = rest.dropFirst(InMemoryBackend.pieceSize)
        }
        return count
    }

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try checkCancelled()
        try BackendName.check(object.name)
        let bytes = try InMemoryBackend.bytes(of: object)
        onProgress?(Int64(bytes.count), Int64(bytes.count))
        let digest = SHA256.hash(data: bytes).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        return state.withLock { state in
            if let there = state.objects[object.name] { return SavedObject(name: object.name, size: Int64(there.count), isNew: false) }
            if appearance == .whenSaved { state.objects[object.name] = bytes } else { state.contents[digest] = bytes }
            return SavedObject(name: object.name, size: Int64(bytes.count), isNew: true, sha256: digest)
        }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        try checkCancelled()
        for name in names { try BackendName.check(name) }
        state.withLock { state in
            let there = names.filter { state.objects.removeValue(forKey: $0) != nil }
            if appearance == .whenPublished, !there.isEmpty { state.move("removal", state.head) }
        }
    }

    package func head() async throws(StorageError) -> PublishToken? {
        try checkCancelled()
        return state.withLock { $0.head }
    }

    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try checkCancelled()
        var new: [(name: String, bytes: [UInt8])] = []
        for name in publication.saved.map(\.name) + publication.removed { try BackendName.check(name) }
        for object in publication.objects {
            try BackendName.check(object.name)
            new.append((object.name, try InMemoryBackend.bytes(of: object)))
        }
        let result: Result<PublishToken, StorageError> = state.withLock { state in
            if let head = state.head, let last = state.last, last.id == publication.id, last.previous == expected { return .success(head) }
            guard state.head == expected else { return .failure(.stale("another client was faster")) }
            if appearance == .whenPublished {
                for saved in publication.saved where saved.isNew {
                    guard let digest = saved.sha256, let content = state.contents[digest] else { return .failure(.refused("\(saved.name) was not saved here")) }
                    if state.objects[saved.name] == nil { state.objects[saved.name] = content }
                }
            }
            for (name, bytes) in new where state.objects[name] == nil { state.objects[name] = bytes }
            for name in publication.removed { state.objects[name] = nil }
            return .success(state.move(publication.id, expected))
        }
        return try result.get()
    }

    package func space() async throws(StorageError) -> StoreSpace? {
        state.withLock { StoreSpace(used: $0.objects.values.reduce(0) { $0 + Int64($1.count) }) }
    }

    package func diagnose(scratch: Folder) async -> [StoreCheck] { [StoreCheck("memory", .ok, "it is there")] }

    private static func bytes(of object: NewObject) throws(StorageError) -> [UInt8] {
        do throws(FileError) {
            let content = try object.opened()
            return try content.read(Int(content.size), at: 0)
        } catch {
            throw StorageError(error)
        }
    }

    private func checkCancelled() throws(StorageError) {
        if Task.isCancelled { throw StorageError(.cancelled, "cancelled") }
    }
}

extension InMemoryBackend.State {
    @discardableResult
    fileprivate mutating func move(_ id: String, _ previous: PublishToken?) -> PublishToken {
        count += 1
        last = (id, previous)
        let token = PublishToken("\(count)-\(id)")
        head = token
        return token
    }
}

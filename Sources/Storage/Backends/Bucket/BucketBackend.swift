package import Buckets
import Files
import Foundation
import HTTPClient
import Synchronization

/// A backend in a bucket. Every call suspends for the network; a list costs one request for 1000 objects.
///
/// What was published is a small object below `.shipkeeper/heads/`, numbered one by one and put only where that number is free, so that of two writers one
/// wins with every service that knows no more than "only if new". Older ones stay for a while, so that nobody who comes late finds a number free again.
package struct BucketBackend: Backend {
    static let heads = ".shipkeeper/heads/"
    private static let digits = 10
    /// Records of publications stay while they are so many, or for so long, in seconds.
    private static let (keptHeads, keptSeconds) = (100, 86_400.0)

    let bucket: any ReadableBucket
    let name: String
    /// In front of every key; empty, or with a slash at its end.
    let prefix: String

    /// - Parameters:
    ///   - name: What the bucket is called in messages.
    ///   - prefix: In front of every key; empty, or with a slash at its end.
    package init(_ bucket: any ReadableBucket, name: String, prefix: String) { (self.bucket, self.name, self.prefix) = (bucket, name, prefix) }

    package var traits: BackendTraits { BackendTraits(.whenSaved, removal: .atOnce) }

    // MARK: Reading

    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try await bucket.list(prefix: self.prefix + prefix) { page in
            let objects = page.compactMap { StoredObject($0, below: self.prefix) }.filter { !$0.name.hasPrefix(BucketBackend.heads) }
            if !objects.isEmpty { onPage(objects) }
        }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? {
        guard !name.isEmpty, let head = try await bucket.head(prefix + name) else { return nil }
        return StoredObject(BucketObject(prefix + name, head), below: prefix)
    }

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        guard (try? BackendName.check(name)) != nil else { return nil }
        if length == 0 { return try await status(name).map { _ in 0 } }
        let stretch = Stretch(from: start, length: length, receive)
        do throws(StorageError) {
            guard try await bucket.read(prefix + name, from: start, length: length, onBody: { stretch.take($0, $1) }) != nil else { return nil }
        } catch {
            // Where a service sends everything, it is stopped once there is enough.
            guard stretch.isWhole else { throw error }
        }
        return stretch.count
    }

    // MARK: Changing

    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try BackendName.check(object.name)
        let content = try await DedicatedThread.run { _ throws(StorageError) in
            do throws(FileError) { return try object.opened() } catch { throw StorageError(error) }
        }
        let body: HTTPBody
        switch object.content {
        case .bytes(let bytes): body = .bytes(bytes)
        case .file: body = .stream(HTTPBodyStream(length: content.size) { offset, most in try? content.read(most, at: offset) })
        }
        let type = object.name.hasSuffix(".json") ? "application/json" : "application/octet-stream"
        let upload = BucketUpload(key: prefix + object.name, body: body, headers: [("Content-Type", type)], onProgress: onProgress)
        if try await putNew(upload) { return SavedObject(name: object.name, size: content.size, isNew: true) }
        guard let there = try await status(object.name) else { throw .unavailable("\(object.name) in \(name) is being stored by another client") }
        return SavedObject(name: object.name, size: there.size, isNew: false)
    }

    /// False where something has the key.
    private func putNew(_ upload: BucketUpload) async throws(StorageError) -> Bool {
        do throws(StorageError) {
            try await bucket.putNew(upload)
            return true
        } catch {
            guard error.kind == .stale else { throw error }
            return false
        }
    }

    package func remove(_ names: [String]) async throws(StorageError) {
        for name in names { try BackendName.check(name) }
        if !names.isEmpty { try await bucket.delete(names.map { prefix + $0 }) }
    }

    // MARK: Publishing

    package func head() async throws(StorageError) -> PublishToken? { try await newest(of: try await headObjects())?.token }

    /// Puts the new record, then the objects, and removes records that nobody needs any more.
    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try publication.check()
        let earlier = try await headObjects()
        let step = try PublishRecord.step(publication, over: try await newest(of: earlier), expecting: expected)
        if case .write(let record) = step, try await !putNew(upload(record)) {
            // A try whose answer was lost makes the next one find its own work.
            guard try await self.record(record.number)?.id == record.id else { throw .stale("another client has stored in \(name) at the same time") }
        }
        for object in publication.objects { _ = try await save(object) }
        try await remove(publication.removed)
        let newest = earlier.compactMap(\.object.modified).max() ?? .distantPast
        let old = earlier.dropLast(BucketBackend.keptHeads).filter {
            newest.timeIntervalSince($0.object.modified ?? newest) > BucketBackend.keptSeconds
        }
        if !old.isEmpty { try await bucket.delete(old.map { prefix + $0.object.name }) }
        return step.record.token
    }

    private func upload(_ record: PublishRecord) -> BucketUpload {
        BucketUpload(key: prefix + BucketBackend.key(record.number), body: .bytes(record.bytes), headers: [("Content-Type", "application/json")])
    }

    private static func key(_ number: Int) -> String {
        let text = String(number)
        return heads + String(repeating: "0", count: max(0, digits - text.count)) + text + ".json"
    }

    /// In order.
    private func headObjects() async throws(StorageError) -> [(number: Int, object: StoredObject)] {
        let objects = try await bucket.list(prefix: prefix + BucketBackend.heads).compactMap { StoredObject($0, below: prefix) }
        return objects.compactMap { object in
            Int(object.name.dropFirst(BucketBackend.heads.count).dropLast(".json".count)).flatMap { number in
                number > 0 && BucketBackend.key(number) == object.name ? (number: number, object: object) : nil
            }
        }.sorted { $0.number < $1.number }
    }

    private func newest(of heads: [(number: Int, object: StoredObject)]) async throws(StorageError) -> PublishRecord? {
        guard let number = heads.last?.number else { return nil }
        guard let record = try await record(number) else { throw .unavailable("\(BucketBackend.key(number)) was there a moment ago, and is gone") }
        return record
    }

    private func record(_ number: Int) async throws(StorageError) -> PublishRecord? {
        let key = BucketBackend.key(number)
        guard let answer = try await bucket.get(prefix + key) else { return nil }
        guard let record = PublishRecord(answer.body), record.number == number else { throw .damaged("\(key) in \(name) is not what shipkeeper has put there") }
        return record
    }
}

/// The part of an answer that was asked for, whether the service sends that or everything.
final class Stretch: Sendable {
    private struct State {
        var isBegun = false
        /// What is before it in the answer.
        var skipped: Int64
        var count: Int64 = 0
    }

    private static let pieceSize = 1 << 20

    private let start: Int64
    private let length: Int64?
    private let receive: @Sendable ([UInt8]) -> Bool
    private let state: Mutex<State>

    init(from start: Int64, length: Int64?, _ receive: @escaping @Sendable ([UInt8]) -> Bool) {
        (self.start, self.length, self.receive) = (start, length, receive)
        state = Mutex(State(skipped: start))
    }

    var count: Int64 { state.withLock { $0.count } }
    /// Whether all has come that was asked for.
    var isWhole: Bool { length.map { count >= $0 } ?? false }

    /// Takes a piece of an answer; false ends it.
    func take(_ head: HTTPResponse, _ piece: [UInt8]) -> Bool {
        guard head.status == 200 || head.status == 206 else { return true }
        return state.withLock { state in
            if !state.isBegun {
                state.isBegun = true
                if head.status == 206 {
                    guard head.continues(at: start) else { return false }
                    state.skipped = 0
                }
            }
            let before = min(state.skipped, Int64(piece.count))
            state.skipped -= before
            var rest = piece.dropFirst(Int(before))
            if let length { rest = rest.prefix(Int(min(Int64(rest.count), length - state.count))) }
            while !rest.isEmpty {
                let next = Array(rest.prefix(Stretch.pieceSize))
                guard receive(next) else { return false }
                state.count += Int64(next.count)
                rest = rest.dropFirst(next.count)
            }
            // A whole object that is sent anyway is ended here.
            return head.status == 206 || length.map { state.count < $0 } ?? true
        }
    }
}

extension StoredObject {
    /// The object by its name below a prefix; nil where it is not there.
    init?(_ object: BucketObject, below prefix: String) {
        guard object.key.utf8.starts(with: prefix.utf8) else { return nil }
        let name = String(decoding: object.key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        self.init(name: name, size: object.size, mark: "\(object.tag).\(object.size)", modified: object.modified)
    }
}

extension BucketObject {
    /// From the headers of an answer.
    init(_ key: String, _ head: HTTPResponse) {
        self.init(
            key: key, size: head.header("Content-Length").flatMap { Int64($0) } ?? 0, tag: head.header("ETag") ?? "",
            modified: head.header("Last-Modified").flatMap { HTTPDate.parse($0) })
    }
}

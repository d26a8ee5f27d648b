import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import Synchronization
import TestSupport
import Testing

/// What an examination leaves in a bucket.
@Suite("the examination of a bucket")
struct BucketDoctorTests {
    @Test("leaves nothing, whichever call fails and whether or not it was carried out", .limited, arguments: [false, true])
    func traces(isCarriedOut: Bool) async throws {
        let folder = TemporaryFolder()
        for number in 0..<20 {
            let bucket = FaultyBucket(failing: number, isCarriedOut: isCarriedOut)
            let checks = try await ManifestStore(BucketBackend(bucket, name: "b", prefix: "p/"), name: "b", clock: ImpatientClock()).diagnose(
                scratch: Folder.open(folder.path))
            let state = bucket.state
            guard state.calls > number else {
                #expect(number > 4 && checks.allSatisfy { $0.verdict == .ok }, "\(checks)")
                return
            }
            let failed = checks.filter { $0.verdict == .failed }
            if state.failed == "delete", !isCarriedOut {
                #expect(failed.count == 1 && failed[0].name == "delete" && failed[0].hint?.contains("p/doctor-") == true, "\(checks)")
            } else {
                #expect(state.objects.isEmpty, "call \(number), \(state.failed), left \(state.objects)")
                #expect(failed.count == (state.failed == "isPublic" ? 0 : 1), "\(state.failed): \(checks)")
            }
        }
        Issue.record("it has no end")
    }

    @Test("sizes that no bucket has are no reason to stop", .limited)
    func sizes() async throws {
        let objects = ["a", "b"].map { "<Contents><Key>\($0)</Key><Size>\(Int64.max)</Size></Contents>" }.joined()
        let listing = "<ListBucketResult><IsTruncated>false</IsTruncated>\(objects)</ListBucketResult>"
        func bucket(_ text: String) throws -> BucketClient {
            let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: "http://127.0.0.1:9"))
            var patience = BucketTimeouts()
            patience.clock = ImpatientClock()
            let answer = HTTPResponse(status: 200, body: Array(text.utf8))
            return BucketClient(
                address, credentials: BucketCredentials(id: "a", secret: "b"), http: CannedTransport { _ in answer }, patience: patience, now: { Date() })
        }
        #expect(try await ManifestStore(BucketBackend(bucket(listing), name: "b", prefix: ""), name: "b", clock: ImpatientClock()).space()?.used == .max)
        await #expect(throws: StorageError.self) { try await bucket(listing.replacing("\(Int64.max)", with: "-1")).list(prefix: "") }
    }
}

/// Objects in memory; one of the calls fails, before or after it is carried out.
private final class FaultyBucket: ReadableBucket {
    struct State {
        var objects: [String: [UInt8]] = [:]
        var calls = 0
        /// Which call failed.
        var failed = ""
    }

    private let all = Mutex(State())
    private let failing: Int
    private let isCarriedOut: Bool

    init(failing: Int, isCarriedOut: Bool) { (self.failing, self.isCarriedOut) = (failing, isCarriedOut) }

    var state: State { all.withLock { $0 } }

    private func call<Value: Sendable>(_ name: String, _ work: @Sendable (inout [String: [UInt8]]) -> Result<Value, StorageError>) throws(StorageError) -> Value
    {
        let result: Result<Value, StorageError> = all.withLock { state in
            defer { state.calls += 1 }
            guard state.calls == failing else { return work(&state.objects) }
            state.failed = name
            if isCarriedOut { _ = work(&state.objects) }
            return .failure(.unavailable("503"))
        }
        return try result.get()
    }

    func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        try call("list") { objects in .success(objects.keys.filter { $0.hasPrefix(prefix) }.sorted().map { BucketObject(key: $0, size: 1) }) }
    }

    func put(_ upload: BucketUpload) async throws(StorageError) {
        try call("put") { objects in
            if case .bytes(let bytes) = upload.body { objects[upload.key] = bytes }
            return .success(())
        }
    }

    func putNew(_ upload: BucketUpload) async throws(StorageError) {
        try call("putNew") { objects in objects[upload.key] == nil ? .success(()) : .failure(.stale("there already")) }
    }

    func get(_ key: String) async throws(StorageError) -> HTTPResponse? {
        try call("get") { objects in .success(objects[key].map { HTTPResponse(status: 200, body: $0) }) }
    }

    func head(_ key: String) async throws(StorageError) -> HTTPResponse? {
        try call("head") { objects in .success(objects[key].map { _ in HTTPResponse(status: 200) }) }
    }

    func list(prefix: String, onPage: ([BucketObject]) -> Void) async throws(StorageError) { onPage(try await list(prefix: prefix)) }

    func read(_ key: String, from start: Int64, length: Int64?, onBody: @escaping HTTPBodyReceiver) async throws(StorageError) -> HTTPResponse? {
        guard let answer = try await get(key) else { return nil }
        _ = onBody(answer, answer.body)
        return answer
    }

    func delete(_ keys: [String]) async throws(StorageError) {
        try call("delete") { objects in
            for key in keys { objects[key] = nil }
            return .success(())
        }
    }

    func isPublic(_ key: String) async -> Bool? { try? call("isPublic") { _ in .success(false) } }
}

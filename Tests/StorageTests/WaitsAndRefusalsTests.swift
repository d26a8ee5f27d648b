import Buckets
import Files
import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("what a store's refusals mean")
struct WaitsAndRefusalsTests {
    enum Kind: String, CaseIterable, Sendable {
        case huggingFace, oss, s3
    }

    private func store(_ kind: Kind, _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws -> any ObjectStore {
        let http = CannedTransport(answer)
        var patience = BucketTimeouts()
        patience.clock = ImpatientClock()
        let keys = BucketCredentials(id: "a", secret: "b")
        switch kind {
        case .huggingFace:
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            return HuggingFace(.init(dataset: "alice/backup", token: "hf_x", endpoint: "http://127.0.0.1:9"), http: http, patience: patience, now: { Date() })
        case .oss:
            let address = try #require(OSSAddress(bucket: "my-store", region: "cn-wuhan-lr", endpoint: "http://127.0.0.1:9"))
            let bucket = BucketClient(address, credentials: keys, http: http, patience: patience, now: { Date() })
            return ManifestStore(BucketBackend(bucket, name: "b", prefix: ""), name: "b", clock: ImpatientClock())
        case .s3:
            let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: "http://127.0.0.1:9"))
            let bucket = BucketClient(address, credentials: keys, http: http, patience: patience, now: { Date() })
            return ManifestStore(BucketBackend(bucket, name: "b", prefix: ""), name: "b", clock: ImpatientClock())
        }
    }

    private func kind(_ store: any ObjectStore) async -> StorageError.Kind? {
        do throws(StorageError) {
            _ = try await store.head()
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("a wait that the service asks for is told as it is, and a long one is not sat out", arguments: Kind.allCases, [429, 503])
    func waits(kind: Kind, status: Int) async throws {
        let asked = Mutex(0)
        for (value, wait) in [("300", 300), ("Fri, 31 Dec 1999 23:59:59 GMT", 600)] {
            asked.withLock { $0 = 0 }
            let store = try store(kind) { _ in
                asked.withLock { $0 += 1 }
                return HTTPResponse(status: status, headers: [("Retry-After", value), ("Date", "Fri, 31 Dec 1999 23:49:59 GMT")])
            }
            // The Hub's come with a second for clocks that count in whole ones.
            #expect(await self.kind(store) == .limited(for: .seconds(kind == .huggingFace ? wait + 1 : wait)))
            #expect(asked.withLock { $0 } == 1)
        }
    }

    @Test("short waits are sat out, up to a bound in all", arguments: Kind.allCases)
    func shortWaits(kind: Kind) async throws {
        let asked = Mutex(0)
        let store = try store(kind) { _ in
            asked.withLock { $0 += 1 }
            return HTTPResponse(status: 429, headers: [("Retry-After", "9")])
        }
        #expect(await self.kind(store) == .limited(for: .seconds(kind == .huggingFace ? 10 : 9)))
        #expect(asked.withLock { $0 } == 4)
    }

    @Test(
        "the Hub's quotas tell how long", .limited,
        arguments: [
            (["RateLimit": "\"api\";r=0;t=189"], 190), (["RateLimit": "\"api\";r=0;t=20, \"pages\";r=0;t=250"], 251),
            (["RateLimit": "\"api\";r=5;t=20, \"resolvers\";r=0;t=250"], 251), (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "77"], 78),
            (["RateLimit": "\"api\";r=7;t=20", "Retry-After": "240"], 241), ([:], nil), (["RateLimit": "\"api\";r=7;t=20"], nil),
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000060"], 61), (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "\(Int.min)"], nil),
            (["RateLimit": "nonsense"], nil), (["RateLimit": "\"api\";r=0;t=\(Int.max)"], 86_401), (["RateLimit": "\"api\";r=0;t=\(Int.min)"], 1),
        ] as [([String: String], Int?)])
    func hubQuotas(headers: [String: String], seconds: Int?) {
        let response = HTTPResponse(status: 429, headers: headers.map { ($0.key, $0.value) })
        #expect(HubErrorMapping.wait(of: response, at: Date(timeIntervalSince1970: 1_790_000_000)) == seconds.map { .seconds($0) })
    }

    /// Every status with every kind of words: only bytes that are known to be wrong are damage.
    @Test("no answer that is not understood is called damage", arguments: Kind.allCases)
    func unknown(kind: Kind) async throws {
        let bodies = ["", "<html>Sign in</html>", "{\"error\": \"what\"}", "<Error><Code>Whatever</Code><Message>x</Message></Error>", "\u{0}\u{1}"]
        for status in [200, 204, 300, 302, 400, 401, 402, 403, 404, 405, 409, 410, 411, 412, 413, 416, 418, 422, 429, 451, 500, 501, 502, 503, 504, 507, 520] {
            for body in bodies {
                let store = try store(kind) { _ in HTTPResponse(status: status, body: Array(body.utf8)) }
                let found = await self.kind(store)
                #expect(found != .damaged && found != nil, "\(status) \(body)")
            }
        }
    }

    @Test("an object that a proxy does not find is not gone", arguments: [Kind.oss, .s3])
    func proxy(kind: Kind) async throws {
        let listing =
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>versions/0000000001.json</Key><Size>2</Size></Contents></ListBucketResult>"
        for (body, isAbsent) in [("<html>404</html>", false), ("", false), ("<Error><Code>NoSuchKey</Code></Error>", true)] {
            let store = try store(kind) { request in
                request.url.contains("list-type") ? HTTPResponse(status: 200, body: Array(listing.utf8)) : HTTPResponse(status: 404, body: Array(body.utf8))
            }
            do throws(StorageError) {
                _ = try await store.head()
                Issue.record("a head without its record")
            } catch {
                #expect(error.kind == .unavailable)
                #expect(error.message.contains("a moment ago") == isAbsent)
            }
        }
    }

    @Test("lengths and numbers that can't be are no more than not told")
    func numbers() throws {
        let folder = TemporaryFolder()
        let told = Mutex<[Int64]>([])
        let sink = DownloadSink(try Folder.make(folder.path).create("f")) { _, total in told.withLock { $0.append(total) } }
        #expect(sink.take(HTTPResponse(status: 200, headers: [("Content-Length", "3")]), [1], from: 0))
        sink.begin()
        let rest = HTTPResponse(status: 206, headers: [("Content-Range", "bytes 1-2/3"), ("Content-Length", "\(Int64.max)")])
        #expect(sink.take(rest, [2, 3], from: 1))
        #expect(told.withLock { $0 } == [3, 3])
        #expect(VersionManifest.number(of: "versions/0000000012.json") == 12)
        #expect(VersionManifest.number(of: "versions/\(Int.max).json") == nil)
    }
}

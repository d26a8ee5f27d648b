import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import Synchronization
import TestSupport
import Testing

/// What every store must do.
@Suite("object stores", .waiting)
struct ObjectStoreContract {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func object(_ name: String, _ text: String, _ folder: TemporaryFolder) throws -> NewObject {
        try folder.write("new/\(name)", text)
        return NewObject(name: name, folder: try Folder.open(folder["new"]), file: RawName(name))
    }

    private func text(_ name: String, _ version: StoreVersion, _ store: any ObjectStore, _ folder: TemporaryFolder) async throws -> String {
        let file = try await store.open(name, at: version, scratch: Folder.open(folder.path))
        return String(decoding: try file.read(1000), as: UTF8.self)
    }

    enum Kind: String, CaseIterable, Sendable {
        case folder, huggingFace, oss, s3
    }

    /// A new, empty store of a kind. What it needs lives as long as the second value does.
    private func store(_ kind: Kind, _ folder: TemporaryFolder) async throws -> (store: any ObjectStore, owner: AnyObject) {
        switch kind {
        case .folder: return (try store(folder), folder)
        case .huggingFace:
            let hub = try StandInHub()
            try await hub.create()
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            let settings = HuggingFace.Settings(dataset: "alice/backup", token: StandInHub.writeToken, endpoint: hub.endpoint, freeSpace: .squash)
            return (HuggingFace(settings, http: hub.http, patience: patience, now: { Date() }), hub.server)
        case .oss, .s3:
            let (bucket, oss) = try bucket(kind)
            return (ManifestStore(BucketBackend(bucket, name: "my-store", prefix: "backups/"), name: "my-store", clock: ImpatientClock()), oss.server)
        }
    }

    @Test(
        "what is on its way is counted within the object, up to all of it", .limited, arguments: Kind.allCases, [250_000, 3_000_000])
    func upload(kind: Kind, size: Int) async throws {
        let folder = TemporaryFolder()
        let (store, owner) = try await store(kind, folder)
        defer { withExtendedLifetime(owner) {} }
        try folder.write("new/small.txt", "0123456789")
        try Shell.run("head -c \(size) /dev/urandom > new/big.tar.gz", folder: folder.path)
        let new = try Folder.open(folder["new"])
        let objects = ["big.tar.gz", "small.txt"].map { NewObject(name: $0, folder: new, file: RawName($0)) }
        let seen = Mutex<[(done: Int64, total: Int64)]>([])
        let version = try await store.commit(objects, expecting: store.head()?.id, at: t, title: "x") { done, total in
            seen.withLock { $0.append((done, total)) }
        }
        let all = seen.withLock { $0 }
        let done = all.map(\.done)
        #expect(done == done.sorted() && Set(all.map(\.total)).count == 1 && done.last == all.last?.total, "\(all)")
        // What a single object holds moves in several steps; a folder on this disk takes a megabyte in one.
        let moving = done.filter { $0 > 0 && $0 < size }
        #expect(kind == .folder && size < 1 << 20 || moving.count >= 2, "\(all)")
        let got = Mutex<[Int64]>([])
        _ = try await store.open("big.tar.gz", at: version, scratch: Folder.open(folder.path)) { done, total in
            if total == Int64(size) { got.withLock { $0.append(done) } }
        }
        if kind != .folder { #expect(got.withLock { $0.last } == Int64(size)) }
    }

    private func bucket(_ kind: Kind) throws -> (bucket: BucketClient, oss: StandInOSS) {
        let oss = try StandInOSS()
        try oss.makeBucket("my-store")
        let keys = BucketCredentials(id: StandInOSS.keyID, secret: StandInOSS.secret)
        var patience = BucketTimeouts()
        patience.clock = ImpatientClock()
        patience.largestAtOnce = 300_000
        patience.partSize = 100_000
        if kind == .s3 {
            let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: oss.endpoint))
            return (BucketClient(address, credentials: keys, http: oss.server.http, patience: patience, now: { Date() }), oss)
        }
        let address = try #require(OSSAddress(bucket: "my-store", region: "cn-wuhan-lr", endpoint: oss.endpoint))
        return (BucketClient(address, credentials: keys, http: oss.server.http, patience: patience, now: { Date() }), oss)
    }

    private func store(_ folder: TemporaryFolder) throws -> LocalFolder {
        try FileManager.default.createDirectory(atPath: folder["store"], withIntermediateDirectories: true)
        return LocalFolder(path: folder["store"])
    }

    private func filled(_ store: any ObjectStore) async throws -> [StoreVersion] { try await store.versions().filter { !$0.objects.isEmpty } }

    @Test("versions appear whole, stay readable, and go when told", arguments: Kind.allCases)
    func versions(kind: Kind) async throws {
        let folder = TemporaryFolder()
        let (store, owner) = try await store(kind, folder)
        defer { withExtendedLifetime(owner) {} }
        let start = try await store.head()
        #expect(start?.objects.isEmpty ?? true)
        let one = try await store.commit([object("a", "a1", folder), object("b", "b1", folder)], expecting: start?.id, at: t)
        let two = try await store.commit([object("a", "a2", folder)], expecting: one.id, at: t + 1)
        let head = try #require(try await store.head())
        #expect(head.id == two.id)
        #expect(head.objects == ["a": 2, "b": 2])
        #expect(try await text("a", one, store, folder) == "a1")
        #expect(try await text("a", two, store, folder) == "a2")
        #expect(try await text("b", head, store, folder) == "b1")
        #expect(try await filled(store).map(\.id) == [two.id, one.id])
        #expect(try await store.remove([one, two], keeping: [two]) == 1)
        let left = try await filled(store)
        #expect(left.count == 1)
        #expect(try await text("a", left[0], store, folder) == "a2")
        if kind == .folder { #expect(folder.read("store/a") == "a2" && folder.read("store/b") == "b1") }
    }

    @Test("a stale view is refused and changes nothing", arguments: Kind.allCases)
    func stale(kind: Kind) async throws {
        let folder = TemporaryFolder()
        let (store, owner) = try await store(kind, folder)
        defer { withExtendedLifetime(owner) {} }
        let start = try await store.head()?.id
        let one = try await store.commit([object("a", "a1", folder)], expecting: start, at: t)
        for wrong in [start, "0123456789012345678901234567890123456789"] {
            await #expect { try await store.commit([object("a", "bad", folder)], expecting: wrong, at: t + 1) } throws: {
                ($0 as? StorageError)?.kind == .stale
            }
        }
        #expect(try await store.head()?.id == one.id)
        #expect(try await text("a", one, store, folder) == "a1")
    }

    @Test("of two writers at once one wins, and the others are told", arguments: Kind.allCases)
    func race(kind: Kind) async throws {
        let folder = TemporaryFolder()
        let (store, owner) = try await store(kind, folder)
        defer { withExtendedLifetime(owner) {} }
        let start = try await store.head()?.id
        let objects = try (0..<8).map { try object("f\($0)", "\($0)", folder) }
        let results = await withTaskGroup(of: Bool.self) { group in
            for (index, object) in objects.enumerated() {
                group.addTask { (try? await store.commit([object], expecting: start, at: Date(timeIntervalSince1970: 1_790_000_000 + Double(index)))) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
        #expect(try await filled(store).count == 1)
    }

    @Test("the examination of a good store finds nothing and leaves no trace", arguments: Kind.allCases)
    func examination(kind: Kind) async throws {
        let folder = TemporaryFolder()
        let (store, owner) = try await store(kind, folder)
        defer { withExtendedLifetime(owner) {} }
        let before = try await store.head()?.id
        #expect(try await store.diagnose(scratch: Folder.open(folder.path)).allSatisfy { $0.verdict == .ok || $0.name == "privacy" })
        #expect(try await store.head()?.id == before)
    }

    @Test("in a bucket, a lost answer is no second writer, a large object comes back whole, and leftovers go", arguments: [Kind.oss, .s3])
    func inBucket(kind: Kind) async throws {
        let folder = TemporaryFolder()
        let (bucket, oss) = try bucket(kind)
        let store = ManifestStore(BucketBackend(bucket, name: "my-store", prefix: ""), name: "my-store", clock: ImpatientClock())
        try await oss.server.tell("faults", "[{\"kind\": \"lost\", \"match\": \"PUT .*versions\"}]")
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        let words = String(repeating: "0123456789", count: 50_000)
        let two = try await store.commit([object("big", words, folder)], expecting: one.id, at: t + 1)
        #expect(two.objects == ["a": 2, "big": 500_000])
        try await oss.server.tell("faults", "[{\"kind\": \"cut\", \"match\": \"GET .*big\", \"times\": 2}]")
        let file = try await store.open("big", at: two, scratch: Folder.open(folder.path))
        #expect(try file.read(600_000).count == 500_000)
        let listed = try await bucket.list(prefix: "objects/")
        #expect(listed.count == 2)
        #expect(try await store.space()?.isPublic == true)
        let three = try await store.commit([object("big", "small", folder)], expecting: two.id, at: t + 2)
        #expect(try await store.remove([one, two], keeping: [three]) == 2)
        #expect(try await bucket.list(prefix: "").count == 3)
        // A store that is damaged says so, and is not taken for an empty one.
        try await bucket.put(BucketUpload(key: "versions/0000000004.json", body: .bytes([1, 2, 3]), headers: []))
        await #expect { try await store.head() } throws: { ($0 as? StorageError)?.kind == .damaged }
    }

    @Test("a folder that is missing is no empty store; one whose link was lost is not empty either")
    func missing() async throws {
        let folder = TemporaryFolder()
        await #expect(throws: StorageError.self) { try await LocalFolder(path: folder["nowhere"]).head() }
        let store = try store(folder)
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        _ = try Shell.run("rm -f store/.shipkeeper/current store/a; echo hello > store/README.md", folder: folder.path)
        #expect(try await store.versions().contains { $0.id == one.id })
    }

    @Test("what is cut short at any step is not visible, and the next commit clears it")
    func cutShort() async throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        _ = try Shell.run("mkdir -p store/.shipkeeper/versions/.half && echo x > store/.shipkeeper/versions/.half/a", folder: folder.path)
        #expect(try await store.versions().map(\.id) == [one.id])
        _ = try await store.commit([object("a", "a2", folder)], expecting: one.id, at: t + 1)
        #expect(!FileManager.default.fileExists(atPath: folder["store/.shipkeeper/versions/.half"]))
    }
}

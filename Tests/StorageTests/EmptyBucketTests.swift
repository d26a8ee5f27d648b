import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// A bucket is `empty` when it holds nothing that looks like a backup.
@Suite("a bucket is empty only when it holds no backup", .waiting)
struct EmptyBucketTests {
    private static let archive = "latest_backup.tar.gz"
    private static let checksum = "latest_backup.sha256"
    private static let t = Date(timeIntervalSince1970: 1_790_000_000)

    enum Dialect: String, CaseIterable, Sendable {
        case oss, s3
    }

    private struct World {
        let oss: StandInOSS
        let bucket: BucketClient
        let folder = TemporaryFolder()

        init(_ dialect: Dialect) throws {
            oss = try StandInOSS()
            try oss.makeBucket("my-store")
            let keys = BucketCredentials(id: StandInOSS.keyID, secret: StandInOSS.secret)
            var patience = BucketTimeouts()
            patience.clock = ImpatientClock()
            switch dialect {
            case .oss:
                let address = try #require(OSSAddress(bucket: "my-store", region: "cn-wuhan-lr", endpoint: oss.endpoint))
                bucket = BucketClient(address, credentials: keys, http: oss.server.http, patience: patience, now: { Date() })
            case .s3:
                let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: oss.endpoint))
                bucket = BucketClient(address, credentials: keys, http: oss.server.http, patience: patience, now: { Date() })
            }
        }

        func store(_ prefix: String) -> ManifestStore {
            ManifestStore(BucketBackend(bucket, name: "my-store/\(prefix)", prefix: prefix), name: "my-store/\(prefix)", clock: ImpatientClock())
        }

        func put(_ key: String, _ text: String) async throws {
            try await bucket.put(BucketUpload(key: key, body: .bytes(Array(text.utf8)), headers: [("Content-Type", "application/octet-stream")]))
        }

        func text(_ name: String, _ version: StoreVersion, _ store: ManifestStore) async throws -> String {
            let file = try await store.open(name, at: version, scratch: Folder.open(folder.path))
            return String(decoding: try file.read(1000), as: UTF8.self)
        }

        func commit(_ text: String, _ store: ManifestStore, expecting head: String?, at seconds: Double = 0) async throws -> StoreVersion {
            let objects = try [(EmptyBucketTests.archive, text), (EmptyBucketTests.checksum, "sum of \(text)")].map { name, text in
                try folder.write("new/\(name)", text)
                return NewObject(name: name, folder: try Folder.open(folder["new"]), file: RawName(name))
            }
            return try await store.commit(objects, expecting: head, at: EmptyBucketTests.t + seconds)
        }
    }

    private static let places = Dialect.allCases.flatMap { dialect in ["", "backups/"].map { (dialect, $0) } }

    @Test("a script's two files are read where they lie, and become history", .limited, arguments: places)
    func plain(dialect: Dialect, prefix: String) async throws {
        let world = try World(dialect)
        let store = world.store(prefix)
        for (key, text) in [(Self.archive, "one"), (Self.checksum, "sum of one")] { try await world.put(prefix + key, text) }
        let one = try #require(try await store.head())
        #expect(one.objects == [Self.archive: 3, Self.checksum: 10])
        #expect(try await world.text(Self.archive, one, store) == "one")
        #expect(try await store.versions().map(\.id) == [one.id])
        await #expect { try await world.commit("two", store, expecting: nil) } throws: { ($0 as? StorageError)?.kind == .stale }
        let two = try await world.commit("two", store, expecting: one.id)
        #expect(try await store.head()?.id == two.id)
        #expect(try await world.text(Self.archive, two, store) == "two")
        let all = try await store.versions()
        #expect(all.count == 2)
        #expect(try await world.text(Self.archive, all[1], store) == "one")
        // The script goes on elsewhere: what it stores is somebody else's backup, and the newest.
        try await world.put(prefix + Self.archive, "three")
        let three = try #require(try await store.head())
        #expect(three.id != two.id)
        #expect(try await world.text(Self.archive, three, store) == "three")
        await #expect { try await world.commit("four", store, expecting: two.id) } throws: { ($0 as? StorageError)?.kind == .stale }
        let four = try await world.commit("four", store, expecting: three.id)
        #expect(try await store.head()?.id == four.id)
        #expect(try await world.text(Self.archive, four, store) == "four")
        #expect(try await store.remove(store.versions(), keeping: [four]) >= 2)
        #expect(try await store.versions().map(\.id) == [four.id])
        // What a script has put there is the script's.
        #expect(try await world.bucket.get(prefix + Self.archive) != nil)
    }

    @Test("a website and other things are none of our business, and stay", .limited, arguments: Dialect.allCases)
    func website(dialect: Dialect) async throws {
        let world = try World(dialect)
        let store = world.store("")
        let site = [
            "index.html", "css/style.css", "2026/how-to-backup/index.html", "img/latest.png", "sitemap.xml.gz", "objects/1/logo.svg", "versions/index.html",
        ]
        for key in site { try await world.put(key, "x") }
        #expect(try await store.head() == nil)
        let one = try await world.commit("one", store, expecting: nil)
        #expect(try await store.head()?.id == one.id)
        let listed = Set(try await world.bucket.list(prefix: "").map(\.key))
        #expect(listed.isSuperset(of: site))
    }

    @Test(
        "what looks like a backup and is not found under its name is named", .limited, arguments: Dialect.allCases,
        [
            "backup/latest_backup.tar.gz", "Latest_Backup.tar.gz", "2026-11-20.tgz", "latest_backup.sha256", "conflict_x.tar.gz",
            ".shipkeeper/versions/1/latest_backup.tar.gz",
        ])
    func named(dialect: Dialect, key: String) async throws {
        let world = try World(dialect)
        try await world.put("index.html", "x")
        try await world.put(key, "one")
        let head = try #require(try await world.store("").head())
        #expect(head.objects == [key: 3])
        // Below another prefix nothing of it is seen.
        #expect(try await world.store("mine/").head() == nil)
    }

    @Test("contents whose records are gone are found by their checksums' side", .limited, arguments: Dialect.allCases)
    func recordsGone(dialect: Dialect) async throws {
        let world = try World(dialect)
        let store = world.store("backups/")
        let one = try await world.commit("one", store, expecting: nil)
        _ = try await world.commit("two", store, expecting: one.id, at: 60)
        let records = try await world.bucket.list(prefix: "backups/versions/").map(\.key)
        try await world.bucket.delete(records)
        let head = try #require(try await store.head())
        #expect(head.objects.keys.sorted() == [Self.checksum, Self.archive])
        let found = try await store.versions()
        #expect(found.count == 2)
        var texts: [String] = []
        for version in found { texts.append(try await world.text(Self.archive, version, store)) }
        #expect(Set(texts) == ["one", "two"])
        let three = try await world.commit("three", store, expecting: head.id, at: 120)
        #expect(try await store.head()?.id == three.id)
        #expect(try await world.text(Self.archive, three, store) == "three")
    }

    @Test("contents without record and checksum are refused; what a commit that was cut short has left is not", .limited)
    func rest() async throws {
        let world = try World(.oss)
        try await world.put("objects/1x/\(Self.checksum)", "sum")
        #expect(try await world.store("").head() == nil)
        try await world.put("objects/2x/\(Self.archive)", "one")
        await #expect { try await world.store("").head() } throws: {
            ($0 as? StorageError)?.kind == .refused && "\($0)".contains("objects/2x/\(Self.archive)")
        }
    }

    @Test("a first backup that is cut short anywhere leaves an empty bucket or its backup", .limited)
    func cutShort() async throws {
        for at in 1...6 {
            let world = try World(.oss)
            let store = world.store("")
            try await world.oss.server.tell("faults", "[{\"kind\": \"403\", \"at\": \(at), \"times\": 1}]")
            let result = try? await world.commit("one", store, expecting: nil)
            try await world.oss.server.tell("faults", "[]")
            let head = try await store.head()
            if let result { #expect(head?.id == result.id) }
            if let head { #expect(try await world.text(Self.archive, head, store) == "one") }
            let next = try await world.commit("next", store, expecting: head?.id, at: 60)
            #expect(try await store.head()?.id == next.id)
        }
    }

    @Test("an unreadable record is damage, not absence", .limited, arguments: ["", "{}", "null", "<html>"])
    func record(text: String) async throws {
        let world = try World(.s3)
        try await world.put("versions/0000000001.json", text)
        await #expect { try await world.store("").head() } throws: { ($0 as? StorageError)?.kind == .damaged }
    }

    @Test("git's pointer in the place of an archive is refused", .limited)
    func pointer() async throws {
        let world = try World(.s3)
        try await world.put(Self.archive, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        let store = world.store("")
        let head = try #require(try await store.head())
        await #expect { try await world.text(Self.archive, head, store) } throws: { ($0 as? StorageError)?.kind == .refused }
    }

    // MARK: Listings that are none

    static let listings = [
        ("", "nothing"), ("<html><body>sign in</body></html>", "a page"), ("<ListBucketResult><IsTruncated>false</IsTruncated>", "cut"),
        ("<ListBucketResult></ListBucketResult>", "it does not say whether it is whole"),
        ("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "no token"),
        ("<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>2</KeyCount></ListBucketResult>", "fewer than announced"),
        ("<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></ListBucketResult>", "no key"),
        ("<Error><Code>InternalError</Code></Error>", "an error that is called a success"),
        ("<ListBuckets><IsTruncated>false</IsTruncated></ListBuckets>", "another answer"), ("{\"objects\": []}", "no XML"),
    ]

    @Test("a listing that is no whole listing is no empty bucket", arguments: listings)
    func listing(text: String, name: String) async throws {
        let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: "http://127.0.0.1:9"))
        var patience = BucketTimeouts()
        patience.clock = ImpatientClock()
        let answer = HTTPResponse(status: 200, body: Array(text.utf8))
        let bucket = BucketClient(
            address, credentials: BucketCredentials(id: "a", secret: "b"), http: CannedTransport { _ in answer }, patience: patience, now: { Date() })
        await #expect { try await ManifestStore(BucketBackend(bucket, name: "b", prefix: ""), name: "b", clock: ImpatientClock()).head() } throws: {
            ($0 as? StorageError)?.kind == .unavailable
        }
    }
}

/// Answers without a server.
struct CannedTransport: HTTPTransport {
    let answer: @Sendable (HTTPRequest) -> HTTPResponse

    init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) { self.answer = answer }

    func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse {
        var response = answer(request)
        if let onBody {
            guard onBody(response, response.body) else { throw .declined }
            response.body = []
        }
        return response
    }

    func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {}
}

import Buckets
import Foundation
import HTTPClient
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("buckets", .waiting)
struct BucketTests {
    enum Dialect: String, CaseIterable, Sendable {
        case oss, s3
    }

    private struct World {
        let oss: StandInOSS

        init() async throws {
            oss = try StandInOSS()
            try oss.makeBucket("my-blog")
        }

        func bucket(
            _ name: String = "my-blog", _ dialect: Dialect = .oss, id: String = StandInOSS.keyID, secret: String = StandInOSS.secret, token: String? = nil,
            region: String? = nil,
            ahead: TimeInterval = 0
        ) throws -> BucketClient {
            var patience = BucketTimeouts()
            patience.clock = ImpatientClock()
            patience.largestAtOnce = 300_000
            patience.partSize = 100_000
            let credentials = BucketCredentials(id: id, secret: secret, token: token)
            let now: @Sendable () -> Date = { Date().addingTimeInterval(ahead) }
            switch dialect {
            case .oss:
                let address = try #require(OSSAddress(bucket: name, region: region ?? "oss-cn-wuhan-lr", endpoint: oss.endpoint))
                return BucketClient(address, credentials: credentials, http: oss.server.http, patience: patience, now: now)
            case .s3:
                let address = try #require(S3Address(bucket: name, region: region ?? "us-east-1", endpoint: oss.endpoint))
                return BucketClient(address, credentials: credentials, http: oss.server.http, patience: patience, now: now)
            }
        }

        func python(_ lines: String) throws -> Shell.Result {
            let head = """
                import alibabacloud_oss_v2 as o, sys
                c = o.config.load_default()
                c.credentials_provider = o.credentials.StaticCredentialsProvider('\(StandInOSS.keyID)', '\(StandInOSS.secret)')
                c.region, c.endpoint = 'cn-wuhan-lr', '\(oss.endpoint)'
                client = o.Client(c)

                """
            let folder = TemporaryFolder()
            try folder.write("x.py", head + lines)
            return try Shell.run("'\(Shell.python)' '\(folder["x.py"])'")
        }
    }

    private static let keys = ["index.html", "posts/你好 世界+100%~ok(1)'!*&=;,@$[]#?:\"<>.html", "a//b/../c/./d.txt", "img/图 1.png", "with\ttab.txt"]

    private func text(_ words: String, _ key: String, type: String = "text/plain; charset=utf-8") -> BucketUpload {
        BucketUpload(key: key, body: .bytes(Array(words.utf8)), headers: [("Content-Type", type), ("Cache-Control", "no-cache")])
    }

    @Test("the stand-in does for the official clients what the service does", .limited)
    func officialClients() throws {
        let oss = try StandInOSS()
        let session = try Shell.run(
            "'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInOSS/official_session.py'", environment: ["OSS_ENDPOINT": oss.endpoint])
        #expect(session.status == 0 && session.output.contains("steps passed"), "\(session.output)\n\(session.errors)")
        let s3 = try Shell.run("'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInOSS/s3_session.py'", environment: ["OSS_ENDPOINT": oss.endpoint])
        #expect(s3.status == 0 && s3.output.contains("7 steps passed"), "\(s3.output)\n\(s3.errors)")
    }

    @Test("objects with odd names go up, are listed, come back and go", .limited, arguments: Dialect.allCases)
    func roundTrip(dialect: Dialect) async throws {
        let world = try await World()
        let bucket = try world.bucket("my-blog", dialect)
        for key in BucketTests.keys { try await bucket.put(text("content of \(key)", key)) }
        let listed = try await bucket.list(prefix: "")
        #expect(Set(listed.map(\.key)) == Set(BucketTests.keys))
        #expect(listed.allSatisfy { $0.md5?.count == 32 && $0.modified != nil })
        for key in BucketTests.keys {
            let got = try #require(try await bucket.get(key))
            #expect(String(decoding: got.body, as: UTF8.self) == "content of \(key)" && got.header("Cache-Control") == "no-cache")
            #expect(try await bucket.head(key)?.header("Content-Type") == "text/plain; charset=utf-8")
        }
        #expect(try await bucket.get("nope") == nil)
        #expect(await bucket.isPublic(BucketTests.keys[0]) == true)
        #expect(try await bucket.head("nope") == nil)
        #expect(try await bucket.list(prefix: "img/").map(\.key) == ["img/图 1.png"])
        try await bucket.delete(BucketTests.keys.dropLast() + ["never was"])
        #expect(try await bucket.list(prefix: "").map(\.key) == [BucketTests.keys[4]])
    }

    @Test("large contents go in parts, and a listing in pages", .limited, arguments: Dialect.allCases)
    func large(dialect: Dialect) async throws {
        let world = try await World()
        let bucket = try world.bucket("my-blog", dialect)
        let content = (0..<1_050_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let stream = HTTPBodyStream(length: Int64(content.count)) { offset, most in Array(content[Int(offset)..<min(content.count, Int(offset) + most)]) }
        try await bucket.put(BucketUpload(key: "video.mp4", body: .stream(stream), headers: [("Content-Type", "video/mp4")]))
        let got = try #require(try await bucket.get("video.mp4"))
        #expect(got.body == content && got.header("Content-Type") == "video/mp4")
        #expect(try await bucket.list(prefix: "").first?.md5 == nil)
        try await world.oss.server.tell("faults", "[{\"kind\": \"403\", \"match\": \"partNumber=2\"}]")
        await #expect(throws: StorageError.self) { try await bucket.put(BucketUpload(key: "video2.mp4", body: .stream(stream), headers: [])) }
        #expect(try await world.oss.server.ask("uploads", as: [String].self).isEmpty, "parts were left behind")
        for index in 0..<2050 { try await bucket.put(text("x", "many/\(index)")) }
        #expect(try await bucket.list(prefix: "many/").count == 2050)
    }

    @Test("we and the official client read each other's objects", .limited)
    func interop() async throws {
        let world = try await World()
        let bucket = try world.bucket()
        let keys = BucketTests.keys.filter { !$0.contains("..") }
        for key in keys { try await bucket.put(text("ours", key)) }
        let names = keys.map { "'\(Data($0.utf8).base64EncodedString())'" }.joined(separator: ", ")
        let theirs = try world.python(
            """
            import base64
            for name in [\(names)]:
                key = base64.b64decode(name).decode()
                assert client.get_object(o.GetObjectRequest(bucket='my-blog', key=key)).body.read() == b'ours', key
                client.put_object(o.PutObjectRequest(bucket='my-blog', key='theirs/' + key, body=b'theirs'))
            """)
        #expect(theirs.status == 0, "\(theirs.errors)")
        for key in keys { #expect(try await bucket.get("theirs/" + key).map { String(decoding: $0.body, as: UTF8.self) } == "theirs") }
    }

    @Test("trouble is told in words that help", .limited)
    func sentences() async throws {
        let world = try await World()
        func trouble(_ bucket: BucketClient) async -> StorageError? {
            do throws(StorageError) { _ = try await bucket.list(prefix: "") } catch { return error }
            return nil
        }
        let cases: [(BucketClient, String)] = [
            (try world.bucket(secret: "wrong"), "the secret or the region is wrong"), (try world.bucket(id: "nobody"), "the access key id is not known"),
            (try world.bucket("not-there"), "there is no bucket not-there in cn-wuhan-lr"),
            (try world.bucket(id: "sts-key-id", secret: "stsSecret", token: "old"), "the session token is not valid any more"),
        ]
        for (bucket, words) in cases {
            let found = await trouble(bucket)
            #expect(found?.message.contains(words) == true && found?.hint != nil, "\(found?.message ?? "none")")
        }
        #expect(await trouble(try world.bucket(id: "sts-key-id\n", secret: " stsSecret", token: "CAIStest+token/==")) == nil)
        #expect(try await world.bucket().head("nope") == nil)
        try await world.oss.server.tell("faults", "[{\"kind\": \"403\", \"match\": \"HEAD\"}]")
        await #expect { try await world.bucket().head("index.html") } throws: { "\($0)".contains("AccessDenied") }
    }

    @Test("what is there already is not written over when that is asked", .limited, arguments: Dialect.allCases)
    func onlyIfNew(dialect: Dialect) async throws {
        let world = try await World()
        let bucket = try world.bucket("my-blog", dialect)
        try await bucket.putNew(text("first", "a.txt"))
        await #expect { try await bucket.putNew(text("second", "a.txt")) } throws: { ($0 as? StorageError)?.kind == .stale }
        #expect(try await bucket.get("a.txt").map { String(decoding: $0.body, as: UTF8.self) } == "first")
    }

    @Test("S3's refusals are told in words that help", .limited)
    func s3Sentences() async throws {
        let world = try await World()
        let cases: [(BucketClient, String)] = [
            (try world.bucket("my-blog", .s3, secret: "wrong"), "the secret is wrong"), (try world.bucket("my-blog", .s3, id: "nobody"), "not known"),
            (try world.bucket("not-there", .s3), "there is no bucket not-there"),
            (try world.bucket("my-blog", .s3, region: "eu-west-1"), "the bucket my-blog is in the region us-east-1"),
            (try world.bucket("my-blog", .s3, id: "sts-key-id", secret: "stsSecret", token: "old"), "the session token is not valid any more"),
        ]
        for (bucket, words) in cases {
            await #expect { try await bucket.list(prefix: "") } throws: { error in
                let error = error as? StorageError
                return error?.message.contains(words) == true && error?.hint != nil
            }
        }
    }

    @Test("website settings are read as the official client wrote them, set, and told apart", .limited)
    func website() async throws {
        let world = try await World()
        let bucket = try world.bucket()
        let usual = BucketWebsite.usual(hasErrorPage: true)
        let found = try #require(try await bucket.website())
        #expect(found.serves(usual))
        let poorer = try world.python(
            "w = o.WebsiteConfiguration(index_document=o.IndexDocument(suffix='index.html'))\nclient.put_bucket_website(o.PutBucketWebsiteRequest(bucket='my-blog', website_configuration=w))\n"
        )
        #expect(poorer.status == 0, "\(poorer.errors)")
        let poor = try await bucket.website()
        #expect(poor?.serves(usual) == false && usual.shortcomings(of: poor).contains("the front page for every folder"))
        #expect(usual.shortcomings(of: nil).contains("not set up as a website"))
        try await bucket.set(usual)
        #expect(try await bucket.website()?.serves(usual) == true)
        let theirs = try world.python(
            "w = client.get_bucket_website(o.GetBucketWebsiteRequest(bucket='my-blog')).website_configuration\nassert w.index_document.support_sub_dir and w.error_document.http_status == 404 and w.error_document.key == '404.html', w\n"
        )
        #expect(theirs.status == 0, "\(theirs.errors)")
    }

    @Test("a clock that is wrong is put right, and bad luck is lived through", .limited, arguments: Dialect.allCases)
    func retries(dialect: Dialect) async throws {
        let world = try await World()
        try await world.bucket("my-blog", dialect, ahead: -1500).put(text("late", "a.txt"))
        try await world.bucket("my-blog", dialect, ahead: 90_000).put(text("early", "b.txt"))
        let bucket = try world.bucket("my-blog", dialect)
        for fault in ["500", "503", "429", "refuse", "lost"] {
            try await world.oss.server.tell("faults", "[{\"kind\": \"\(fault)\", \"times\": 3}]")
            try await bucket.put(text(fault, "c.txt"))
            #expect(try await bucket.get("c.txt").map { String(decoding: $0.body, as: UTF8.self) } == fault)
        }
    }
}

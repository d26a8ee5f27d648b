import Testing

@testable import Buckets

/// The examples in Amazon's own description of the signatures: "Authenticating Requests: Using the Authorization Header".
@Suite("S3 signatures")
struct S3SignerTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var method: String
        var path: String
        var query: [(name: String, value: String?)] = []
        var headers: [(name: String, value: String)] = []
        var payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        var signature: String
    }

    private static let examples = [
        Example(
            testDescription: "part of an object", method: "GET", path: "/test.txt", headers: [("range", "bytes=0-9")],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            testDescription: "an upload", method: "PUT", path: "/test%24file.text",
            headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            testDescription: "a query without a value", method: "GET", path: "/", query: [("lifecycle", nil)],
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            testDescription: "a listing", method: "GET", path: "/", query: [("max-keys", "2"), ("prefix", "J")],
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test("are those of the description", arguments: examples)
    func example(example: Example) {
        let time = "20130524T000000Z"
        let signer = S3Signer(
            credentials: BucketCredentials(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), region: "us-east-1")
        let headers = example.headers + [("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", example.payload), ("x-amz-date", time)]
        let authorization = signer.authorization(
            example.method, path: example.path, query: example.query, headers: headers, payload: example.payload, at: time, key: signer.signingKey(at: time))
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders="))
        #expect(authorization.hasSuffix("Signature=\(example.signature)"), "\(authorization)")
    }

    @Test(
        "addresses put the bucket where the service looks for it",
        arguments: [
            ("store", nil, "https://store.s3.eu-central-1.amazonaws.com/a%20b"), ("my.store", nil, "https://s3.eu-central-1.amazonaws.com/my.store/a%20b"),
            ("store", "https://abc.r2.cloudflarestorage.com", "https://abc.r2.cloudflarestorage.com/store/a%20b"),
            ("store", "http://minio:9000", "http://minio:9000/store/a%20b"),
            ("store", "s3.oss-cn-hangzhou.aliyuncs.com", "https://store.s3.oss-cn-hangzhou.aliyuncs.com/a%20b"),
        ] as [(String, String?, String)])
    func address(bucket: String, endpoint: String?, url: String) {
        #expect(S3Address(bucket: bucket, region: "eu-central-1", endpoint: endpoint)?.url("a b", query: []) == url)
    }

    @Test(
        "without an endpoint it is the region's host, which in China ends otherwise",
        arguments: [
            ("eu-central-1", "store.s3.eu-central-1.amazonaws.com", true), ("cn-north-1", "store.s3.cn-north-1.amazonaws.com.cn", false),
            ("cn-northwest-1", "store.s3.cn-northwest-1.amazonaws.com.cn", false), ("us-gov-west-1", "store.s3.us-gov-west-1.amazonaws.com", true),
        ])
    func region(region: String, host: String, isGlobal: Bool) throws {
        let address = try #require(S3Address(bucket: "store", region: region))
        #expect(address.url("a", query: []) == "https://\(host)/a" && address.host == host && address.isAmazon == isGlobal)
        let dotted = try #require(S3Address(bucket: "my.store", region: region))
        #expect(dotted.url("a", query: []) == "https://\(host.dropFirst("store.".count))/my.store/a")
        #expect(S3Address(bucket: "store", region: region, endpoint: String(host.dropFirst("store.".count))) == address)
    }

    @Test("bucket names", arguments: [("a.b-c1", true), ("ab", false), ("A-bucket", false), (".abc", false), ("a..b", false)])
    func names(name: String, isGood: Bool) { #expect(S3Address.isBucketName(name) == isGood) }
}

import Crypto
import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import Buckets

/// Vectors that four implementations agree on; see `title` and `provenance` in the file.
private struct Vectors: Decodable, Sendable {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        struct Input: Decodable, Sendable {
            var access_key_id: String
            var access_key_secret: String
            var security_token: String?
            var region: String
            var timestamp: String
            var method: String
            var bucket: String?
            var key: String?
            var query: [[String?]]
            var headers: [[String]]
            var additional_headers: [String]
            var presigned: Bool
        }

        struct Expected: Decodable, Sendable {
            var canonical_request: String
            var scope: String
            var string_to_sign: String
            var signing_key_hex: String
            var signature: String
            var authorization: String?
            var url: String?
            var host: String?
            var encoded_path: String?
        }

        var name: String
        var input: Input
        var expected: Expected
        var testDescription: String { name }

        var signable: OSSSignable {
            OSSSignable(
                method: input.method, bucket: input.bucket, key: input.key, query: input.query.map { ($0[0] ?? "", $0[1]) },
                headers: input.headers.map { ($0[0], $0[1]) }, additional: input.additional_headers)
        }

        var signer: OSSSigner {
            OSSSigner(
                credentials: BucketCredentials(id: input.access_key_id, secret: input.access_key_secret, token: input.security_token), region: input.region)
        }
    }

    struct CheckSum: Decodable, Sendable {
        struct Repeat: Decodable, Sendable {
            var byte: UInt8
            var count: Int
        }

        var name: String
        var decimal: String
        var text: String?
        var hex_body: String?
        var `repeat`: Repeat?

        var bytes: [UInt8] {
            if let text { return Array(text.utf8) }
            if let hex = hex_body {
                return stride(from: 0, to: hex.count, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16) ?? 0 }
            }
            return self.repeat.map { [UInt8](repeating: $0.byte, count: $0.count) } ?? []
        }
    }

    var v4: [Vector]
    var crc64: [CheckSum]

    static let all: Vectors = {
        let file = SourceTree.root + "/Tests/TestSupport/Vectors/oss-v4.json"
        guard let data = FileManager.default.contents(atPath: file), let vectors = try? JSONDecoder().decode(Vectors.self, from: data) else {
            return Vectors(v4: [], crc64: [])
        }
        return vectors
    }()
}

@Suite("Aliyun OSS signatures")
struct OSSSignerTests {
    @Test("all vectors are there")
    func count() { #expect(Vectors.all.v4.count == 36 && Vectors.all.crc64.count >= 8) }

    @Test("canonical request, string to sign, key, signature and header are those of the vector", arguments: Vectors.all.v4)
    fileprivate func vector(_ vector: Vectors.Vector) {
        let (signer, request, time) = (vector.signer, vector.signable, vector.input.timestamp)
        #expect(OSSSigner.canonicalRequest(request) == vector.expected.canonical_request)
        #expect(signer.scope(time) == vector.expected.scope)
        #expect(signer.stringToSign(request, at: time) == vector.expected.string_to_sign)
        let key = unsafe signer.signingKey(at: time).withUnsafeBytes { unsafe Array($0) }
        #expect(key.hex == vector.expected.signing_key_hex)
        #expect(signer.signature(request, at: time) == vector.expected.signature)
        if let authorization = vector.expected.authorization { #expect(signer.authorization(request, at: time) == authorization) }
    }

    @Test("addresses are those of the vector", arguments: Vectors.all.v4.filter { $0.expected.url != nil && $0.input.bucket != nil })
    fileprivate func address(_ vector: Vectors.Vector) throws {
        let host = try #require(vector.expected.host)
        let kind: OSSAddress.Host =
            host.contains("accelerate") ? .accelerate : host == "blog.example.com" ? .cname : host.contains("-internal") ? .internal : .public
        let isNamed = host == "blog.example.com" || host.contains(":")
        let address = try #require(
            OSSAddress(
                bucket: vector.input.bucket ?? "", region: vector.input.region, host: kind,
                endpoint: isNamed ? (host.contains(":") ? "http://\(host)" : host) : nil))
        var query = vector.input.query.map { ($0[0] ?? "", $0[1]) }
        if vector.input.presigned { query.append(("x-oss-signature", vector.expected.signature)) }
        let url = address.url(vector.input.key, query: query)
        // A name without a value may be sent with or without the sign.
        #expect(
            url == vector.expected.url || url.replacing("=&", with: "&") == vector.expected.url?.replacing("=&", with: "&") || url + "=" == vector.expected.url)
    }

    @Test(
        "regions in any spelling",
        arguments: [
            ("cn-wuhan-lr", "cn-wuhan-lr", false), ("oss-cn-wuhan-lr", "cn-wuhan-lr", false), (" oss-cn-wuhan-lr.aliyuncs.com/\n", "cn-wuhan-lr", false),
            ("https://my-blog.oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou", false), ("oss-cn-hangzhou-internal.aliyuncs.com", "cn-hangzhou", true),
            ("cn-hangzhou.oss.aliyuncs.com", "cn-hangzhou", false), ("http://oss-us-west-1.aliyuncs.com", "us-west-1", false),
        ])
    func regions(text: String, region: String, isInternal: Bool) throws {
        let found = try #require(OSSAddress.normalized(text))
        #expect(found == (region, isInternal))
    }

    @Test("what is no region is none", arguments: ["", "  ", "oss-", "CN-Hangzhou", "a b", "武汉"])
    func noRegion(text: String) { #expect(OSSAddress.normalized(text) == nil) }

    @Test("check sums are those that the service keeps", arguments: 0..<8)
    func checkSums(index: Int) throws {
        let vector = Vectors.all.crc64[index]
        var whole = CRC64()
        whole.update(vector.bytes)
        #expect("\(whole.value)" == vector.decimal, "\(vector.name)")
        var pieces = CRC64()
        for start in stride(from: 0, to: vector.bytes.count, by: 7) { pieces.update(Array(vector.bytes[start..<min(start + 7, vector.bytes.count)])) }
        #expect(pieces.value == whole.value)
    }

    @Test("percent-encoding and back")
    func percent() {
        let text = "a/b c+d%e~你好"
        #expect(PercentEncoding.encode(text) == "a%2Fb%20c%2Bd%25e~%E4%BD%A0%E5%A5%BD")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
        #expect(PercentEncoding.decode("a+b") == "a b" && PercentEncoding.decode("%zz") == nil && PercentEncoding.decode("%2") == nil)
        for bad in ["%", "%+f", "%-1", "% 1", "%f+", "a%2", "%２０", "%%20"] { #expect(PercentEncoding.decode(bad) == nil, "\(bad)") }
        #expect(PercentEncoding.decode("%2F%2f%7E") == "//~")
    }

    @Test("XML as stores speak it, and nothing that is none")
    func xml() throws {
        let text =
            "\u{feff}<?xml version=\"1.0\"?><!-- c --><a:R xmlns:a=\"http://x/\"><Key>x &amp; y&#10;&#x4f60;<![CDATA[<&>]]></Key><E/><E a=\"1\"/><L><Key>z</Key></L></a:R>\n"
        let root = try #require(XMLElement.parse(Array(text.utf8)))
        #expect(root.name == "R" && root["Key"] == "x & y\n你<&>" && root.all("E").count == 2 && root.all("L").first?["Key"] == "z")
        #expect(XMLElement.parse(Array("<a>\(XMLElement.escaped("<&>\"\u{1}"))</a>".utf8))?.text == "<&>\"\u{1}")
        for bad in [
            "", "x", "<a>", "<a></b>", "<a>&x;</a>", "<a>&#+65;</a>", "<a>&#x+41;</a>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a/><b/>",
            String(repeating: "<a>", count: 100),
        ] {
            #expect(XMLElement.parse(Array(bad.utf8)) == nil, "\(bad)")
        }
    }
}

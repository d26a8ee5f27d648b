import Crypto
import Foundation
import HTTPClient

/// What a signature speaks for.
struct OSSSignable: Sendable {
    var method: String
    var bucket: String?
    var key: String?
    /// Decoded, in any order; a value of nil is a name alone.
    var query: [(name: String, value: String?)]
    var headers: [(name: String, value: String)]
    /// Headers that are signed beyond those that always are, in lower case.
    var additional: [String] = []
}

/// Version 4 of the signatures of Aliyun OSS, as a function of what is signed, the keys, the region and the time.
struct OSSSigner: Sendable {
    static let algorithm = "OSS4-HMAC-SHA256"
    static let unsigned = "UNSIGNED-PAYLOAD"

    let credentials: BucketCredentials
    let region: String

    // MARK: The texts

    static func canonicalRequest(_ request: OSSSignable) -> String {
        var path = "/"
        if let bucket = request.bucket { path += bucket + "/" + (request.key ?? "") }
        let additional = additionalNames(request)
        return [
            request.method, PercentEncoding.encode(path, keepingSlashes: true), canonicalQuery(request.query),
            canonicalHeaders(request.headers, additional), additional.joined(separator: ";"), unsigned,
        ].joined(separator: "\n")
    }

    private static func canonicalQuery(_ query: [(name: String, value: String?)]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value ?? "")) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) }
            .map { $0.1.isEmpty ? $0.0 : "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func canonicalHeaders(_ headers: [(name: String, value: String)], _ additional: [String]) -> String {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            let name = name.lowercased()
            guard isAlwaysSigned(name) || additional.contains(name) else { continue }
            values[name, default: []].append(trimmed(value))
        }
        return values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.joined(separator: ","))\n" }.joined()
    }

    private static func isAlwaysSigned(_ name: String) -> Bool { name.hasPrefix("x-oss-") || name == "content-type" || name == "content-md5" }

    /// The additional names that the request has and that are not signed anyway.
    private static func additionalNames(_ request: OSSSignable) -> [String] {
        let present = Set(request.headers.map { $0.name.lowercased() })
        return Set(request.additional.map { $0.lowercased() }).filter { present.contains($0) && !isAlwaysSigned($0) }.sorted()
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/oss/aliyun_v4_request" }

    func stringToSign(_ request: OSSSignable, at time: String) -> String {
        let digest = SHA256.hash(data: Array(OSSSigner.canonicalRequest(request).utf8)).hex
        return [OSSSigner.algorithm, time, scope(time), digest].joined(separator: "\n")
    }

    // MARK: The signature

    /// The key of a day and a region; worth keeping.
    func signingKey(at time: String) -> SymmetricKey {
        func step(_ key: SymmetricKey, _ text: some StringProtocol) -> SymmetricKey {
            SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        }
        let start = SymmetricKey(data: Array("aliyun_v4\(credentials.secret)".utf8))
        return ["oss", "aliyun_v4_request"].reduce(step(step(start, time.prefix(8)), region)) { step($0, $1) }
    }

    func signature(_ request: OSSSignable, at time: String, key: SymmetricKey? = nil) -> String {
        let text = Array(stringToSign(request, at: time).utf8)
        return HMAC<SHA256>.authenticationCode(for: text, using: key ?? signingKey(at: time)).hex
    }

    /// The value of the header `Authorization`.
    func authorization(_ request: OSSSignable, at time: String, key: SymmetricKey? = nil) -> String {
        let additional = OSSSigner.additionalNames(request)
        let names = additional.isEmpty ? "" : ",AdditionalHeaders=\(additional.joined(separator: ";"))"
        return "\(OSSSigner.algorithm) Credential=\(credentials.id)/\(scope(time))\(names),Signature=\(signature(request, at: time, key: key))"
    }
}

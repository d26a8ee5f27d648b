import Crypto
import Foundation
import HTTPClient

/// Version 4 of the signatures of Amazon's services, for S3 and what speaks like it.
///
/// Contents are not part of the signature: their MD5 is, as a header.
struct S3Signer: Sendable {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let unsigned = "UNSIGNED-PAYLOAD"

    let credentials: BucketCredentials
    let region: String

    // MARK: The texts

    /// - Parameters:
    ///   - path: As it is sent, encoded.
    ///   - headers: All that are signed, the host among them.
    static func canonicalRequest(
        _ method: String, path: String, query: [(name: String, value: String?)], headers: [(name: String, value: String)], payload: String = unsigned
    ) -> String {
        let lines = sorted(headers)
        return [
            method, path, canonicalQuery(query), lines.map { "\($0.name):\($0.value)\n" }.joined(), lines.map(\.name).joined(separator: ";"), payload,
        ].joined(separator: "\n")
    }

    private static func canonicalQuery(_ query: [(name: String, value: String?)]) -> String {
        query.map { (Array(PercentEncoding.encode($0.name).utf8), PercentEncoding.encode($0.value ?? "")) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0.lexicographicallyPrecedes($1.0) }
            .map { "\(String(decoding: $0.0, as: UTF8.self))=\($0.1)" }.joined(separator: "&")
    }

    /// In lower case, in order, with single blanks.
    private static func sorted(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.map { ($0.name.lowercased(), $0.value.split(separator: " ").joined(separator: " ")) }.sorted { $0.0 < $1.0 }
    }

    func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/s3/aws4_request" }

    func stringToSign(_ canonicalRequest: String, at time: String) -> String {
        [S3Signer.algorithm, time, scope(time), SHA256.hash(data: Array(canonicalRequest.utf8)).hex].joined(separator: "\n")
    }

    // MARK: The signature

    /// The key of a day and a region; worth keeping.
    func signingKey(at time: String) -> SymmetricKey {
        let start = SymmetricKey(data: Array("AWS4\(credentials.secret)".utf8))
        return [String(time.prefix(8)), region, "s3", "aws4_request"].reduce(start) { key, text in
            SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        }
    }

    /// The value of the header `Authorization`.
    func authorization(
        _ method: String, path: String, query: [(name: String, value: String?)], headers: [(name: String, value: String)], payload: String = unsigned,
        at time: String, key: SymmetricKey
    ) -> String {
        let text = stringToSign(S3Signer.canonicalRequest(method, path: path, query: query, headers: headers, payload: payload), at: time)
        let signature = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).hex
        let names = S3Signer.sorted(headers).map(\.name).joined(separator: ";")
        return "\(S3Signer.algorithm) Credential=\(credentials.id)/\(scope(time)), SignedHeaders=\(names), Signature=\(signature)"
    }
}

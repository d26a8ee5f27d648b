import Crypto
import Foundation
import HTTPClient

/// An access key pair that requests are signed with. Keep it out of logs and messages: it prints its secret.
package struct BucketCredentials: Sendable {
    /// The access key id, which may be shown.
    package let id: String
    /// The access key secret.
    package let secret: String
    /// The session token of temporary credentials (STS); nil for permanent ones.
    package let token: String?

    /// Removes all whitespace, which gets in by pasting; an empty token counts as none.
    package init(id: String, secret: String, token: String? = nil) {
        func trimmed(_ text: String) -> String { String(text.filter { !$0.isWhitespace && !$0.isNewline }) }
        self.id = trimmed(id)
        self.secret = trimmed(secret)
        self.token = token.map(trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A request about a bucket or one of its objects, before it is signed.
struct BucketCall: Sendable {
    var method: String
    /// Nil for the bucket itself.
    var key: String?
    /// Decoded, in any order; a value of nil is a name alone.
    var query: [(name: String, value: String?)] = []
    var headers: [(name: String, value: String)] = []
}

/// What makes one family of bucket services different from another: hosts, signatures, and a few names.
protocol BucketProvider: Sendable {
    var bucket: String { get }
    /// The header of an answer that reports the CRC-64 of what is stored; nil where there is none.
    var checkSumHeader: String? { get }
    /// Makes a service refuse to store where something is already.
    var onlyIfNew: (name: String, value: String) { get }
    /// Whether listings encode the token of the next page like keys.
    var encodesTokens: Bool { get }

    /// The address of an object, or of the bucket itself.
    func url(_ key: String?, query: [(name: String, value: String?)]) -> String
    /// The key of a day, worth keeping; the instant as signatures write it.
    func signingKey(at time: String) -> SymmetricKey
    /// The headers that the call is sent with, its own among them.
    func headers(_ call: BucketCall, at time: String, key: SymmetricKey) -> [(name: String, value: String)]
    /// What an error response means, as a message for the operator.
    func error(_ refusal: BucketErrorResponse, doing: String) -> StorageError
}

/// What a bucket service says when it does not do as asked.
struct BucketErrorResponse: Sendable {
    var status: Int
    /// `NoSuchKey`, `AccessDenied` and so on; empty where the answer is not the service's own.
    var code: String
    var message: String
    /// More detailed than the code, where the service reports it: `0003-00000001`.
    var detail: String
    var requestID: String?
    /// The right host, where the wrong one was asked.
    var endpoint: String?
    /// The bucket's region, where another was named.
    var region: String?
    /// How long the service asks us to wait, where it says.
    var wait: Duration?

    /// Reads an answer's body, or for answers without one the header with the same content.
    init(_ response: HTTPResponse) {
        var body = response.body
        if body.isEmpty, let header = response.header("x-oss-err"), let data = Data(base64Encoded: header) { body = Array(data) }
        let xml = XMLElement.parse(body)
        status = response.status
        code = xml?["Code"] ?? ""
        message = xml?["Message"] ?? String(decoding: body.prefix(256), as: UTF8.self)
        detail = response.header("x-oss-ec") ?? xml?["EC"] ?? ""
        requestID = response.header("x-oss-request-id") ?? response.header("x-amz-request-id") ?? xml?["RequestId"]
        endpoint = xml?["Endpoint"]
        wait = response.retryAfter
        region = response.header("x-amz-bucket-region") ?? xml?["Region"]
    }

    /// What is added to it in brackets.
    var tail: String {
        let id = requestID.map { ", request \($0)" } ?? ""
        return "(\(code.isEmpty ? "\(status)" : code)\(detail.isEmpty ? "" : ", \(detail)")\(id))"
    }

    /// Whether the service reports that there is no such object. Another 404, as of a proxy, means nothing about what is stored.
    func isAbsence(of method: String) -> Bool {
        guard status == 404 else { return false }
        return method == "HEAD" && code.isEmpty || ["NoSuchKey", "NoSuchObject", "NoSuchVersion"].contains(code)
    }

    /// Whether and when to ask again.
    /// - Parameter isPaced: Whether someone above sends less at once when the service asks for that.
    static func advice(_ response: HTTPResponse, isPaced: Bool) -> RetryAdvice {
        switch response.status {
        case 429, 503: isPaced ? .no : response.retryAfter.map { .after($0) } ?? .backOff
        case 408, 500, 502, 504: .backOff
        // A key that was just made is not known everywhere at once.
        case 401: .backOff
        case 400: ["RequestTimeout", "IncompleteBody", "BadRequest"].contains(BucketErrorResponse(response).code) ? .backOff : .no
        default: .no
        }
    }

    /// What all services mean alike, by the answer's status.
    func error(doing: String, bucket: String) -> StorageError {
        switch status {
        case 401, 403:
            .unauthorized("\(doing) is not allowed: \(message) \(tail)", hint: "give the key the right to list, put, get and delete in \(bucket)")
        case 409 where code == "FileAlreadyExists", 409 where code == "ObjectAlreadyExists", 409 where code == "ConditionalRequestConflict", 412:
            .stale("\(doing): it is there already \(tail)")
        case 429, 503: StorageError(.limited(for: wait ?? .seconds(60)), "\(doing): too much at once \(tail)")
        case 404: .unavailable("\(doing): not found \(tail)")
        case 500...: .unavailable("\(doing) failed: \(message) \(tail)")
        default: .unavailable("\(doing) was refused: \(message) \(tail)")
        }
    }
}

import Foundation
import HTTPClient

/// What Aliyun OSS means when it does not do as asked.
struct OSSRefusal: Sendable {
    var status: Int
    /// `NoSuchKey`, `AccessDenied` and so on; empty where the answer is not the service's own.
    var code: String
    var message: String
    /// Finer than the code: `0003-00000001`.
    var detail: String
    var requestID: String?
    /// The right host, where the wrong one was asked.
    var endpoint: String?

    /// Reads an answer's body, or of answers without one the header that stands for it.
    init(_ response: HTTPResponse) {
        var body = response.body
        if body.isEmpty, let header = response.header("x-oss-err"), let data = Data(base64Encoded: header) { body = Array(data) }
        let xml = XMLElement.parse(body)
        status = response.status
        code = xml?["Code"] ?? ""
        message = xml?["Message"] ?? String(decoding: body.prefix(256), as: UTF8.self)
        detail = response.header("x-oss-ec") ?? xml?["EC"] ?? ""
        requestID = response.header("x-oss-request-id") ?? xml?["RequestId"]
        endpoint = xml?["Endpoint"]
    }

    /// Whether and when to ask again.
    @Sendable static func advice(_ request: HTTPRequest, _ response: HTTPResponse) -> RetryAdvice {
        switch response.status {
        case 401, 408, 429, 500, 502, 503, 504: .backOff
        case 400: ["RequestTimeout", "IncompleteBody", "BadRequest"].contains(OSSRefusal(response).code) ? .backOff : .no
        default: .no
        }
    }

    /// In words for whoever set it up.
    func error(_ address: OSSAddress, doing: String) -> StorageError {
        let id = requestID.map { ", request \($0)" } ?? ""
        let tail = "(\(code.isEmpty ? "\(status)" : code)\(detail.isEmpty ? "" : ", \(detail)")\(id))"
        switch code {
        case "NoSuchBucket":
            return .missing("there is no bucket \(address.bucket) in \(address.region) \(tail)", hint: "check \"bucket\" and \"region\", or create it")
        case "InvalidAccessKeyId":
            return .unauthorized("the access key id is not known, or disabled \(tail)", hint: "check OSS_ACCESS_KEY_ID")
        case "SignatureDoesNotMatch":
            return .unauthorized(
                "the signature is not accepted: the secret or the region is wrong \(tail)",
                hint: "check OSS_ACCESS_KEY_SECRET for characters that were lost or added, and \"region\"")
        case "SecurityTokenExpired", "InvalidSecurityToken", "AccessKeyIdAndSecurityTokenNotMatch":
            return .unauthorized("the session token is not valid any more \(tail)", hint: "make a new one, or use a key pair without it")
        case "RequestTimeTooSkewed":
            return .unauthorized("this machine's clock is wrong by more than 15 minutes \(tail)", hint: "set the clock")
        case "PublicEndpointForbidden":
            return .unauthorized(
                "this account may not use the public host of a bucket in mainland China \(tail)",
                hint: "map a domain of yours to the bucket and set host: cname with endpoint, or host: internal from a machine in the same region")
        case "AccessDenied" where endpoint != nil && message.contains("endpoint"):
            return .unauthorized("the bucket \(address.bucket) is in another region: its host is \(endpoint ?? "") \(tail)", hint: "set \"region\" accordingly")
        case "UserDisable", "BucketDisable", "InDebt", "InDebtOperation":
            return .full("the account or the bucket is switched off: \(message) \(tail)", hint: "see the Aliyun console")
        default: break
        }
        switch status {
        case 401, 403:
            return .unauthorized(
                "\(doing) is not allowed: \(message) \(tail)", hint: "give the key the right to list, put, get and delete in \(address.bucket)")
        case 429, 503: return StorageError(.limited(for: .seconds(60)), "\(doing): too much at once \(tail)")
        case 404: return .damaged("\(doing): not found \(tail)")
        case 500...: return .unavailable("\(doing) failed: \(message) \(tail)")
        default: return .damaged("\(doing) was refused: \(message) \(tail)")
        }
    }
}

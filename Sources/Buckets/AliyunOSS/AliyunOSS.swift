import Crypto
package import Foundation
package import HTTPClient

/// What is particular to Aliyun OSS.
struct AliyunOSS: BucketProvider {
    private let address: OSSAddress
    private let signer: OSSSigner

    init(_ address: OSSAddress, _ credentials: BucketCredentials) {
        self.address = address
        signer = OSSSigner(credentials: credentials, region: address.region)
    }

    var bucket: String { address.bucket }
    var checkSumHeader: String? { "x-oss-hash-crc64ecma" }
    var onlyIfNew: (name: String, value: String) { ("x-oss-forbid-overwrite", "true") }
    var encodesTokens: Bool { true }

    func url(_ key: String?, query: [(name: String, value: String?)]) -> String { address.url(key, query: query) }

    func signingKey(at time: String) -> SymmetricKey { signer.signingKey(at: time) }

    func headers(_ call: BucketCall, at time: String, key: SymmetricKey) -> [(name: String, value: String)] {
        var all = call.headers + [("x-oss-content-sha256", OSSSigner.unsigned), ("x-oss-date", time)]
        if let token = signer.credentials.token { all.append(("x-oss-security-token", token)) }
        let signable = OSSSignable(method: call.method, bucket: address.bucket, key: call.key, query: call.query, headers: all)
        return all + [("Authorization", signer.authorization(signable, at: time, key: key))]
    }

    func error(_ refusal: BucketErrorResponse, doing: String) -> StorageError {
        let tail = refusal.tail
        switch refusal.code {
        case "NoSuchBucket":
            return .missing("there is no bucket \(bucket) in \(address.region) \(tail)", hint: "check \"bucket\" and \"region\", or create it")
        case "InvalidAccessKeyId":
            return .unauthorized("the access key id is not known, or disabled \(tail)", hint: "check OSS_ACCESS_KEY_ID")
        case "SignatureDoesNotMatch":
            return .unauthorized(
                "the signature is not accepted: the secret or the region is wrong \(tail)",
                hint: "check OSS_ACCESS_KEY_SECRET for characters that were lost or added, and \"region\"")
        case "InvalidArgument" where refusal.message.contains("region"):
            return .unauthorized(
                "the bucket \(bucket) is in another region than \(address.region): \(refusal.message) \(tail)", hint: "set \"region\" accordingly")
        case "SecurityTokenExpired", "InvalidSecurityToken", "AccessKeyIdAndSecurityTokenNotMatch":
            return .unauthorized("the session token is not valid any more \(tail)", hint: "make a new one, or use a key pair without it")
        case "RequestTimeTooSkewed":
            return .unauthorized("this machine's clock is wrong by more than 15 minutes \(tail)", hint: "set the clock")
        case "PublicEndpointForbidden":
            return .unauthorized(
                "this account may not use the public host of a bucket in mainland China \(tail)",
                hint: "map a domain of yours to the bucket and set host: cname with endpoint, or host: internal from a machine in the same region")
        case "AccessDenied" where refusal.endpoint != nil && refusal.message.contains("endpoint"):
            return .unauthorized(
                "the bucket \(bucket) is in another region: its host is \(refusal.endpoint ?? "") \(tail)", hint: "set \"region\" accordingly")
        case "UserDisable", "BucketDisable", "InDebt", "InDebtOperation":
            return .full("the account or the bucket is switched off: \(refusal.message) \(tail)", hint: "see the Aliyun console")
        default: return refusal.error(doing: doing, bucket: bucket)
        }
    }
}

extension BucketClient {
    /// A bucket of Aliyun OSS.
    package convenience init(
        _ address: OSSAddress, credentials: BucketCredentials, http: any HTTPTransport, patience: BucketTimeouts = BucketTimeouts(),
        now: @escaping @Sendable () -> Date
    ) {
        self.init(AliyunOSS(address, credentials), http: http, patience: patience, now: now)
    }
}

import Crypto
package import Foundation
package import HTTPClient

/// What is particular to S3 and the services that speak like it: MinIO, R2, the bucket gateway of Hugging Face.
struct S3: BucketProvider {
    private let address: S3Address
    private let signer: S3Signer

    init(_ address: S3Address, _ credentials: BucketCredentials) {
        self.address = address
        signer = S3Signer(credentials: credentials, region: address.region)
    }

    var bucket: String { address.bucket }
    var checkSumHeader: String? { nil }
    var onlyIfNew: (name: String, value: String) { ("If-None-Match", "*") }
    var encodesTokens: Bool { false }

    func url(_ key: String?, query: [(name: String, value: String?)]) -> String { address.url(key, query: query) }

    func signingKey(at time: String) -> SymmetricKey { signer.signingKey(at: time) }

    func headers(_ call: BucketCall, at time: String, key: SymmetricKey) -> [(name: String, value: String)] {
        var all = call.headers + [("x-amz-content-sha256", S3Signer.unsigned), ("x-amz-date", time)]
        if let token = signer.credentials.token { all.append(("x-amz-security-token", token)) }
        let signed = all.filter { header in
            let name = header.name.lowercased()
            return name.hasPrefix("x-amz-") || name == "content-type" || name == "content-md5"
        }
        let authorization = signer.authorization(
            call.method, path: address.path(call.key), query: call.query, headers: signed + [("host", address.host)], at: time, key: key)
        return all + [("Authorization", authorization)]
    }

    func error(_ refusal: BucketErrorResponse, doing: String) -> StorageError {
        let tail = refusal.tail
        switch refusal.code {
        case "NoSuchBucket": return .missing("there is no bucket \(bucket) \(tail)", hint: "check \"bucket\" and \"endpoint\", or create it")
        case "InvalidAccessKeyId": return .unauthorized("the access key id is not known, or disabled \(tail)", hint: "check AWS_ACCESS_KEY_ID")
        case "SignatureDoesNotMatch":
            return .unauthorized(
                "the signature is not accepted: the secret is wrong \(tail)", hint: "check AWS_SECRET_ACCESS_KEY for characters that were lost or added")
        case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException":
            let right = refusal.region.map { "the bucket \(bucket) is in the region \($0)" } ?? "the region is not the bucket's"
            return .unauthorized("\(right) \(tail)", hint: "set \"region\" accordingly")
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            return .unauthorized("the session token is not valid any more \(tail)", hint: "make a new one, or use a key pair without it")
        case "RequestTimeTooSkewed": return .unauthorized("this machine's clock is wrong by more than 15 minutes \(tail)", hint: "set the clock")
        case "QuotaExceeded", "XMinioStorageFull": return .full("\(doing): the bucket is full \(tail)", hint: "make room, or raise the quota")
        default:
            if refusal.status == 301 || refusal.status == 307 {
                return .unauthorized("the bucket \(bucket) is asked at the wrong address \(tail)", hint: "check \"endpoint\" and \"region\"")
            }
            return refusal.error(doing: doing, bucket: bucket)
        }
    }
}

extension BucketClient {
    /// A bucket of S3, or of a service that speaks like it.
    package convenience init(
        _ address: S3Address, credentials: BucketCredentials, http: any HTTPTransport, patience: BucketTimeouts = BucketTimeouts(),
        now: @escaping @Sendable () -> Date
    ) {
        self.init(S3(address, credentials), http: http, patience: patience, now: now)
    }
}

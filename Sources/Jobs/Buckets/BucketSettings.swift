import Buckets
import Foundation
import HTTPClient
import JobKit
import Settings
import Storage

/// A bucket as the configuration describes it.
struct BucketSettings: Sendable {
    enum Service: String, CaseIterable, Sendable {
        case oss, s3
    }

    private enum Address: Sendable {
        case oss(OSSAddress)
        case s3(S3Address)
    }

    let bucket: String
    private let address: Address
    private let id: Secret?
    private let secret: Secret?
    private let token: Secret?

    /// - Parameter needsKeys: Whether the keys must be here; else the job may be granted them.
    /// - Returns: Nil where something is missing or invalid, which has been reported then.
    static func read(_ service: Service, _ reader: inout SettingsReader, needsKeys: Bool) -> BucketSettings? {
        let isName = service == .oss ? OSSAddress.isBucketName : S3Address.isBucketName
        let bucket = reader.parsed(
            SettingShape("bucket", "The bucket's name", .text, isRequired: true), expected: "3 to 63 lower-case letters, digits and hyphens"
        ) { isName($0) ? $0 : nil }
        let address = service == .oss ? oss(bucket, &reader) : s3(bucket, &reader)
        let names = service.keyNames
        func about(_ text: String, _ name: String) -> String { needsKeys ? "\(text), as ${\(name)}" : "\(text); else \(name), granted to the job" }
        let id = reader.secret("access_key_id", about("The key's id", names.id), isRequired: needsKeys)
        let secret = reader.secret("access_key_secret", about("The key's secret", names.secret), isRequired: needsKeys)
        let token = reader.secret("session_token", about("The token of temporary keys", names.token))
        guard let bucket, let address, !needsKeys || id != nil && secret != nil else { return nil }
        return BucketSettings(bucket: bucket, address: address, id: id, secret: secret, token: token)
    }

    private static func oss(_ bucket: String?, _ reader: inout SettingsReader) -> Address? {
        let region = reader.parsed(
            SettingShape(
                "region", "The bucket's region, such as oss-cn-hangzhou; required for oss, us-east-1 by default for s3, auto for R2", .text, isRequired: true),
            expected: "a region such as oss-cn-hangzhou"
        ) {
            OSSAddress(bucket: "any", region: $0) == nil ? nil : $0
        }
        let host = reader.choice("host", "oss: which of the region's hosts is used", default: OSSAddress.Host.public)
        let endpoint = endpoint("Another host; with host: cname the bucket's own domain; for s3 the service's URL", &reader)
        if host == .cname, endpoint == nil {
            reader.report("host", "\"host: cname\" needs the domain", hint: "write endpoint: blog.example.com")
            return nil
        }
        guard let region else { return nil }
        let address = OSSAddress(bucket: bucket ?? "any", region: region, host: host, endpoint: endpoint)
        if address == nil { reader.report("endpoint", "\"endpoint\" is \(endpoint ?? "")", hint: "write a host such as blog.example.com") }
        return address.map { .oss($0) }
    }

    private static func s3(_ bucket: String?, _ reader: inout SettingsReader) -> Address? {
        let region = reader.optionalString("region", "The bucket's region; \"auto\" for R2, us-east-1 by default") ?? "us-east-1"
        let endpoint = endpoint("The service's address; Amazon's own by default", &reader)
        let style = reader.choice("addressing", "s3: whether the bucket's name is part of the path or of the host", default: S3Address.Style.auto)
        let address = S3Address(bucket: bucket ?? "any", region: region, endpoint: endpoint, style: style)
        if address == nil { reader.report("endpoint", "\"endpoint\" is \(endpoint ?? "")", hint: "write an address such as https://minio.example.com") }
        return address.map { .s3($0) }
    }

    private static func endpoint(_ about: String, _ reader: inout SettingsReader) -> String? {
        let endpoint = reader.optionalString("endpoint", about)
        if let endpoint, let origin = HTTPOrigin(endpoint), origin.scheme == "http", !origin.isThisMachine {
            reader.warn(at: reader.place(of: "endpoint"), "\"endpoint\" is \(endpoint): what is stored travels in plain sight", hint: "write https://")
        }
        return endpoint
    }

    /// The bucket's name for messages.
    var name: String {
        switch address {
        case .oss: "oss://\(bucket)"
        case .s3(let address): address.isAmazon ? "s3://\(bucket)" : "\(address.service)/\(bucket)"
        }
    }

    /// The bucket, with the keys that were configured or that the environment holds.
    /// - Parameter isPaced: Whether the caller reduces its parallel requests when the service asks for that; see `BucketTimeouts.isPaced`.
    func open(
        http: any HTTPTransport, environment: [String: String], isPaced: Bool = false, now: @escaping @Sendable () -> Date
    ) throws(JobError) -> BucketClient {
        var patience = BucketTimeouts()
        patience.isPaced = isPaced
        let names = service.keyNames
        func value(_ secret: Secret?, _ name: String) -> String? {
            (secret?.revealed ?? environment[name]).flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let id = value(id, names.id), let secret = value(secret, names.secret) else {
            throw JobError(
                "there is no key for the bucket \(bucket)",
                hint: "set \(names.id) and \(names.secret) in the container, declare them under \"secrets\", and grant them to the job")
        }
        let credentials = BucketCredentials(id: id, secret: secret, token: value(token, names.token))
        switch address {
        case .oss(let address): return BucketClient(address, credentials: credentials, http: http, patience: patience, now: now)
        case .s3(let address): return BucketClient(address, credentials: credentials, http: http, patience: patience, now: now)
        }
    }

    private var service: Service {
        switch address {
        case .oss: .oss
        case .s3: .s3
        }
    }
}

extension BucketSettings.Service {
    /// Other common names of the variables for the keys.
    fileprivate var keyNames: (id: String, secret: String, token: String) {
        switch self {
        case .oss: ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN")
        case .s3: ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        }
    }
}

extension SettingsReader {
    /// What is in front of every key: empty, or with a slash at its end.
    mutating func prefix(_ about: String) -> String {
        let parts = optionalString("prefix", about)?.split(separator: "/") ?? []
        return parts.isEmpty ? "" : parts.joined(separator: "/") + "/"
    }
}

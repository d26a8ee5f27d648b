import Foundation
import HTTPClient
import JobKit
import Publishing
import Storage

/// Where a site goes, and how carefully.
package struct PublishTarget: Sendable {
    enum Kind: String, CaseIterable {
        case oss
    }

    var bucket: String
    var region: String
    var host: OSSAddress.Host
    var endpoint: String?
    /// In front of every key; empty, or with a slash at its end.
    var prefix: String
    var accessKeyID: Secret?
    var accessKeySecret: Secret?
    var sessionToken: Secret?
    var deletion: DeletionRule
    var limits: DeletionLimits
    var rules: HeaderRules
    var connections: Int

    /// Nil where something is missing or makes no sense, which has been reported then.
    static func read(_ reader: inout SettingsReader) -> PublishTarget? {
        _ = reader.choice("type", "Where the files go", default: Kind.oss)
        let bucket = reader.parsed(
            SettingShape("bucket", "The bucket's name", .text, isRequired: true), expected: "3 to 63 lower-case letters, digits and hyphens"
        ) {
            OSSAddress.isBucketName($0) ? $0 : nil
        }
        let region = reader.parsed(
            SettingShape("region", "The bucket's region, such as oss-cn-hangzhou", .text, isRequired: true), expected: "a region such as oss-cn-hangzhou"
        ) {
            OSSAddress(bucket: "any", region: $0) == nil ? nil : $0
        }
        let host = reader.choice("host", "Which of the region's hosts is asked", default: OSSAddress.Host.public)
        let endpoint = reader.optionalString("endpoint", "Another host; with host: cname the bucket's own domain")
        if host == .cname, endpoint == nil { reader.report("host", "\"host: cname\" needs the domain", hint: "write endpoint: blog.example.com") }
        let prefix = reader.optionalString("prefix", "Put in front of every key").map { $0.split(separator: "/").joined(separator: "/") + "/" } ?? ""
        let target = PublishTarget(
            bucket: bucket ?? "", region: region ?? "", host: host, endpoint: endpoint, prefix: prefix == "/" ? "" : prefix,
            accessKeyID: reader.secret("access_key_id", "The key's id; else OSS_ACCESS_KEY_ID, granted to the job"),
            accessKeySecret: reader.secret("access_key_secret", "The key's secret; else OSS_ACCESS_KEY_SECRET, granted to the job"),
            sessionToken: reader.secret("session_token", "The token of temporary keys; else OSS_SESSION_TOKEN, granted to the job"),
            deletion: reader.choice(
                "delete", "What of the bucket may be deleted: nothing, what we have put there, or everything under the prefix", default: .ours),
            limits: limits(&reader), rules: HeaderRules(own: headers(&reader)),
            connections: reader.integer("connections", "The most uploads at once", default: 16, in: 1...64))
        return bucket == nil || region == nil || (host == .cname && endpoint == nil) ? nil : target
    }

    private static func limits(_ reader: inout SettingsReader) -> DeletionLimits {
        let standard = DeletionLimits()
        return DeletionLimits(
            most: reader.integer("max_delete", "The most objects that one publication deletes", default: standard.most, in: 0...1_000_000),
            share: Double(reader.integer("max_delete_percent", "The same, of all objects under the prefix", default: Int(standard.share * 100), in: 0...100))
                / 100,
            grace: reader.duration(
                "grace", "How long styles, scripts and pictures stay after the last page that needs them", default: .seconds(86_400),
                in: .zero ... .seconds(365 * 86_400)
            ).seconds)
    }

    /// Rules of one's own: a pattern with the headers that it means.
    private static func headers(_ reader: inout SettingsReader) -> [HeaderRules.Rule] {
        guard let node = reader.node(SettingShape("headers", "Headers by pattern; the first that matches counts, before the usual ones", .map(.map(.text))))
        else { return [] }
        return (node.entries ?? []).compactMap { entry in
            guard let headers = entry.value.entries else {
                reader.report(at: entry.value.place, "\"\(entry.key)\" takes headers, not \(entry.value.kind)", hint: "write { Cache-Control: no-cache }")
                return nil
            }
            return HeaderRules.Rule(entry.key, Dictionary(headers.compactMap { item in item.value.text.map { (item.key, $0) } }) { first, _ in first })
        }
    }

    /// The bucket, with the keys that were configured or that the job was granted.
    func open(http: any HTTPTransport, _ context: RunContext) throws(JobError) -> any Bucket {
        func value(_ secret: Secret?, _ name: String) -> String? {
            (secret?.revealed ?? context.environment[name]).flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let id = value(accessKeyID, "OSS_ACCESS_KEY_ID"), let secret = value(accessKeySecret, "OSS_ACCESS_KEY_SECRET") else {
            throw JobError(
                "there is no key for the bucket \(bucket)",
                hint: "set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET in the container, declare them under \"secrets\", and grant them to the job")
        }
        guard let address = OSSAddress(bucket: bucket, region: region, host: host, endpoint: endpoint) else {
            throw JobError("\(region) is no region", hint: "write one such as oss-cn-hangzhou")
        }
        let clock = context.clock
        return BucketClient(
            address, credentials: BucketCredentials(id: id, secret: secret, token: value(sessionToken, "OSS_SESSION_TOKEN")), http: http, now: { clock.now })
    }
}

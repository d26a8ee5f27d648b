import Buckets
import Foundation
import HTTPClient
import JobKit
import Publishing
import Settings
import Storage

/// Where a site goes.
package enum PublishTarget: Sendable {
    enum Kind: String, CaseIterable {
        case oss, s3, folder, command
    }

    case bucket(BucketTarget)
    case command(DeployCommand)

    /// Checks that it can be reached.
    func diagnose(http: any HTTPTransport, environment: [String: String], now: @escaping @Sendable () -> Date) async -> JobCheck {
        switch self {
        case .bucket(let target): await target.diagnose(http: http, environment: environment, now: now)
        case .command(let command): JobCheck("target", .ok, "is left to \(command.command.joined(separator: " "))")
        }
    }

    /// The longest name that it takes, in bytes.
    var mostNameBytes: Int {
        switch self {
        case .bucket(let target): target.mostNameBytes
        case .command: 4000
        }
    }

    /// The program that publishes, where it is one.
    func programs(in folder: String) -> [ProgramUse] {
        if case .command(let command) = self { [ProgramUse("deploy", .command(command.command), folder: folder)] } else { [] }
    }

    /// Paths on this machine that it writes to.
    var outputs: [String] {
        if case .bucket(let target) = self, case .folder(let path) = target.place { [path] } else { [] }
    }

    /// Nil where something is missing or invalid, which has been reported then.
    static func read(_ reader: inout SettingsReader) -> PublishTarget? {
        let kind = reader.choice("type", "The kind of target; command where \"command\" is given", default: reader.has("command") ? .command : Kind.oss)
        return reader.variant(kind) { kind, reader in
            switch kind {
            case .oss: bucket(BucketSettings.read(.oss, &reader, needsKeys: false).map { .bucket($0) }, website: true, &reader)
            case .s3: bucket(BucketSettings.read(.s3, &reader, needsKeys: false).map { .bucket($0) }, website: false, &reader)
            case .folder: folder(&reader)
            case .command: DeployCommand.read(&reader).map { .command($0) }
            }
        }
    }

    private static func folder(_ reader: inout SettingsReader) -> PublishTarget? {
        if reader.has("headers") { reader.report("headers", "a folder keeps no headers", hint: "set them in the web server that shows it") }
        return bucket(reader.path("path", "folder: the folder to publish to; it must exist").map { .folder($0) }, website: false, &reader)
    }

    private static func bucket(_ place: BucketTarget.Place?, website: Bool, _ reader: inout SettingsReader) -> PublishTarget? {
        let rules = BucketTarget.Rules(&reader, website: website)
        return place.map { .bucket(BucketTarget(place: $0, rules: rules)) }
    }
}

/// A bucket or a folder, and how carefully it is changed.
package struct BucketTarget: Sendable {
    enum Place: Sendable {
        case bucket(BucketSettings)
        case folder(String)
    }

    struct Rules: Sendable {
        /// In front of every key; empty, or with a slash at its end.
        var prefix: String
        var deletion: DeletionRule
        var limits: DeletionLimits
        var keep: [String]
        var headers: HeaderRules
        var connections: Int
        var website: WebsiteRule
    }

    /// What is done about the bucket's website settings.
    enum WebsiteRule: String, CaseIterable, Sendable {
        case off, check, set
    }

    let place: Place
    let rules: Rules

    /// What distinguishes the target in what is remembered of publications.
    var name: String {
        switch place {
        case .bucket(let settings): settings.name
        case .folder(let path): path
        }
    }

    /// The longest name below the prefix that it takes, in bytes.
    var mostNameBytes: Int {
        switch place {
        // Both families of services allow keys of 1024 bytes, OSS one less.
        case .bucket: 1023 - rules.prefix.utf8.count
        case .folder(let path): 4000 - path.utf8.count - rules.prefix.utf8.count
        }
    }

    func open(http: any HTTPTransport, _ context: RunContext) throws(JobError) -> any Bucket {
        let clock = context.clock
        return try open(http: http, environment: context.environment, now: { clock.now })
    }

    private func open(http: any HTTPTransport, environment: [String: String], now: @escaping @Sendable () -> Date) throws(JobError) -> any Bucket {
        switch place {
        case .bucket(let settings): try settings.open(http: http, environment: environment, isPaced: true, now: now)
        case .folder(let path): FolderBucket(path: path)
        }
    }

    fileprivate func diagnose(http: any HTTPTransport, environment: [String: String], now: @escaping @Sendable () -> Date) async -> JobCheck {
        let bucket: any Bucket
        do throws(JobError) { bucket = try open(http: http, environment: environment, now: now) } catch { return JobCheck("target", error) }
        do throws(StorageError) {
            let count = try await bucket.list(prefix: rules.prefix).count
            return JobCheck("target", .ok, "\(name) holds \(count.counted("object"))\(rules.prefix.isEmpty ? "" : " below \(rules.prefix)")")
        } catch {
            return JobCheck("target", .failed, error.message, hint: error.hint)
        }
    }
}

extension BucketTarget.Rules {
    fileprivate init(_ reader: inout SettingsReader, website isWebsite: Bool) {
        defer {
            if website == .set, !prefix.isEmpty {
                reader.report("website", "\"website: set\" is for a site that has the bucket for itself", hint: "remove it, or the prefix")
            }
        }
        prefix = reader.prefix("Put in front of every key")
        deletion = reader.choice(
            "delete", "What may be deleted: nothing, what shipkeeper has uploaded, or everything under the prefix", default: .ours)
        let standard = DeletionLimits()
        limits = DeletionLimits(
            most: reader.integer("max_delete", "The most objects that one publication deletes", default: standard.most, in: 0...1_000_000),
            share: Double(reader.integer("max_delete_percent", "The same, of all objects under the prefix", default: Int(standard.share * 100), in: 0...100))
                / 100,
            grace: reader.duration(
                "grace", "How long styles, scripts and images stay after the last page that needs them", default: .seconds(86_400),
                in: .zero ... .seconds(365 * 86_400)
            ).seconds)
        keep = reader.strings("keep", "Patterns of what is never deleted, as lines of a .gitignore")
        headers = HeaderRules(own: BucketTarget.Rules.headers(&reader))
        connections = reader.integer("connections", "The most uploads at once", default: 16, in: 1...64)
        website =
            isWebsite
            ? reader.choice(
                "website", "oss: whether the bucket's website settings (index page, 404 page, folders) are checked after changes, or set", default: .check)
            : .off
    }

    /// The user's own rules: headers by pattern.
    private static func headers(_ reader: inout SettingsReader) -> [HeaderRules.Rule] {
        guard let node = reader.node(SettingShape("headers", "HTTP headers by pattern; the first match counts, before the built-in rules", .map(.map(.text))))
        else { return [] }
        return (node.entries ?? []).compactMap { entry in
            guard let headers = entry.value.entries else {
                reader.report(at: entry.value.place, "\"\(entry.key)\" takes headers, not \(entry.value.kind)", hint: "write { Cache-Control: no-cache }")
                return nil
            }
            return HeaderRules.Rule(entry.key, Dictionary(headers.compactMap { item in item.value.text.map { (item.key, $0) } }) { first, _ in first })
        }
    }
}

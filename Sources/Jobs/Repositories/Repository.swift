package import Backups
import Buckets
import Files
import Foundation
import HTTPClient
import JobKit
import Settings
package import Storage

/// A declared repository, as backup and restore jobs get it.
package struct Repository: Sendable {
    /// The name in the configuration.
    package var name: String
    /// Identifies it, the same in every container that uses it: `folder:/backups`, `huggingface:https://huggingface.co/alice/backup@main`.
    package var location: String
    /// Made with the configured credentials; no request was sent yet.
    package var store: any ObjectStore
    /// What `keep` says.
    package var retention: Retention

    /// The repository as a collection of archives, which compresses on all cores of the container. No request is sent.
    package func archives() -> ArchiveRepository {
        ArchiveRepository(store: store, retention: retention, cores: ContainerCores.count)
    }

    enum Format: String, CaseIterable {
        case archive
    }

    /// A repository in a folder.
    static func folder(named name: String, _ reader: inout SettingsReader) -> Repository? {
        let path = reader.path("path", "The folder, which must exist: a missing mount must not look like an empty repository")
        let retention = reader.formatAndRetention()
        return path.map { Repository(name: name, location: "folder:\($0)", store: LocalFolder(path: $0), retention: retention) }
    }

    /// A repository in a bucket.
    static func bucket(
        _ service: BucketSettings.Service, named name: String, _ reader: inout SettingsReader, http: any HTTPTransport, now: @escaping @Sendable () -> Date
    ) -> Repository? {
        let settings = BucketSettings.read(service, &reader, needsKeys: true)
        let prefix = reader.prefix("Put in front of every key")
        let retention = reader.formatAndRetention()
        guard let settings else { return nil }
        let bucket: BucketClient
        do throws(JobError) { bucket = try settings.open(http: http, environment: [:], now: now) } catch {
            reader.report(at: reader.place, error.summary, hint: error.hint)
            return nil
        }
        return Repository(
            name: name, location: "\(service):\(settings.name)/\(prefix)", store: BucketStore(bucket, name: "\(settings.name)/\(prefix)", prefix: prefix),
            retention: retention)
    }

    /// A repository in a dataset of the Hugging Face Hub.
    static func huggingFace(
        named name: String, _ reader: inout SettingsReader, http: any HTTPTransport, endpoint standard: String?, now: @escaping @Sendable () -> Date
    ) -> Repository? {
        let dataset = reader.parsed(
            SettingShape("dataset", "The dataset, as namespace/name", .pattern("^[^/ ]+/[^/ ]+$"), isRequired: true),
            expected: "namespace/name, such as alice/backup"
        ) { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDatasetCharacter) } ? text : nil
        }
        let token = reader.secret("token", "A token with write access to the dataset, as ${HF_TOKEN}", isRequired: true)
        let revision = reader.optionalString("revision", "The branch; main by default") ?? "main"
        let create = reader.boolean("create", "Whether a missing dataset is created; it will be private", default: false)
        let endpoint = reader.endpoint(standard)
        let freeSpace = reader.choice(
            "free_space", "How backups that \"keep\" no longer keeps free their space, permanently; only after the newest was read back",
            default: HuggingFace.FreeSpace.off)
        reader.formerly("reclaim", "free_space")
        let quota = reader.size("quota", "What the account may store, for the warning at 80 %", default: 100_000_000_000)
        let retention = reader.formatAndRetention()
        if freeSpace == .squash, retention != Retention(last: 1, daily: 0, weekly: 0) {
            reader.report(
                "free_space", "\"free_space: squash\" leaves the newest backup only, and \"keep\" keeps more",
                hint: "write keep: { last: 1, daily: 0, weekly: 0 }, or free_space: delete")
        }
        guard let dataset, let token else { return nil }
        let settings = HuggingFace.Settings(
            dataset: dataset, token: token.revealed, revision: revision, create: create, endpoint: endpoint, freeSpace: freeSpace, quota: quota)
        return Repository(
            name: name, location: "huggingface:\(endpoint)/\(dataset)@\(revision)", store: HuggingFace(settings, http: http, now: now), retention: retention)
    }
}

extension Character {
    fileprivate var isDatasetCharacter: Bool { isASCII && (isLetter || isNumber || "-_.".contains(self)) }
}

extension SettingsReader {
    fileprivate mutating func formatAndRetention() -> Retention {
        _ = choice("format", "How snapshots are stored", default: Repository.Format.archive)
        return section("keep", "Which backups stay") { $0.retention() } ?? Retention()
    }

    /// The Hub's address: the key, else what `HF_ENDPOINT` says, else the Hub's own.
    fileprivate mutating func endpoint(_ standard: String?) -> String {
        let written = url("endpoint", "The Hub's address; HF_ENDPOINT, else \(HuggingFace.standardEndpoint)", isRequired: false)
        var address = written ?? standard.flatMap { $0.isEmpty ? nil : $0 } ?? HuggingFace.standardEndpoint
        while address.hasSuffix("/") { address.removeLast() }
        let origin = HTTPOrigin(address)
        if origin == nil {
            report(
                "endpoint", "\(written == nil ? "HF_ENDPOINT" : "\"endpoint\"") is \(address)", hint: "write an address such as \(HuggingFace.standardEndpoint)"
            )
        }
        if let origin, origin.scheme == "http", !origin.isThisMachine {
            report("endpoint", "\"endpoint\" is \(address): the token would travel in plain sight", hint: "write https://")
        }
        return address
    }

    fileprivate mutating func retention() -> Retention {
        let standard = Retention()
        return Retention(
            last: integer("last", "The newest ones", default: standard.last, in: 1...100_000),
            hourly: integer("hourly", "The newest of each of so many hours", default: standard.hourly, in: 0...100_000),
            daily: integer("daily", "The newest of each of so many days", default: standard.daily, in: 0...100_000),
            weekly: integer("weekly", "The newest of each of so many weeks", default: standard.weekly, in: 0...100_000),
            monthly: integer("monthly", "The newest of each of so many months", default: standard.monthly, in: 0...100_000))
    }
}

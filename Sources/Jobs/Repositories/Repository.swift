package import Backups
import Buckets
import Files
import Foundation
import HTTPClient
import JobKit
import Settings
import Storage

/// A declared repository, as backup and restore jobs get it.
package struct Repository: Sendable {
    /// The name in the configuration.
    package var name: String
    /// Identifies it, the same in every container that uses it: `folder:/backups`, `huggingface:https://huggingface.co/alice/backup@main`.
    package var location: String
    /// Made with the configured credentials; no request was sent yet. Packs on all cores of the container.
    package var backups: any BackupRepository

    enum Format: String, CaseIterable {
        case archive, restic
    }

    /// How backups are stored and which stay, as the keys say that all repositories have.
    fileprivate struct Rule {
        var format: Format
        /// Opens a repository in the restic format.
        var password: Secret?
        var retention: Retention
    }

    /// - Parameters:
    ///   - store: What archives are kept in at the place.
    ///   - backend: What objects are kept in there.
    /// - Returns: Nil without a password that is needed: that is reported already.
    private init?(_ name: String, at location: String, _ rule: Rule, store: any ObjectStore, backend: any Backend) {
        self.name = name
        let archives = ArchiveRepository(store: store, retention: rule.retention, cores: ContainerCores.count)
        switch (rule.format, rule.password) {
        case (.restic, let password?):
            // Another format at the same place is another repository.
            self.location = "restic:\(location)"
            backups = ResticRepository(
                backend, earlier: archives, password: password.revealed, retention: rule.retention, threads: ContainerCores.count)
        case (.restic, nil): return nil
        case (.archive, _):
            self.location = location
            backups = archives
        }
    }

    /// A repository in a folder.
    static func folder(named name: String, _ reader: inout SettingsReader) -> Repository? {
        let path = reader.path("path", "The folder, which must exist: a missing mount must not look like an empty repository")
        let rule = reader.formatAndRetention()
        return path.flatMap { Repository(name, at: "folder:\($0)", rule, store: LocalFolder(path: $0), backend: FolderBackend(path: $0)) }
    }

    /// A repository in a bucket.
    static func bucket(
        _ service: BucketSettings.Service, named name: String, _ reader: inout SettingsReader, http: any HTTPTransport, now: @escaping @Sendable () -> Date
    ) -> Repository? {
        let settings = BucketSettings.read(service, &reader, needsKeys: true)
        let prefix = reader.prefix("Put in front of every key")
        let rule = reader.formatAndRetention()
        guard let settings else { return nil }
        let bucket: BucketClient
        do throws(JobError) { bucket = try settings.open(http: http, environment: [:], now: now) } catch {
            reader.report(at: reader.place, error.summary, hint: error.hint)
            return nil
        }
        let place = "\(settings.name)/\(prefix)"
        let backend = BucketBackend(bucket, name: place, prefix: prefix)
        return Repository(name, at: "\(service):\(place)", rule, store: ManifestStore(backend, name: place), backend: backend)
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
        let rule = reader.formatAndRetention()
        if freeSpace == .squash, rule.retention != Retention(last: 1, daily: 0, weekly: 0) {
            reader.report(
                "free_space", "\"free_space: squash\" leaves the newest backup only, and \"keep\" keeps more",
                hint: "write keep: { last: 1, daily: 0, weekly: 0 }, or free_space: delete")
        }
        guard let dataset, let token else { return nil }
        let settings = HuggingFace.Settings(
            dataset: dataset, token: token.revealed, revision: revision, create: create, endpoint: endpoint, freeSpace: freeSpace, quota: quota)
        return Repository(
            name, at: "huggingface:\(endpoint)/\(dataset)@\(revision)", rule, store: HuggingFace(settings, http: http, now: now),
            backend: HubBackend(settings, http: http, now: now))
    }
}

extension Character {
    fileprivate var isDatasetCharacter: Bool { isASCII && (isLetter || isNumber || "-_.".contains(self)) }
}

extension SettingsReader {
    fileprivate mutating func formatAndRetention() -> Repository.Rule {
        let format = choice(
            "format", "How backups are stored: each as a whole archive, or what has changed in a repository of the restic format, encrypted",
            default: Repository.Format.archive)
        let password = secret(
            "password", "With \"format: restic\": the password of the repository, as ${RESTIC_PASSWORD}. Without it no backup can be read",
            isRequired: format == .restic)
        if format == .archive, password != nil {
            report("password", "\"password\" is for \"format: restic\": archives are not encrypted", hint: "add format: restic, or take it away")
        }
        return Repository.Rule(format: format, password: password, retention: section("keep", "Which backups stay") { $0.retention() } ?? Retention())
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

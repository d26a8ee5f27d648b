/// The facts of an attempt that did its work, one case for each family of jobs.
///
/// The program decides by these alone. What a plug-in reports is always `values`, so it can't be taken for ours.
package enum RunResult: Hashable, Sendable {
    case backup(BackupResult)
    case restore(RestoreResult)
    case verification(VerificationFacts)
    case publication(PublicationFacts)
    case keepalive(KeepaliveFacts)
    case settings(SettingsFacts)
    /// Figures by name that the program stores and shows, and never interprets.
    case values([String: OutputValue])

    /// The facts by name, for other programs.
    package var outputs: [String: OutputValue] {
        switch self {
        case .backup(let result): result.outputs
        case .restore(let result): result.outputs
        case .verification(let facts): facts.outputs
        case .publication(let facts): facts.outputs
        case .keepalive(let facts): facts.outputs
        case .settings(let facts): facts.outputs
        case .values(let values): values
        }
    }

    /// Whether there was nothing to do: all is stored already.
    package var isUnchanged: Bool { if case .backup(let result) = self { result.outcome == .unchanged } else { false } }

    /// Whether the job did its work in full: what it stored lacks nothing.
    package var isComplete: Bool {
        switch self {
        case .backup(let result): result.missing.isEmpty
        case .restore, .verification, .publication, .keepalive, .settings, .values: true
        }
    }
}

/// The result of a backup.
package struct BackupResult: Hashable, Sendable, Codable {
    /// What the backup has changed. The raw values are part of outputs.
    package enum Outcome: String, Hashable, Sendable, Codable {
        /// A new version is the newest.
        case stored
        /// The newest version holds just this tree.
        case unchanged
        /// Stored next to the newest version, which is another container's.
        case setAside = "set aside"
    }

    /// Files that the stored backup lacks, or holds in another state than the tree.
    package struct Missing: Hashable, Sendable, Codable {
        /// How many files.
        package var count: Int
        /// The first of them, a sentence each.
        package var first: [String]

        package init(count: Int = 0, first: [String] = []) {
            self.count = count
            self.first = first
        }

        /// Whether the backup is complete.
        package var isEmpty: Bool { count == 0 }
    }

    /// What the repository holds, old versions included.
    package struct Space: Hashable, Sendable, Codable {
        /// Bytes.
        package var used: Int64
        /// Bytes; nil where the store names none.
        package var limit: Int64?
        /// Whether it can be read without credentials.
        package var isPublic: Bool

        package init(used: Int64, limit: Int64?, isPublic: Bool) {
            self.used = used
            self.limit = limit
            self.isPublic = isPublic
        }
    }

    package var outcome: Outcome
    package var missing: Missing
    /// The newest version afterwards; nil where it is another container's.
    package var version: String?
    /// Regular files in the backup.
    package var files: Int
    /// Bytes of their content.
    package var bytes: Int64
    /// Bytes of the archive, compressed.
    package var archiveBytes: Int64
    /// SHA-256 of the archive, in lower-case hexadecimal digits; empty where nothing was stored.
    package var sha256: String
    /// The repository's space after the backup; nil where the store does not report it.
    package var space: Space?

    package init(
        _ outcome: Outcome, missing: Missing = Missing(), version: String? = nil, files: Int = 0, bytes: Int64 = 0, archiveBytes: Int64 = 0,
        sha256: String = "", space: Space? = nil
    ) {
        self.outcome = outcome
        self.missing = missing
        self.version = version
        self.files = files
        self.bytes = bytes
        self.archiveBytes = archiveBytes
        self.sha256 = sha256
        self.space = space
    }

    fileprivate var outputs: [String: OutputValue] {
        var values: [String: OutputValue] = ["outcome": .text(outcome.rawValue), "incomplete": .init(missing.count)]
        if outcome == .stored {
            values["files"] = .init(files)
            values["bytes"] = .integer(bytes)
            values["archive_bytes"] = .integer(archiveBytes)
            values["sha256"] = .text(sha256)
        }
        values["version"] = version.map { .text($0) }
        if let space {
            values["repository_bytes"] = .integer(space.used)
            values["repository_limit"] = space.limit.map { .integer($0) }
            if space.isPublic { values["public"] = true }
        }
        return values
    }
}

/// The result of a restore.
package enum RestoreResult: Hashable, Sendable, Codable {
    /// A version was unpacked in the tree's place.
    case restored(version: String, files: Int, bytes: Int64, skippedVersions: Int)
    /// The tree that was there is newer than the newest version, and stays.
    case kept(version: String)
    /// The repository answered and holds no backup.
    case empty
    /// The restore failed, and the app is started without its data, as configured; backups are locked.
    case startedLocked(error: String)

    fileprivate var outputs: [String: OutputValue] {
        switch self {
        case .restored(let version, let files, let bytes, let skipped):
            [
                "outcome": "restored", "version": .text(version), "files": .init(files), "bytes": .integer(bytes), "skipped_versions": .init(skipped),
            ]
        case .kept(let version): ["outcome": "restored", "version": .text(version), "kept": true]
        case .empty: ["outcome": "empty"]
        case .startedLocked(let error): ["outcome": "failed", "error": .text(error)]
        }
    }
}

extension RunResult: Codable {
    private enum Key: String, CodingKey { case backup, restore, verification, publication, keepalive, settings, values }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let result = try container.decodeIfPresent(BackupResult.self, forKey: .backup) {
            self = .backup(result)
        } else if let result = try container.decodeIfPresent(RestoreResult.self, forKey: .restore) {
            self = .restore(result)
        } else if let facts = try container.decodeIfPresent(VerificationFacts.self, forKey: .verification) {
            self = .verification(facts)
        } else if let facts = try container.decodeIfPresent(PublicationFacts.self, forKey: .publication) {
            self = .publication(facts)
        } else if let facts = try container.decodeIfPresent(KeepaliveFacts.self, forKey: .keepalive) {
            self = .keepalive(facts)
        } else if let facts = try container.decodeIfPresent(SettingsFacts.self, forKey: .settings) {
            self = .settings(facts)
        } else {
            self = .values(try container.decodeIfPresent([String: OutputValue].self, forKey: .values) ?? [:])
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .backup(let result): try container.encode(result, forKey: .backup)
        case .restore(let result): try container.encode(result, forKey: .restore)
        case .verification(let facts): try container.encode(facts, forKey: .verification)
        case .publication(let facts): try container.encode(facts, forKey: .publication)
        case .keepalive(let facts): try container.encode(facts, forKey: .keepalive)
        case .settings(let facts): try container.encode(facts, forKey: .settings)
        case .values(let values): try container.encode(values, forKey: .values)
        }
    }
}

extension RunReport {
    /// The same with every text that is shown passed through `clean`. Facts that the program decides by stay as they are.
    package func redacted(by clean: (String) -> String) -> RunReport {
        RunReport(
            summary: clean(summary), result: result.redacted(by: clean),
            attention: attention.map { Attention(clean($0.message), hint: $0.hint.map(clean)) })
    }
}

extension RunResult {
    fileprivate func redacted(by clean: (String) -> String) -> RunResult {
        switch self {
        case .backup(var result):
            result.missing.first = result.missing.first.map(clean)
            return .backup(result)
        case .restore(.startedLocked(let error)): return .restore(.startedLocked(error: clean(error)))
        case .publication(var facts):
            facts.plan = facts.plan.map(clean)
            facts.url = facts.url.map(clean)
            return .publication(facts)
        case .restore, .verification, .keepalive, .settings: return self
        case .values(let values): return .values(values.mapValues { $0.redacted(by: clean) })
        }
    }
}

import Files
import Foundation
import HTTPClient
import JobKit
import Publishing
import Storage

/// What was published where, kept in the state file.
struct PublishLedger {
    /// In the place of digests where there are none.
    private static let nothing = "-"

    private let values: any KeyValues
    private let owner: String

    init(_ context: RunContext, _ target: BucketTarget) {
        values = context.values
        owner = "publish/\(context.job)/\(target.name)/\(target.rules.prefix)"
    }

    /// By key, with the prefix.
    func all() async throws(JobError) -> [ByteKey: PublishedFile] {
        try await values.values(of: owner).byKey.compactMapValues(PublishLedger.file)
    }

    /// These are in the bucket as they are in the site.
    func note(_ files: [SiteFile]) async throws(JobError) {
        try await values.set(files.map { ($0.key, "\($0.md5) \($0.headers)") }, of: owner)
    }

    /// These are not in the bucket any more.
    func forget(_ keys: [ByteKey]) async throws(JobError) { try await values.set(keys.map { ($0, nil) }, of: owner) }

    /// These were found gone from the site, and since when.
    func note(stale: [ByteKey: Date], _ known: [ByteKey: PublishedFile]) async throws(JobError) {
        var changes: [(ByteKey, String?)] = []
        for (key, since) in stale where known[key]?.staleSince != since {
            let (md5, headers) = (known[key]?.md5 ?? "", known[key]?.headers ?? "")
            let (digest, fingerprint) = (md5.isEmpty ? PublishLedger.nothing : md5, headers.isEmpty ? PublishLedger.nothing : headers)
            changes.append((key, "\(digest) \(fingerprint) \(since.timeIntervalSince1970)"))
        }
        try await values.set(changes, of: owner)
    }

    private static func file(_ text: String) -> PublishedFile? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 2 else { return nil }
        func digest(_ word: String) -> String { word == nothing ? "" : word }
        return PublishedFile(
            md5: digest(words[0]), headers: digest(words[1]),
            staleSince: words.count > 2 ? Double(words[2]).map(Date.init(timeIntervalSince1970:)) : nil)
    }
}

/// The digests of a site's files, kept in the state file so that contents are not read again.
struct DigestMemory {
    private let values: any KeyValues
    private let owner: String

    init(_ context: RunContext) {
        values = context.values
        owner = "publish-digests/\(context.job)"
    }

    func all() async throws(JobError) -> SiteDigests {
        SiteDigests(
            known: try await values.values(of: owner).byKey.compactMapValues { text in
                let words = text.split(separator: " ").map(String.init)
                return words.count == 2 ? SiteDigests.Known(mark: words[0], md5: words[1]) : nil
            })
    }

    func keep(_ new: SiteDigests, instead old: SiteDigests) async throws(JobError) {
        var changes: [(ByteKey, String?)] = []
        for (key, known) in new.known where old.known[key] != known { changes.append((key, "\(known.mark) \(known.md5)")) }
        for key in old.known.keys where new.known[key] == nil { changes.append((key, nil)) }
        try await values.set(changes, of: owner)
    }
}

/// Names of files as keys of the state. Two texts that Swift takes for equal would be one key: names with more than ASCII are escaped.
private enum StoredKey {
    private static let mark = "%utf8:"

    static func text(_ key: ByteKey) -> String {
        key.isPlain && !key.text.hasPrefix(mark) ? key.text : mark + PercentEncoding.encode(key.text, keepingSlashes: true)
    }

    /// A key without the mark is one of ASCII, or was stored before such were escaped.
    static func key(_ text: String) -> ByteKey {
        guard text.hasPrefix(mark), let decoded = PercentEncoding.decode(String(text.dropFirst(mark.count))) else { return ByteKey(text) }
        return ByteKey(decoded)
    }
}

extension ByteKey {
    fileprivate var isPlain: Bool { text.utf8.allSatisfy { $0 < 0x80 } }
}

extension [String: String] {
    /// The values by the names of files they are about; of one that was stored both ways, the newer.
    fileprivate var byKey: [ByteKey: String] {
        var found: [ByteKey: String] = [:]
        for (text, value) in self {
            let key = StoredKey.key(text)
            if found[key] == nil || StoredKey.text(key) == text { found[key] = value }
        }
        return found
    }
}

extension KeyValues {
    /// Stores values of files, all together; nil removes.
    fileprivate func set(_ changes: [(ByteKey, String?)], of owner: String) async throws(JobError) {
        if changes.isEmpty { return }
        var stored: [String: String?] = [:]
        for (key, value) in changes {
            stored[StoredKey.text(key)] = .some(value)
            if !key.isPlain { stored[key.text] = .some(nil) }
        }
        try await set(stored, of: owner)
    }
}

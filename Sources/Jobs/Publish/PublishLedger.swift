import Foundation
import JobKit
import Publishing

/// What was published where, kept in the state file; and the digests of the site's files, so that they are not read again.
struct PublishLedger {
    /// In the place of digests where there are none.
    private static let nothing = "-"

    private let values: any KeyValues
    private let published: String
    private let digests: String

    init(_ context: RunContext, _ target: BucketTarget) {
        values = context.values
        published = "publish/\(context.job)/\(target.name)/\(target.rules.prefix)"
        digests = "publish-digests/\(context.job)"
    }

    func all() async throws(JobError) -> [String: PublishedFile] { try await values.values(of: published).compactMapValues(PublishLedger.file) }

    /// These lie in the bucket as they are in the site.
    func note(_ files: [SiteFile]) async throws(JobError) {
        if files.isEmpty { return }
        try await values.set(Dictionary(files.map { ($0.key, "\($0.md5) \($0.headers)" as String?) }) { first, _ in first }, of: published)
    }

    /// These are not in the bucket any more.
    func forget(_ keys: [String]) async throws(JobError) {
        if keys.isEmpty { return }
        try await values.set(Dictionary(keys.map { ($0, nil as String?) }) { first, _ in first }, of: published)
    }

    /// These were found gone from the site, and since when.
    func note(stale: [String: Date], _ known: [String: PublishedFile]) async throws(JobError) {
        var changes: [String: String?] = [:]
        for (key, since) in stale where known[key]?.staleSince != since {
            let (md5, headers) = (known[key]?.md5 ?? "", known[key]?.headers ?? "")
            changes[key] = "\(md5.isEmpty ? PublishLedger.nothing : md5) \(headers.isEmpty ? PublishLedger.nothing : headers) \(since.timeIntervalSince1970)"
        }
        if !changes.isEmpty { try await values.set(changes, of: published) }
    }

    private static func file(_ text: String) -> PublishedFile? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 2 else { return nil }
        func digest(_ word: String) -> String { word == nothing ? "" : word }
        return PublishedFile(
            md5: digest(words[0]), headers: digest(words[1]),
            staleSince: words.count > 2 ? Double(words[2]).map(Date.init(timeIntervalSince1970:)) : nil)
    }

    func knownDigests() async throws(JobError) -> SiteDigests {
        SiteDigests(
            known: try await values.values(of: digests).compactMapValues { text in
                let words = text.split(separator: " ").map(String.init)
                return words.count == 2 ? SiteDigests.Known(mark: words[0], md5: words[1]) : nil
            })
    }

    func keep(_ new: SiteDigests, instead old: SiteDigests) async throws(JobError) {
        var changes: [String: String?] = [:]
        for (key, known) in new.known where old.known[key] != known { changes[key] = "\(known.mark) \(known.md5)" }
        for key in old.known.keys where new.known[key] == nil { changes[key] = .some(nil) }
        if !changes.isEmpty { try await values.set(changes, of: digests) }
    }
}

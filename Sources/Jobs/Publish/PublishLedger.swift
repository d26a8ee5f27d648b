import Foundation
import JobKit
import Publishing

/// What was published where, kept in the state file; and the digests of the site's files, so that they are not read again.
struct PublishLedger {
    private let values: any KeyValues
    private let published: String
    private let digests: String

    init(_ context: RunContext, _ target: BucketTarget) {
        values = context.values
        published = "publish/\(context.job)/\(target.name)/\(target.rules.prefix)"
        digests = "publish-digests/\(context.job)"
    }

    func all() async throws(JobError) -> [String: PublishedFile] { try await values.values(of: published).compactMapValues(PublishLedger.file) }

    func note(_ files: [SiteFile]) async throws(JobError) {
        try await values.set(Dictionary(files.map { ($0.key, "\($0.md5) \($0.headers)" as String?) }) { first, _ in first }, of: published)
    }

    /// Which of ours were found gone from the site, and since when; and which are gone from the bucket.
    func note(stale: [String: Date], deleted: [String], _ known: [String: PublishedFile]) async throws(JobError) {
        var changes: [String: String?] = [:]
        for (key, since) in stale {
            if let file = known[key] { changes[key] = "\(file.md5) \(file.headers) \(since.timeIntervalSince1970)" }
        }
        for (key, file) in known where file.staleSince != nil && stale[key] == nil { changes[key] = "\(file.md5) \(file.headers)" }
        for key in deleted { changes[key] = .some(nil) }
        try await values.set(changes, of: published)
    }

    private static func file(_ text: String) -> PublishedFile? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 2 else { return nil }
        return PublishedFile(md5: words[0], headers: words[1], staleSince: words.count > 2 ? Double(words[2]).map(Date.init(timeIntervalSince1970:)) : nil)
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

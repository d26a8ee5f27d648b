package import Foundation
package import Storage

/// A file that is to be published.
package struct SiteFile: Hashable, Sendable {
    package var key: String
    package var size: Int64
    /// Of the content, in lower-case hexadecimal digits.
    package var md5: String
    /// Of the headers it is to be stored with.
    package var headers: String

    package init(key: String, size: Int64, md5: String, headers: String) {
        self.key = key
        self.size = size
        self.md5 = md5
        self.headers = headers
    }
}

/// What was last published under a key.
package struct PublishedFile: Hashable, Sendable {
    /// Empty for what somebody else has put there, and only `staleSince` is remembered of.
    package var md5: String
    package var headers: String
    /// When a publication first found it gone from the site; nil while it is there.
    package var staleSince: Date?

    package init(md5: String, headers: String, staleSince: Date? = nil) {
        self.md5 = md5
        self.headers = headers
        self.staleSince = staleSince
    }
}

/// What of the bucket may be deleted.
package enum DeletionRule: String, CaseIterable, Sendable {
    case off
    /// What we have put there.
    case ours
    /// Everything under the prefix that the site does not have.
    case all
}

/// What keeps a publication from deleting too much.
package struct DeletionLimits: Hashable, Sendable {
    package var most: Int
    /// Of the objects in the bucket, from 0 to 1.
    package var share: Double
    /// How long an asset stays that no page refers to any more: somebody may still look at an old page.
    package var grace: TimeInterval

    package init(most: Int = 256, share: Double = 0.2, grace: TimeInterval = 86_400) {
        self.most = most
        self.share = share
        self.grace = grace
    }
}

/// What is to be done so that a bucket shows what a folder holds; found by comparing, without touching either.
package struct PublishPlan: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable {
        case new
        case content
        case headers
    }

    package struct Upload: Hashable, Sendable {
        package var file: SiteFile
        package var reason: Reason
        package var phase: PublishPhase
    }

    /// By phase, then by key.
    package var uploads: [Upload] = []
    package var unchanged = 0
    /// Unchanged files of which nothing, or something else, is remembered: they are ours from now on.
    package var adopted: [SiteFile] = []
    /// Remembered keys that are neither in the bucket nor in the site.
    package var forgotten: [String] = []
    /// Keys that go once everything has been uploaded.
    package var deletions: [String] = []
    /// Keys that are stale and stay for now: still in grace, somebody else's, or deletion is off.
    package var spared: [String] = []
    /// Why nothing is deleted though something should be.
    package var refusal: String?
    /// When each stale key that may be deleted was first found so.
    package var staleSince: [String: Date] = [:]

    /// Whether the site has a page for addresses that lead nowhere.
    package private(set) var hasErrorPage = false

    /// A word about sites of which nearly every page changes each time, though nobody has changed them.
    package var noteOfChurn: String? {
        let pages = pageCount
        let changed = uploads.count { $0.reason == .content && $0.phase >= .pages }
        guard pages >= 20, changed * 5 > pages * 4 else { return nil }
        return "\(changed) of \(pages) pages have changed; if the theme has not, something in each page differs from build to build, such as a date"
    }

    private var pageCount = 0

    package var uploadBytes: Int64 { uploads.reduce(0) { $0 + $1.file.size } }

    /// - Parameters:
    ///   - site: What the bucket is to show.
    ///   - bucket: What lies under the prefix.
    ///   - ledger: What we published there before, by key.
    ///   - prefix: What stands in front of every key.
    ///   - protected: Whether a key is never deleted.
    package init(
        site: [SiteFile], bucket: [BucketObject], ledger: [String: PublishedFile], prefix: String = "", rule: DeletionRule, limits: DeletionLimits,
        at now: Date, protected: (String) -> Bool = { _ in false }
    ) {
        func phase(_ key: String) -> PublishPhase { .of(String(key.dropFirst(prefix.count))) }
        pageCount = site.count { phase($0.key) >= .pages }
        hasErrorPage = site.contains { $0.key == prefix + "404.html" }
        let remote = Dictionary(bucket.map { ($0.key, $0) }) { first, _ in first }
        for file in site {
            guard let reason = PublishPlan.reason(file, remote[file.key], ledger[file.key]) else {
                unchanged += 1
                let remembered = ledger[file.key]
                if remembered?.md5 != file.md5 || remembered?.staleSince != nil { adopted.append(file) }
                continue
            }
            uploads.append(Upload(file: file, reason: reason, phase: phase(file.key)))
        }
        uploads.sort { ($0.phase, $0.file.key) < ($1.phase, $1.file.key) }
        let wanted = Set(site.map(\.key))
        // The front page is never deleted: a site without one is no site.
        let stale = bucket.filter { !wanted.contains($0.key) && !protected($0.key) && $0.key != prefix + "index.html" }
        var (doomed, spared): ([String], [String]) = ([], [])
        for object in stale.sorted(by: { $0.key < $1.key }) where PublishPlan.mayGo(object, ledger[object.key], rule) {
            let since = ledger[object.key]?.staleSince ?? now
            staleSince[object.key] = since
            let isInGrace = phase(object.key) == .assets && now.timeIntervalSince(since) < limits.grace
            if isInGrace { spared.append(object.key) } else { doomed.append(object.key) }
        }
        let others = Set(stale.map(\.key)).subtracting(doomed).subtracting(spared)
        spared += others.sorted()
        self.spared = spared
        adopted.sort { $0.key < $1.key }
        forgotten = ledger.keys.filter { remote[$0] == nil && !wanted.contains($0) }.sorted()
        let hasLostFront = remote[prefix + "index.html"] != nil && !wanted.contains(prefix + "index.html")
        refusal =
            hasLostFront && !doomed.isEmpty
            ? "the site has no index.html any more" : PublishPlan.refusal(doomed.count, of: bucket.count, limits)
        if refusal == nil { deletions = doomed } else { self.spared += doomed }
    }

    private static func reason(_ file: SiteFile, _ object: BucketObject?, _ published: PublishedFile?) -> Reason? {
        guard let object else { return .new }
        if object.size != file.size { return .content }
        // An object that was put in parts has no digest in the listing: what we remember of it counts then.
        if let digest = object.md5 ?? published?.md5 { if digest != file.md5 { return .content } } else { return .content }
        if let published, published.md5 == file.md5, published.headers != file.headers { return .headers }
        return nil
    }

    private static func mayGo(_ object: BucketObject, _ published: PublishedFile?, _ rule: DeletionRule) -> Bool {
        switch rule {
        case .off: false
        case .all: true
        case .ours:
            // What somebody else has put in the place of ours is theirs.
            published.map { !$0.md5.isEmpty && (object.md5 == nil || object.md5 == $0.md5) } ?? false
        }
    }

    private static func refusal(_ count: Int, of all: Int, _ limits: DeletionLimits) -> String? {
        if count > limits.most { return "\(count) objects would be deleted, and at most \(limits.most) may be" }
        // A handful is no harm, whatever share of a small site it is; no share at all means none.
        if count > (limits.share == 0 ? 0 : 10), Double(count) > limits.share * Double(all) {
            return "\(count) of \(all) objects would be deleted, and at most \(Int((limits.share * 100).rounded())) % may be"
        }
        return nil
    }
}

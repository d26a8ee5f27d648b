package import Files
package import Foundation
package import Buckets

/// A file that is to be published.
package struct SiteFile: Hashable, Sendable {
    /// With the prefix.
    package var key: ByteKey
    /// In bytes.
    package var size: Int64
    /// Of the content, in lower-case hexadecimal digits.
    package var md5: String
    /// Fingerprint of the headers it is to be stored with; see `HeaderRules.fingerprint`.
    package var headers: String
    /// The media type of its content; nil where it is judged by its name only.
    package var type: String?

    package init(key: ByteKey, size: Int64, md5: String, headers: String, type: String? = nil) {
        self.key = key
        self.size = size
        self.md5 = md5
        self.headers = headers
        self.type = type
    }
}

/// What was last published under a key.
package struct PublishedFile: Hashable, Sendable {
    /// MD5 of the content in lower-case hexadecimal digits. Empty for what someone else has put there, of which only `staleSince` is remembered.
    package var md5: String
    /// Fingerprint of the headers it was stored with; see `HeaderRules.fingerprint`.
    package var headers: String
    /// When a publication first found it gone from the site; nil while it is there.
    package var staleSince: Date?

    package init(md5: String, headers: String, staleSince: Date? = nil) {
        self.md5 = md5
        self.headers = headers
        self.staleSince = staleSince
    }
}

/// Which objects of the bucket may be deleted.
package enum DeletionRule: String, CaseIterable, Sendable {
    /// None.
    case off
    /// Those that we have put there, and that nobody has replaced since.
    case ours
    /// All under the prefix that the site does not have.
    case all
}

/// What keeps a publication from deleting too much.
package struct DeletionLimits: Hashable, Sendable {
    /// The most objects that one publication may delete.
    package var most: Int
    /// The most of the objects under the prefix that one publication may delete, from 0 to 1; up to 10 are always allowed, unless it is 0.
    package var share: Double
    /// How long an asset that is no longer in the site stays, in seconds: a visitor may still have an old page open.
    package var grace: TimeInterval

    package init(most: Int = 256, share: Double = 0.2, grace: TimeInterval = 86_400) {
        self.most = most
        self.share = share
        self.grace = grace
    }
}

/// What is to be done so that a bucket serves what a folder holds. Pure: compares listings, and touches neither.
package struct PublishPlan: Hashable, Sendable {
    /// Why a file is uploaded. The raw values are part of outputs.
    package enum Reason: String, Hashable, Sendable {
        case new
        /// Its size or digest differs, or is not known.
        case content
        /// Only the headers differ from those that were last published.
        case headers
    }

    /// A file to be uploaded, and when.
    package struct Upload: Hashable, Sendable {
        package var file: SiteFile
        package var reason: Reason
        package var phase: PublishPhase
    }

    /// By phase, then by key.
    package var uploads: [Upload] = []
    /// How many files need no upload.
    package var unchanged = 0
    /// Unchanged files of which nothing, or something else, is remembered: they are ours from now on.
    package var adopted: [SiteFile] = []
    /// Remembered keys that are neither in the bucket nor in the site.
    package var forgotten: [ByteKey] = []
    /// Keys that go once everything has been uploaded.
    package var deletions: [ByteKey] = []
    /// Keys that are stale and stay for now: still in grace, someone else's, or deletion is off.
    package var spared: [ByteKey] = []
    /// Why nothing is deleted though something should be.
    package var refusal: String?
    /// When each stale key that may be deleted was first found so.
    package var staleSince: [ByteKey: Date] = [:]

    /// Whether the site has a page for addresses that lead nowhere.
    package private(set) var hasErrorPage = false

    /// A warning where more than four fifths of at least 20 pages have changed, though the same pages exist; nil otherwise.
    package var noteOfChurn: String? {
        let changed = uploads.count { $0.reason == .content && $0.phase >= .pages }
        guard pageCount >= 20, changed * 5 > pageCount * 4, hasSamePages else { return nil }
        return "\(changed) of \(pageCount) pages have changed; if the theme has not, something in each page differs from build to build, such as a date"
    }

    private var pageCount = 0
    /// A page that has come or gone changes those that list it.
    private var hasSamePages = true

    /// Bytes of all uploads together.
    package var uploadBytes: Int64 { uploads.reduce(0) { $0 + $1.file.size } }

    /// - Parameters:
    ///   - site: What the bucket is to show.
    ///   - bucket: What is under the prefix.
    ///   - ledger: What we published there before, by key.
    ///   - prefix: What is in front of every key.
    ///   - protected: Whether a key is never deleted.
    package init(
        site: [SiteFile], bucket: [BucketObject], ledger: [ByteKey: PublishedFile], prefix: String = "", rule: DeletionRule, limits: DeletionLimits,
        at now: Date, protected: (ByteKey) -> Bool = { _ in false }
    ) {
        func phase(_ key: ByteKey, _ type: String? = nil) -> PublishPhase { .of(key.below(prefix), type: type) }
        let front = ByteKey(prefix + "index.html")
        let errorPage = ByteKey(prefix + "404.html")
        hasErrorPage = site.contains { $0.key == errorPage }
        let remote = Dictionary(bucket.map { (ByteKey($0.key), $0) }) { first, _ in first }
        for file in site {
            let phase = phase(file.key, file.type)
            if phase >= .pages { pageCount += 1 }
            guard let reason = PublishPlan.reason(file, remote[file.key], ledger[file.key]) else {
                unchanged += 1
                let remembered = ledger[file.key]
                if remembered?.md5 != file.md5 || remembered?.staleSince != nil { adopted.append(file) }
                continue
            }
            uploads.append(Upload(file: file, reason: reason, phase: phase))
        }
        uploads.sort { ($0.phase, $0.file.key) < ($1.phase, $1.file.key) }
        let wanted = Set(site.map(\.key))
        // The front page is never deleted: a site can't be without one.
        let stale = remote.keys.filter { !wanted.contains($0) && !protected($0) && $0 != front }.sorted()
        hasSamePages = !uploads.contains { $0.reason == .new && $0.phase >= .pages } && !stale.contains { phase($0) >= .pages }
        var (doomed, spared): ([ByteKey], [ByteKey]) = ([], [])
        for key in stale where PublishPlan.mayGo(remote[key], ledger[key], rule) {
            let since = ledger[key]?.staleSince ?? now
            staleSince[key] = since
            let isInGrace = phase(key) == .assets && now.timeIntervalSince(since) < limits.grace
            if isInGrace { spared.append(key) } else { doomed.append(key) }
        }
        let others = Set(stale).subtracting(doomed).subtracting(spared)
        spared += others.sorted()
        self.spared = spared
        adopted.sort { $0.key < $1.key }
        forgotten = ledger.keys.filter { remote[$0] == nil && !wanted.contains($0) }.sorted()
        let hasLostFront = remote[front] != nil && !wanted.contains(front)
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

    private static func mayGo(_ object: BucketObject?, _ published: PublishedFile?, _ rule: DeletionRule) -> Bool {
        switch rule {
        case .off: false
        case .all: true
        case .ours:
            // An object that has replaced ours belongs to someone else.
            published.map { !$0.md5.isEmpty && (object?.md5 == nil || object?.md5 == $0.md5) } ?? false
        }
    }

    private static func refusal(_ count: Int, of all: Int, _ limits: DeletionLimits) -> String? {
        if count > limits.most { return "\(count) objects would be deleted, and at most \(limits.most) may be" }
        // A few deletions are harmless, whatever share of a small site they are; a share of 0 means none.
        if count > (limits.share == 0 ? 0 : 10), Double(count) > limits.share * Double(all) {
            return "\(count) of \(all) objects would be deleted, and at most \(Int((limits.share * 100).rounded())) % may be"
        }
        return nil
    }
}

extension ByteKey {
    /// Without a prefix that it has.
    package func below(_ prefix: String) -> String {
        prefix.isEmpty ? text : String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}

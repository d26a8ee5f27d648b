/// What a publication did, or would do.
package struct PublicationFacts: Hashable, Sendable, Codable {
    /// Whether it was only looked at what would be done; the counts are of that then.
    package var isDryRun: Bool
    /// Of the site.
    package var files: Int
    package var uploaded: Int
    package var deleted: Int
    package var unchanged: Int
    /// Bytes of what was uploaded.
    package var bytes: Int64
    /// Names that could not be published.
    package var skipped: Int
    /// What is wrong with how visitors see the site, and deletions that were refused.
    package var problems: Int
    /// Where visitors find the site.
    package var url: String?
    /// Each change in a line of its own; only of a dry run.
    package var plan: [String]
    /// Pages of the build that came before; nil where nothing was built.
    package var pages: Int?

    package init(
        isDryRun: Bool = false, files: Int = 0, uploaded: Int = 0, deleted: Int = 0, unchanged: Int = 0, bytes: Int64 = 0, skipped: Int = 0,
        problems: Int = 0, url: String? = nil, plan: [String] = [], pages: Int? = nil
    ) {
        self.isDryRun = isDryRun
        self.files = files
        self.uploaded = uploaded
        self.deleted = deleted
        self.unchanged = unchanged
        self.bytes = bytes
        self.skipped = skipped
        self.problems = problems
        self.url = url
        self.plan = plan
        self.pages = pages
    }

    var outputs: [String: OutputValue] {
        var values: [String: OutputValue] = [
            "files": .init(files), "unchanged": .init(unchanged), "bytes": .integer(bytes), "skipped": .init(skipped),
        ]
        if isDryRun {
            values["uploads"] = .init(uploaded)
            values["deletions"] = .init(deleted)
            values["plan"] = .text(plan.joined(separator: "\n"))
        } else {
            values["url"] = .text(url ?? "")
            values["uploaded"] = .init(uploaded)
            values["deleted"] = .init(deleted)
            values["problems"] = .init(problems)
        }
        values["pages"] = pages.map { .init($0) }
        return values
    }
}

/// What a request that keeps the place awake came to.
package enum KeepaliveFacts: Hashable, Sendable, Codable {
    case answered(status: Int, milliseconds: Int64)
    /// It failed, for the so manieth time in a row, which is not often enough to count.
    case missed(failures: Int)

    var outputs: [String: OutputValue] {
        switch self {
        case .answered(let status, let milliseconds): ["status": .init(status), "latency_ms": .integer(milliseconds)]
        case .missed(let failures): ["failures": .init(failures)]
        }
    }
}

/// What was changed in a file of settings.
package struct SettingsFacts: Hashable, Sendable, Codable {
    package var changed: Int
    /// Values that the app's own check refused.
    package var rejected: Int

    package init(changed: Int, rejected: Int = 0) {
        self.changed = changed
        self.rejected = rejected
    }

    var outputs: [String: OutputValue] { ["changed": .init(changed), "rejected": .init(rejected)] }
}

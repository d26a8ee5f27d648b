/// What a publication did, or would do.
package struct PublicationFacts: Hashable, Sendable, Codable {
    /// Whether it was a dry run; the counts are of what would be done then.
    package var isDryRun: Bool
    /// Files of the site.
    package var files: Int
    /// Files that were uploaded.
    package var uploaded: Int
    /// Objects that were deleted.
    package var deleted: Int
    /// Files that needed no upload.
    package var unchanged: Int
    /// Bytes of what was uploaded.
    package var bytes: Int64
    /// Names that could not be published.
    package var skipped: Int
    /// What is wrong with how visitors see the site, and deletions that were refused.
    package var problems: Int
    /// The site's address.
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

/// The result of a request that prevents the container from being put to sleep.
package enum KeepaliveFacts: Hashable, Sendable, Codable {
    /// `arrival` is the way by which the request came in at the own public port; nil where that was not looked for.
    case answered(status: Int, milliseconds: Int64, arrival: Arrival?)
    /// It failed, this many times in a row, which is below the configured limit. `cause` is nil in records of versions before 0.2.
    case missed(failures: Int, cause: Cause?)

    /// Why a request does not count. The raw values are part of outputs.
    package enum Cause: String, Hashable, Sendable, Codable {
        /// There was no answer, and the request has not arrived as far as is known.
        case noAnswer = "no answer"
        /// The answer has another status, or lacks a header, than the settings ask for.
        case unexpectedAnswer = "unexpected answer"
        /// The request was sent and is not seen at the own public port, though nothing else is known to have answered it.
        case neverArrived = "never arrived"
        /// Something else than this container has answered.
        case answeredByAnother = "answered by another"
        /// The answer asks for a login.
        case login
        /// The answer of a private Space to requests without a token.
        case privateSpace = "private Space"
        /// Whether requests arrive is to be seen, and can't be.
        case notSeen = "not seen"
    }

    var outputs: [String: OutputValue] {
        switch self {
        case .answered(let status, let milliseconds, let arrival):
            ["status": .init(status), "latency_ms": .integer(milliseconds)].merging(arrival.map { ["arrival": .text($0.rawValue)] } ?? [:]) { $1 }
        case .missed(let failures, let cause):
            ["failures": .init(failures)].merging(cause.map { ["cause": .text($0.rawValue)] } ?? [:]) { $1 }
        }
    }
}

/// What was changed in a file of settings.
package struct SettingsFacts: Hashable, Sendable, Codable {
    /// Keys with another value than before.
    package var changed: Int
    /// Values that the app's own check refused.
    package var rejected: Int

    package init(changed: Int, rejected: Int = 0) {
        self.changed = changed
        self.rejected = rejected
    }

    var outputs: [String: OutputValue] { ["changed": .init(changed), "rejected": .init(rejected)] }
}

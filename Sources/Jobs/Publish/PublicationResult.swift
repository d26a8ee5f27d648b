package import JobKit
package import Publishing
import Settings

/// What a publication has done, or would do.
package struct PublicationResult: Hashable, Sendable {
    /// Names that a summary spells out.
    private static let mostNamed = 2

    /// Whether it was a dry run; the counts are of what would be done then.
    package var isDryRun = false
    /// Files of the site.
    package var files = 0
    /// Files that were uploaded, by what was the reason.
    package var uploaded: [PublishPlan.Reason: Int] = [:]
    /// Bytes of the content that was uploaded.
    package var bytes: Int64 = 0
    /// Objects that were deleted.
    package var deleted = 0
    /// Files that needed no upload.
    package var unchanged = 0
    /// Objects that the site does not have any more, and that were left alone.
    package var spared = 0
    /// Names in the folder that could not be published; the rest was.
    package var skipped: [SkippedName] = []
    /// Why nothing was deleted though something should be.
    package var refusal: String?
    /// What is wrong with how visitors see the site.
    package var problems: [String] = []
    /// The site's address.
    package var url: String?
    /// Each change in a line of its own; a dry run lists them.
    package var changes: [String] = []

    package init() {}

    /// How many files were uploaded.
    package var countUploaded: Int { uploaded.values.reduce(0, +) }

    /// One line for the run's summary.
    package var summary: String { isDryRun ? foreseen : done }

    private var foreseen: String {
        let parts = [
            (uploaded[.new] ?? 0, "new"), (uploaded[.content] ?? 0, "changed"), (uploaded[.headers] ?? 0, "with other headers"), (deleted, "to delete"),
            (unchanged, "unchanged"), (spared, "stale left alone"),
        ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
        let refused = refusal.map { "; nothing would be deleted: \($0)" } ?? ""
        return "dry run: \(parts.joined(separator: ", ")), \(ByteSizeText.readable(bytes)) to upload\(refused)\(left); nothing was changed"
    }

    private var done: String {
        let sent = countUploaded == 0 ? "nothing new" : "\(countUploaded.counted("file")) uploaded (\(ByteSizeText.readable(bytes)))"
        let deleted = deleted == 0 ? "" : ", \(deleted) deleted"
        let spared = spared == 0 || refusal != nil ? "" : ", \(spared) stale left alone"
        let refused = refusal.map { "; nothing was deleted: \($0) (max_delete, max_delete_percent)" } ?? ""
        let more = problems.count > 1 ? " (and \((problems.count - 1).counted("more problem")) in the log)" : ""
        let first = problems.first.map { "; \($0)\(more)" } ?? ""
        return "\(sent), \(unchanged) unchanged\(deleted)\(spared)\(left)\(refused)\(first)\(url.map { " – \($0)" } ?? "")"
    }

    /// What was left out, by name.
    private var left: String {
        guard !skipped.isEmpty else { return "" }
        let named = skipped.prefix(PublicationResult.mostNamed).map { "\($0.shortName) (\($0.cause): \($0.remedy))" }
        let more = skipped.count > named.count ? named + ["\(skipped.count - named.count) more in the log"] : named
        return "; \(skipped.count.counted("name")) left out: \(more.joined(separator: ", "))"
    }

    /// The result as it is recorded. Problems that visitors see are marked as needing manual action.
    package var report: RunReport {
        let facts = PublicationFacts(
            isDryRun: isDryRun, files: files, uploaded: countUploaded, deleted: deleted, unchanged: unchanged, bytes: bytes, skipped: skipped.count,
            problems: problems.count + (refusal == nil ? 0 : 1), url: url, plan: changes)
        let hint = "look at it with --dry-run; max_delete and max_delete_percent allow more"
        let refused = refusal.map { Attention("nothing was deleted from the site: \($0)", hint: hint) }
        let seen = problems.map { Attention("the site: \($0)") }
        return RunReport(summary: summary, result: .publication(facts), attention: isDryRun ? [] : seen + (refused.map { [$0] } ?? []))
    }
}

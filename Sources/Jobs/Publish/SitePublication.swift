import Files
import Foundation
import HTTPClient
import JobKit
import Publishing
import Storage
import Synchronization

/// One publication, from the look at the folder to the look at the site.
struct SitePublication {
    /// Changes that are told one by one.
    private static let mostTold = 20
    /// Changes that a dry run keeps in its outputs.
    private static let mostKept = 2000
    /// Uploads that are noted together.
    private static let notedTogether = 50

    let folder: String
    let target: BucketTarget
    let probe: String?
    let http: any HTTPTransport
    let context: RunContext

    func run() async throws(JobError) -> RunReport {
        let bucket = try target.open(http: http, context)
        let ledger = PublishLedger(context, target)
        // The bucket is listed while the folder is read.
        async let listing = SitePublication.list(bucket, target.rules.prefix)
        let (files, site) = try await look(ledger)
        let known = try await ledger.all()
        let listed = try await listing.get()
        let (kept, prefix) = (target.rules.keep.compactMap { PathPattern($0) }, target.rules.prefix)
        let plan = PublishPlan(
            site: site, bucket: listed, ledger: known, prefix: prefix, rule: target.rules.deletion, limits: target.rules.limits, at: context.clock.now
        ) {
            let names = $0.dropFirst(prefix.count).split(separator: "/").map { Array($0.utf8) }
            return kept.contains { $0.covers(names) }
        }
        tell(plan)
        if context.isDryRun { return foreseen(plan, files: site.count) }
        try await ledger.note(plan.adopted)
        try await ledger.forget(plan.forgotten)
        let doomed = Set(plan.deletions)
        try await ledger.note(stale: plan.staleSince.filter { !doomed.contains($0.key) }, known)
        let report = try await carryOut(plan, bucket, files, ledger)
        let problems = await look(at: plan, files) + website(bucket, plan)
        for problem in problems { context.log("note: \(problem)") }
        return summary(plan, report, problems, files: site.count)
    }

    // MARK: Steps

    private static func list(_ bucket: any Bucket, _ prefix: String) async -> Result<[BucketObject], JobError> {
        do throws(StorageError) { return .success(try await bucket.list(prefix: prefix)) } catch { return .failure(SitePublication.error(error)) }
    }

    private func look(_ ledger: PublishLedger) async throws(JobError) -> (files: [String: ScannedFile], site: [SiteFile]) {
        context.report(RunProgress(step: "reading", done: 0, unit: "files"))
        let known = try await ledger.knownDigests()
        let (folder, prefix, rules) = (folder, target.rules.prefix, target.rules.headers)
        let found: (files: [ScannedFile], site: [SiteFile], digests: SiteDigests)
        do throws(SiteError) {
            found = try await OwnThread.run { flag throws(SiteError) in
                let scan = try SiteScan(folder, prefix: prefix, flag)
                guard !scan.files.isEmpty else {
                    throw SiteError("\(folder) holds no files, and an empty site is not published", hint: "has the site been built?")
                }
                var digests = known
                let site = try digests.site(scan.files, rules, prefix: prefix, flag)
                return (scan.files, site, digests)
            }
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        try await ledger.keep(found.digests, instead: known)
        return (Dictionary(found.files.map { ($0.key, $0) }) { first, _ in first }, found.site)
    }

    private static func lines(of plan: PublishPlan) -> [String] {
        plan.uploads.map { "+ \($0.file.key) (\($0.reason.rawValue))" } + plan.deletions.map { "- \($0) (stale)" }
    }

    /// Says what will be done and why, as far as a log can bear it.
    private func tell(_ plan: PublishPlan) {
        let lines = SitePublication.lines(of: plan)
        let most = context.isDryRun ? lines.count : SitePublication.mostTold
        for line in lines.prefix(most) { context.log(line) }
        if lines.count > most { context.log("and \(lines.count - most) more changes") }
        if context.isDryRun {
            for key in plan.spared { context.log("= \(key) (stale, left alone)") }
        }
        if let note = plan.noteOfChurn { context.log("note: \(note)") }
        if let refusal = plan.refusal { context.log("note: nothing is deleted: \(refusal); raise max_delete or max_delete_percent if that is right") }
    }

    private func carryOut(
        _ plan: PublishPlan, _ bucket: any Bucket, _ files: [String: ScannedFile], _ ledger: PublishLedger
    ) async throws(JobError) -> Publisher.Report {
        let pending = Mutex<[SiteFile]>([])
        let unrecorded = Mutex<JobError?>(nil)
        let (context, rules, prefix) = (context, target.rules.headers, target.rules.prefix)
        @Sendable func record(_ change: @Sendable () async throws(JobError) -> Void) async {
            do throws(JobError) { try await change() } catch { unrecorded.withLock { $0 = $0 ?? error } }
        }
        @Sendable func flush() async {
            let files = pending.withLock { files in
                defer { files = [] }
                return files
            }
            await record { () throws(JobError) in try await ledger.note(files) }
        }
        let result: Result<Publisher.Report, StorageError>
        do throws(StorageError) {
            let report = try await Publisher(bucket: bucket, connections: target.rules.connections).carryOut(
                plan,
                content: { file throws(FileError) in try .file(files[file.key]?.path ?? "") },
                headers: { rules.headers(of: String($0.key.dropFirst(prefix.count))) },
                onEvent: { event in
                    switch event {
                    case .uploaded(let file, let done, let total):
                        context.report(RunProgress(step: "uploading", done: Int64(done), total: Int64(total), unit: "files"))
                        let count = pending.withLock { files in
                            files.append(file)
                            return files.count
                        }
                        if count >= SitePublication.notedTogether { await flush() }
                    case .deleted(let keys): await record { () throws(JobError) in try await ledger.forget(keys) }
                    case .slowedDown(let connections): context.log("the service asks for less at once: going on with \(connections.counted("connection"))")
                    }
                })
            result = .success(report)
        } catch {
            result = .failure(error)
        }
        await flush()
        if let error = unrecorded.withLock({ $0 }) { throw error }
        return try result.mapError(SitePublication.error).get()
    }

    private func look(at plan: PublishPlan, _ files: [String: ScannedFile]) async -> [String] {
        guard let probe else { return [] }
        let page = plan.uploads.last { $0.phase >= .pages && $0.reason != .headers }?.file
        return await SiteProbe(http: http, address: probe).look(changed: page.map { (String($0.key.dropFirst(target.rules.prefix.count)), $0.md5) }) {
            $0.md5Digits
        }
    }

    /// What is wrong with how the bucket shows pages, after it was set right where that is asked.
    private func website(_ bucket: any Bucket, _ plan: PublishPlan) async -> [String] {
        guard let client = bucket as? BucketClient, target.rules.website == .set || target.rules.website == .check && !plan.uploads.isEmpty,
            target.rules.prefix.isEmpty
        else { return [] }
        let wanted = BucketWebsite.usual(hasErrorPage: plan.hasErrorPage)
        do throws(StorageError) {
            let found = try await client.website()
            if found?.serves(wanted) == true { return [] }
            guard target.rules.website == .set else { return [wanted.shortcomings(of: found)] }
            if let found, found.hasMore {
                return ["the bucket's website settings have rules for redirects or other origins, which setting them would erase; change them in the console"]
            }
            let new = found.map(wanted.keeping) ?? wanted
            try await client.set(new)
            context.log("the bucket's website settings were set: \(new.description)")
            return []
        } catch {
            // A key for uploads alone may not look at this, which is no mistake.
            return error.kind == .unauthorized && target.rules.website == .check ? [] : ["the bucket's website settings: \(error.message)"]
        }
    }

    private func foreseen(_ plan: PublishPlan, files: Int) -> RunReport {
        let (new, content) = (plan.uploads.count { $0.reason == .new }, plan.uploads.count { $0.reason == .content })
        let parts = [
            (new, "new"), (content, "changed"), (plan.uploads.count - new - content, "with other headers"), (plan.deletions.count, "to delete"),
            (plan.unchanged, "unchanged"), (plan.spared.count, "stale left alone"),
        ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
        return RunReport(
            summary:
                "dry run: \(parts.joined(separator: ", ")), \(ByteSizeText.readable(plan.uploadBytes)) to upload\(plan.refusal.map { "; nothing would be deleted: \($0)" } ?? ""); nothing was changed",
            outputs: [
                "files": "\(files)", "uploads": "\(plan.uploads.count)", "deletions": "\(plan.deletions.count)", "unchanged": "\(plan.unchanged)",
                "bytes": "\(plan.uploadBytes)", "plan": SitePublication.lines(of: plan).prefix(SitePublication.mostKept).joined(separator: "\n"),
            ])
    }

    private func summary(_ plan: PublishPlan, _ report: Publisher.Report, _ problems: [String], files: Int) -> RunReport {
        let deleted = report.deleted == 0 ? "" : ", \(report.deleted) deleted"
        let refused = plan.refusal.map { "; nothing was deleted: \($0) (max_delete, max_delete_percent)" } ?? ""
        let more = problems.count > 1 ? " (and \((problems.count - 1).counted("more problem")) in the log)" : ""
        let troubles = problems.isEmpty ? "" : "; \(problems[0])\(more)"
        let spared = plan.spared.isEmpty || plan.refusal != nil ? "" : ", \(plan.spared.count) stale left alone"
        let uploaded = report.uploaded == 0 ? "nothing new" : "\(report.uploaded.counted("file")) uploaded (\(ByteSizeText.readable(report.bytes)))"
        let address = probe.map { " – \($0)" } ?? ""
        return RunReport(
            summary: "\(uploaded), \(plan.unchanged) unchanged\(deleted)\(spared)\(refused)\(troubles)\(address)",
            outputs: [
                "url": probe ?? "",
                "files": "\(files)", "uploaded": "\(report.uploaded)", "unchanged": "\(plan.unchanged)", "deleted": "\(report.deleted)",
                "bytes": "\(report.bytes)", "problems": "\(problems.count + (plan.refusal == nil ? 0 : 1))",
            ])
    }

    private static func error(_ error: StorageError) -> JobError {
        let retry: JobError.Retry =
            switch error.kind {
            case .limited(let wait): .after(wait)
            case .unavailable, .damaged: .worthwhile
            case .missing, .unauthorized, .stale, .full, .cancelled: .pointless
            }
        return JobError(error.message, hint: error.hint, retry: retry)
    }
}

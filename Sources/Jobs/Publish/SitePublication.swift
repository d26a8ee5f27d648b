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
    /// Uploads that are noted together.
    private static let notedTogether = 50

    let folder: String
    let target: PublishTarget
    let probe: String?
    let http: any HTTPTransport
    let context: RunContext

    func run() async throws(JobError) -> RunReport {
        let bucket = try target.open(http: http, context)
        let ledger = PublishLedger(context, target)
        let (files, site) = try await look(ledger)
        let known = try await ledger.all()
        let listed: [BucketObject]
        do { listed = try await bucket.list(prefix: target.prefix) } catch { throw SitePublication.error(error) }
        let plan = PublishPlan(site: site, bucket: listed, ledger: known, rule: target.deletion, limits: target.limits, at: context.clock.now)
        tell(plan)
        let report = try await carryOut(plan, bucket, files, ledger)
        try await ledger.note(stale: plan.staleSince.filter { !plan.deletions.contains($0.key) }, deleted: plan.deletions, known)
        let problems = await look(at: plan, files)
        for problem in problems { context.log("note: \(problem)") }
        return summary(plan, report, problems, files: site.count)
    }

    // MARK: Steps

    private func look(_ ledger: PublishLedger) async throws(JobError) -> (files: [String: ScannedFile], site: [SiteFile]) {
        context.report(RunProgress(step: "reading", done: 0, unit: "files"))
        let known = try await ledger.knownDigests()
        let (folder, prefix, rules) = (folder, target.prefix, target.rules)
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

    /// Says what will be done and why, as far as a log can bear it.
    private func tell(_ plan: PublishPlan) {
        let lines = plan.uploads.map { "+ \($0.file.key) (\($0.reason.rawValue))" } + plan.deletions.map { "- \($0) (stale)" }
        for line in lines.prefix(SitePublication.mostTold) { context.log(line) }
        if lines.count > SitePublication.mostTold { context.log("and \(lines.count - SitePublication.mostTold) more changes") }
        if let refusal = plan.refusal { context.log("note: nothing is deleted: \(refusal); raise max_delete or max_delete_percent if that is right") }
    }

    private func carryOut(
        _ plan: PublishPlan, _ bucket: any Bucket, _ files: [String: ScannedFile], _ ledger: PublishLedger
    ) async throws(JobError) -> Publisher.Report {
        let pending = Mutex<[SiteFile]>([])
        let (context, rules, prefix) = (context, target.rules, target.prefix)
        @Sendable func flush() async {
            try? await ledger.note(
                pending.withLock { files in
                    defer { files = [] }; return files
                })
        }
        do throws(StorageError) {
            let report = try await Publisher(bucket: bucket, connections: target.connections).carryOut(
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
                    case .deleted: break
                    case .slowedDown(let connections): context.log("the service asks for less at once: going on with \(connections.counted("connection"))")
                    }
                })
            await flush()
            return report
        } catch {
            await flush()
            throw SitePublication.error(error)
        }
    }

    private func look(at plan: PublishPlan, _ files: [String: ScannedFile]) async -> [String] {
        guard let probe else { return [] }
        let page = plan.uploads.last { $0.phase >= .pages && $0.reason != .headers }?.file
        return await SiteProbe(http: http, address: probe).look(changed: page.map { (String($0.key.dropFirst(target.prefix.count)), $0.md5) }) { $0.md5Digits }
    }

    private func summary(_ plan: PublishPlan, _ report: Publisher.Report, _ problems: [String], files: Int) -> RunReport {
        let deleted = report.deleted == 0 ? "" : ", \(report.deleted) deleted"
        let refused = plan.refusal == nil ? "" : "; nothing was deleted"
        let troubles = problems.isEmpty ? "" : "; \(problems[0])"
        let uploaded = report.uploaded == 0 ? "nothing new" : "\(report.uploaded.counted("file")) uploaded (\(ByteSizeText.readable(report.bytes)))"
        return RunReport(
            summary: "\(uploaded), \(plan.unchanged) unchanged\(deleted)\(refused)\(troubles)",
            outputs: [
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

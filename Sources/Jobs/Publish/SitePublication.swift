import Buckets
import Files
import Foundation
import HTTPClient
import JobKit
import Publishing
import Settings
import Storage
import Synchronization

/// One publication, from the look at the folder to the look at the site.
struct SitePublication {
    /// Changes that are reported one by one.
    private static let mostTold = 20
    /// Changes that a dry run keeps in its outputs.
    private static let mostKept = 2000
    /// Uploads that are noted together.
    private static let notedTogether = 50
    /// How often a site is looked at whose settings were just made.
    private static let patientLooks = 3
    private static let pauseOfLooks = Duration.seconds(2)

    /// The site that is published.
    enum Source: Sendable {
        case folder(String)
        /// One that was read already.
        /// - Parameter hasSameSource: Whether what it was built from is known to be the same as last time.
        case reading(SiteReading, hasSameSource: Bool)

        /// Whether pages that differ are worth a note: not where their sources have changed.
        var maySayChurn: Bool {
            switch self {
            case .folder: true
            case .reading(_, let hasSameSource): hasSameSource
            }
        }
    }

    let source: Source
    let target: BucketTarget
    let probe: String?
    let http: any HTTPTransport
    let context: RunContext

    func run() async throws(JobError) -> PublicationResult {
        let bucket = try target.open(http: http, context)
        let ledger = PublishLedger(context, target)
        // The bucket is listed while the folder is read.
        async let listing = SitePublication.list(bucket, target.rules.prefix)
        let (reading, site) = try await read()
        let known = try await ledger.all()
        let listed = try await listing.get()
        let plan = plan(reading, site, listed, known)
        tell(plan, reading)
        var result = result(plan, reading)
        if context.isDryRun { return result }
        try await ledger.note(plan.adopted)
        try await ledger.forget(plan.forgotten)
        let doomed = Set(plan.deletions)
        try await ledger.note(stale: plan.staleSince.filter { !doomed.contains($0.key) }, known)
        let report = try await carryOut(plan, bucket, reading, ledger)
        (result.bytes, result.deleted) = (report.bytes, report.deleted)
        // The site is looked at once its settings are as they shall be.
        let settings = await website(bucket, plan)
        result.problems = settings.problems
        result.problems += await look(at: plan, patiently: settings.wereSet)
        for problem in result.problems { context.log("note: \(problem)") }
        return result
    }

    // MARK: Steps

    private static func list(_ bucket: any Bucket, _ prefix: String) async -> Result<[BucketObject], JobError> {
        do throws(StorageError) { return .success(try await bucket.list(prefix: prefix)) } catch { return .failure(SitePublication.error(error)) }
    }

    private func read() async throws(JobError) -> (reading: SiteReading, site: [SiteFile]) {
        let (prefix, rules) = (target.rules.prefix, target.rules.headers)
        let reading: SiteReading
        switch source {
        case .reading(let read, _): reading = read
        case .folder(let path): reading = try await SitePublication.read(path, target.mostNameBytes, context)
        }
        guard !reading.files.isEmpty else {
            throw JobError("\(reading.root.path) holds no files, and an empty site is not published", hint: "has the site been built?")
        }
        return (reading, try await JobError.from { _ throws(SiteError) in reading.site(rules, prefix: prefix) })
    }

    /// Reads a folder, and remembers its digests.
    private static func read(_ path: String, _ mostKeyBytes: Int, _ context: RunContext) async throws(JobError) -> SiteReading {
        context.report(RunProgress(step: "reading", done: 0, unit: "files"))
        let memory = DigestMemory(context)
        let known = try await memory.all()
        let reading = try await JobError.from { flag throws(SiteError) in try SiteReading(path, known: known, mostKeyBytes: mostKeyBytes, flag) }
        try await memory.keep(reading.digests, instead: known)
        return reading
    }

    private func plan(_ reading: SiteReading, _ site: [SiteFile], _ listed: [BucketObject], _ known: [ByteKey: PublishedFile]) -> PublishPlan {
        let (kept, prefix) = (target.rules.keep.compactMap { PathPattern($0) }, target.rules.prefix)
        // What is left out of the site for now may be in the bucket from before; it stays.
        let skipped = reading.skipped.map { (name: Array($0.name.utf8), folder: Array("\($0.name)/".utf8)) }
        return PublishPlan(
            site: site, bucket: listed, ledger: known, prefix: prefix, rule: target.rules.deletion, limits: target.rules.limits, at: context.clock.now
        ) { key in
            let name = Array(key.below(prefix).utf8)
            let names = name.split(separator: UInt8(ascii: "/")).map(Array.init)
            return kept.contains { $0.covers(names) } || skipped.contains { name == $0.name || name.starts(with: $0.folder) }
        }
    }

    private static func lines(of plan: PublishPlan) -> [String] {
        plan.uploads.map { "+ \($0.file.key) (\($0.reason.rawValue))" } + plan.deletions.map { "- \($0) (stale)" }
    }

    /// Logs what will be done and why, up to a limit.
    private func tell(_ plan: PublishPlan, _ reading: SiteReading) {
        let lines = SitePublication.lines(of: plan)
        let most = context.isDryRun ? lines.count : SitePublication.mostTold
        for line in lines.prefix(most) { context.log(line) }
        if lines.count > most { context.log("and \(lines.count - most) more changes") }
        if context.isDryRun {
            for key in plan.spared { context.log("= \(key) (stale, left alone)") }
        }
        for skipped in reading.skipped { context.log("left out: \(skipped.name): \(skipped.cause); \(skipped.remedy)") }
        if source.maySayChurn, let note = plan.noteOfChurn { context.log("note: \(note)") }
        if let refusal = plan.refusal { context.log("note: nothing is deleted: \(refusal); raise max_delete or max_delete_percent if that is right") }
    }

    /// What the plan comes to.
    private func result(_ plan: PublishPlan, _ reading: SiteReading) -> PublicationResult {
        var result = PublicationResult()
        result.isDryRun = context.isDryRun
        result.files = reading.files.count
        result.uploaded = Dictionary(plan.uploads.map { ($0.reason, 1) }, uniquingKeysWith: +)
        result.bytes = plan.uploadBytes
        result.deleted = plan.deletions.count
        result.unchanged = plan.unchanged
        result.spared = plan.spared.count
        result.skipped = reading.skipped
        result.refusal = plan.refusal
        result.url = probe
        if context.isDryRun { result.changes = Array(SitePublication.lines(of: plan).prefix(SitePublication.mostKept)) }
        return result
    }

    private func carryOut(
        _ plan: PublishPlan, _ bucket: any Bucket, _ reading: SiteReading, _ ledger: PublishLedger
    ) async throws(JobError) -> Publisher.Report {
        let pending = Mutex<[SiteFile]>([])
        let unrecorded = Mutex<JobError?>(nil)
        let sent = Mutex<Int64>(0)
        let totalBytes = plan.uploads.reduce(0) { $0 + $1.file.size }
        let (context, rules, prefix) = (context, target.rules.headers, target.rules.prefix)
        let files = Dictionary(reading.files.map { (ByteKey(prefix + $0.key.text), $0.file) }) { first, _ in first }
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
                content: { file throws(FileError) in
                    guard let found = files[file.key] else { throw FileError("find", file.key.text, code: ErrorNumber.missing) }
                    return try .file(found.open(below: reading.root))
                },
                headers: { rules.headers(of: $0.key.below(prefix), type: $0.type ?? ContentType.unknown) },
                onEvent: { event in
                    switch event {
                    case .uploaded(let file, let done, let total):
                        let bytes = sent.withLock { sent in
                            sent += file.size
                            return sent
                        }
                        context.report(
                            RunProgress(
                                step: "uploading", count: .init(done: Int64(done), total: Int64(total), unit: "files"),
                                bytes: .init(done: bytes, total: totalBytes)))
                        let count = pending.withLock { files in
                            files.append(file)
                            return files.count
                        }
                        if count >= SitePublication.notedTogether { await flush() }
                    case .deleted(let keys): await record { () throws(JobError) in try await ledger.forget(keys) }
                    case .slowedDown(let connections): context.log("the service asks for less at once: continuing with \(connections.counted("connection"))")
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

    /// - Parameter patiently: Whether settings have just been made that may take a moment to count.
    private func look(at plan: PublishPlan, patiently: Bool) async -> [String] {
        guard let probe else { return [] }
        let page = plan.uploads.last { $0.reason != .headers && ContentType.isPage($0.file.type ?? "") }?.file
        let changed = page.map { (key: $0.key.below(target.rules.prefix), md5: $0.md5) }
        var problems: [String] = []
        for attempt in 1...(patiently ? SitePublication.patientLooks : 1) {
            if attempt > 1 { try? await context.clock.sleep(for: SitePublication.pauseOfLooks) }
            problems = await SiteProbe(http: http, address: probe).look(changed: changed) { $0.md5Digits }
            if problems.isEmpty { break }
        }
        return problems
    }

    /// What is wrong with the bucket's website settings, after they were corrected where that is configured.
    private func website(_ bucket: any Bucket, _ plan: PublishPlan) async -> (problems: [String], wereSet: Bool) {
        guard let client = bucket as? BucketClient, target.rules.website == .set || target.rules.website == .check && !plan.uploads.isEmpty,
            target.rules.prefix.isEmpty
        else { return ([], false) }
        let wanted = BucketWebsite.usual(hasErrorPage: plan.hasErrorPage)
        do throws(StorageError) {
            let found = try await client.website()
            if found?.serves(wanted) == true { return ([], false) }
            guard target.rules.website == .set else { return ([wanted.shortcomings(of: found)], false) }
            if let found, found.hasMore {
                let problem = "the bucket's website settings have rules for redirects or other origins, which setting them would erase"
                return ([problem + "; change them in the console"], false)
            }
            let new = found.map(wanted.keeping) ?? wanted
            try await client.set(new)
            context.log("the bucket's website settings were set: \(new.description)")
            return ([], true)
        } catch {
            // A key for uploads alone may not read this, which is not a mistake.
            let isUsual = error.kind == .unauthorized && target.rules.website == .check
            return (isUsual ? [] : ["the bucket's website settings: \(error.message)"], false)
        }
    }

    private static func error(_ error: StorageError) -> JobError {
        let retry: JobError.Retry =
            switch error.kind {
            case .limited(let wait): .after(wait)
            case .unavailable, .damaged: .worthwhile
            case .missing, .unauthorized, .stale, .full, .refused, .cancelled: .pointless
            }
        return JobError(error.message, hint: error.hint, retry: retry)
    }
}

extension JobError {
    /// The result of blocking work on a site, done on a thread of its own.
    static func from<Value: Sendable>(_ work: @escaping @Sendable (CancelFlag) throws(SiteError) -> Value) async throws(JobError) -> Value {
        do throws(SiteError) { return try await DedicatedThread.run(work) } catch { throw JobError(error) }
    }

    init(_ error: SiteError) { self.init(error.message, hint: error.hint, retry: error.isPassing ? .worthwhile : .pointless) }
}

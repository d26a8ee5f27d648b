import Files
import Foundation
import JobKit
import Publishing
import Settings
import Synchronization

/// One build of a site, from what may spoil it to the judgement of what came out.
struct HexoBuild {
    /// What a build starts from.
    private struct Ground: Sendable {
        var settings: String
        var source: String
        var undated: [String]
        /// Whether Hexo must make everything, whatever it takes for unchanged.
        var isForced: Bool
        /// The result of emptying the output; nil where the build continues from it.
        var emptied: HexoOutput.Emptied?
    }

    /// A build that may be published.
    struct Built {
        var reading: SiteReading
        var result: BuildResult
        /// Of what is written.
        var source: String
    }

    let site: HexoSite
    let settings: HexoJob.Settings
    let memory: HexoMemory
    /// The longest name that can be published, in bytes.
    let mostNameBytes: Int
    let context: RunContext

    /// - Throws: Where Hexo fails or complains, and where what it made may not be published.
    func run() async throws(JobError) -> Built {
        var ground = try await prepare()
        context.report(RunProgress(step: "building", done: 0, unit: "files"))
        if try await generate(isForced: ground.isForced).hasLostDatabase {
            // What it did not know of stays in the output, so it builds once more from nothing.
            context.log("note: db.json was damaged, and Hexo has dropped it: the site is built once more")
            ground.emptied = try await startOver(withDatabase: false)
            _ = try await generate(isForced: false)
        }
        let digests = DigestMemory(context)
        let known = try await digests.all()
        var (reading, verdict) = try await judge(known)
        if case .failure(let refusal) = verdict, let spoiled = refusal.spoiled {
            // An earlier build may be the cause: the next one shows that, and Hexo reports the problem again.
            try await memory.note(spoiled)
            if ground.emptied == nil {
                context.log("note: \(refusal.message); the site is built once more, from nothing")
                ground.emptied = try await startOver(withDatabase: spoiled == .database)
                _ = try await generate(isForced: true)
                (reading, verdict) = try await judge(known)
            }
        }
        switch verdict {
        case .failure(let refusal): throw JobError(refusal.message, hint: refusal.hint)
        case .success(let pages):
            try await digests.keep(reading.digests, instead: known)
            try await memory.noteGood(settings: ground.settings)
            return Built(reading: reading, result: result(pages, ground), source: ground.source)
        }
    }

    private func result(_ pages: Int, _ ground: Ground) -> BuildResult {
        var result = BuildResult(pages: pages, notes: site.warnings)
        if let first = ground.undated.first, site.hasDatesInAddresses {
            let count = ground.undated.count
            result.notes.append(
                "\(count.counted("post")) \(count == 1 ? "has" : "have") no date, such as \(first): the address follows the file's own time and moves with each restore; write date: in it"
            )
        }
        if case .notOurs(let cause) = ground.emptied {
            result.problems.append("pages of deleted posts may still be published: \(site.output) \(cause); empty it by hand")
        }
        for note in result.notes + result.problems { context.log("note: \(note)") }
        return result
    }

    // MARK: Before

    /// Hexo removes from its output only what its database knows, and makes again only what it takes for changed.
    private func prepare() async throws(JobError) -> Ground {
        let (site, memory, settings) = (site, memory, settings)
        let found = try await JobError.from { _ throws(SiteError) in
            let sources = HexoSources(site)
            let (stamp, newest) = sources.settingsStamp()
            let (source, undated) = sources.sourceStamp()
            if settings.clean || memory.spoiled == .database { try HexoBuild.removeDatabase(site) }
            let database = try? HexoBuild.status(of: site.database)
            let isKnown = (database?.size ?? 0) > 0
            let isNewer = if let newest, let database { newest > database.modified } else { false }
            let isChanged = memory.settings.map { $0 != stamp } ?? isNewer
            return Ground(
                settings: stamp, source: source, undated: undated,
                isForced: settings.force || settings.clean || memory.spoiled != nil || !memory.failedAssets.isEmpty || isKnown && isChanged,
                emptied: settings.clean || memory.spoiled != nil || !isKnown ? try HexoOutput(site: site).empty() : nil)
        }
        if found.emptied == .emptied { context.log("\(site.output) was emptied: Hexo knows nothing of what was in it") }
        if found.isForced { context.log("everything is made again: settings or the theme have changed, or the last build was not good") }
        return found
    }

    private static func status(of path: String) throws(FileError) -> FileStatus { try OpenFile.open(path).status() }

    private static func removeDatabase(_ site: HexoSite) throws(SiteError) {
        do { try Folder.open(site.folder).removeTree("db.json") } catch { throw SiteError(error) }
    }

    /// Makes the output empty, so that nothing of an earlier build is in the next.
    private func startOver(withDatabase: Bool) async throws(JobError) -> HexoOutput.Emptied {
        let site = site
        return try await JobError.from { _ throws(SiteError) in
            if withDatabase { try HexoBuild.removeDatabase(site) }
            return try HexoOutput(site: site).empty()
        }
    }

    // MARK: Building

    private func generate(isForced: Bool) async throws(JobError) -> HexoReport {
        let heard = Mutex(HexoReport())
        var command = context.command(.command([site.program, "generate", "--bail"] + (isForced ? ["--force"] : [])), folder: site.folder)
        // What it says is judged line by line, which colours would hide.
        command.environment["NO_COLOR"] = "1"
        let exit = try await context.finish(command) { line, stream in heard.withLock { $0.hear(line, from: stream) } }
        let report = heard.withLock { report in
            report.finish()
            return report
        }
        if !report.failedAssets.isEmpty { try await memory.note(failedAssets: report.failedAssets) }
        let log = "nothing was published; shipkeeper logs \(context.job) --run \(context.run)"
        if let first = report.errors.first { throw JobError("the build went wrong: \(first)", hint: log, exitCode: exit.code) }
        guard exit == .exited(0) else { throw JobError("hexo generate \(exit)", hint: log, exitCode: exit.code) }
        guard report.generated != nil else {
            throw JobError("hexo generate never said that it had generated anything", hint: "nothing was published; is \(site.program) Hexo?")
        }
        return report
    }

    // MARK: After

    private func judge(_ known: SiteDigests) async throws(JobError) -> (SiteReading, Result<Int, HexoRefusal>) {
        let (site, memory, most, job, minShare) = (site, memory, mostNameBytes, context.job, settings.minShare)
        return try await JobError.from { flag throws(SiteError) in
            let reading = try SiteReading(site.output, known: known, mostKeyBytes: most, flag)
            let verdict = HexoVerdict(
                job: job, sources: HexoSources(site), reading: reading, before: known, pagesBefore: memory.pages, minShare: minShare,
                failedAssets: memory.failedAssets)
            do throws(HexoRefusal) { return (reading, .success(try verdict.judge())) } catch { return (reading, .failure(error)) }
        }
    }
}

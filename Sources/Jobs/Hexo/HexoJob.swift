import Foundation
import HTTPClient
package import JobKit
import Publishing
package import Settings
import Synchronization

/// Builds a Hexo site, checks the result, and publishes it. Hexo exits with 0 in many cases that are failures, so the output decides.
package struct HexoJob: JobType {
    /// The keys under `with`.
    package struct Settings: Sendable {
        /// The site's folder.
        package var site: String
        var hexo: String?
        /// Run once where Hexo or a plug-in is missing, such as `npm ci`.
        var install: String?
        var installTimeout: Duration
        var minShare: Int
        /// Whether Hexo makes everything again each time, also what it takes for unchanged.
        var force: Bool
        /// Whether each build starts from nothing.
        var clean: Bool
        var target: PublishTarget?
        var probe: String?
    }

    package static let typeName = "hexo"
    package static let about = "Builds a Hexo site, checks the result, and publishes it"
    package static let canDryRun = true
    package let settings: Settings
    let http: any HTTPTransport
    let now: @Sendable () -> Date

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            site: reader.path("site", "The site's folder") ?? "",
            hexo: reader.path("hexo", "The program; node_modules/.bin/hexo of the site by default, else hexo on the PATH", isRequired: false),
            install: reader.optionalString(
                "install", "A line of shell such as npm ci, run in the site's folder when Hexo or a hexo-* package of package.json is missing"),
            installTimeout: reader.duration(
                "install_timeout", "The longest that \"install\" may take", default: .seconds(600), in: .seconds(1) ... .seconds(7200)),
            minShare: reader.integer("min_share", "The smallest number of pages a build may have, in percent of the last build's", default: 50, in: 0...100),
            force: reader.boolean("force", "Regenerate everything each time, as hexo generate --force does", default: false),
            clean: reader.boolean("clean", "Start each build from nothing, as after hexo clean", default: false),
            target: reader.section("deploy", "Where the site goes: the keys of publish's \"to\"", isRequired: true) { PublishTarget.read(&$0) } ?? nil,
            probe: reader.url("probe", "The site's public URL, which is checked after publishing", isRequired: false))
    }

    /// What Hexo writes into the site's folder, and a target folder. Blocks: reads the site's configuration from the disk.
    package func findOutputs() -> [String] { HexoSite.outputs(of: settings.site) + (settings.target?.outputs ?? []) }

    package var addresses: [AddressUse] { settings.probe.map { [AddressUse("probe", $0)] } ?? [] }

    /// Whether the site and its packages are there, and the target can be reached. Starts no process; sends requests to a bucket.
    package func diagnose(environment: [String: String]) async -> [JobCheck] {
        var checks: [JobCheck] = []
        do throws(JobError) {
            let (site, missing) = try await look(environment)
            checks.append(JobCheck("site", .ok, settings.site))
            if let problem = MissingModules(site, missing).problem {
                checks.append(JobCheck("hexo", .warning, problem, hint: settings.install.map { "\"\($0)\" is run first" } ?? "run npm install there"))
            }
        } catch {
            checks.append(JobCheck("site", error))
        }
        return checks + [await settings.target?.diagnose(http: http, environment: environment, now: now)].compactMap(\.self)
    }

    /// Installs what is missing, builds, checks, publishes. Suspends; the disk work is done on threads of its own. A dry run builds too, and
    /// uploads nothing.
    /// - Throws: Where Hexo or a package is missing, the build fails or is worse than the last one, or the publication fails.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let target = settings.target else { throw JobError("where to publish to is not configured") }
        let site = try await readySite(context)
        try await checkNode(site, context)
        let memory = try await HexoMemory(context)
        let built = try await HexoBuild(site: site, settings: settings, memory: memory, mostNameBytes: target.mostNameBytes, context: context).run()
        var report: RunReport
        switch target {
        case .bucket(let bucket):
            let source = SitePublication.Source.reading(built.reading, hasSameSource: memory.source == built.source)
            report = try await SitePublication(source: source, target: bucket, probe: settings.probe, http: http, context: context).run().report
        case .command(let command):
            report = try await command.run(in: settings.site, site: site, scratch: context.scratch, context)
        }
        report.summary += built.result.afterword
        if context.isDryRun { return report }
        try await memory.notePublished(pages: built.result.pages, source: built.source)
        report.summary = "\(built.result.summary): \(report.summary)"
        report.result = report.result.built(pages: built.result.pages)
        return report
    }

    // MARK: What it needs

    private func look(_ environment: [String: String]) async throws(JobError) -> (site: HexoSite, missing: [MissingModule]) {
        let settings = settings
        return try await JobError.from { _ throws(SiteError) in
            let site = try HexoSite(settings.site, named: settings.hexo)
            return (site, HexoModules.missing(site, environment: environment))
        }
    }

    /// The site with all packages that it names; missing ones are installed where `install` is set.
    private func readySite(_ context: RunContext) async throws(JobError) -> HexoSite {
        let (site, missing) = try await look(context.environment)
        for module in missing where !module.isNeeded {
            context.log("note: \(module.name), which the theme \(module.theme ?? "") names, is not installed: Hexo goes without it")
        }
        guard let problem = MissingModules(site, missing).problem else { return site }
        if context.isDryRun {
            throw JobError("\(settings.site): \(problem), and a dry run does not install it", hint: "start \(context.job) without --dry-run first")
        }
        guard let line = settings.install else {
            throw JobError("\(settings.site): \(problem)", hint: "run npm install there, or set \"install: npm ci\"")
        }
        try await install(line, because: problem, context)
        let (after, left) = try await look(context.environment)
        guard let problem = MissingModules(after, left).problem else { return after }
        if after.hexo == nil { throw JobError("\"\(line)\" has not installed Hexo", hint: "is hexo among the dependencies of package.json?") }
        let isForDevelopment = left.contains { $0.isNeeded && $0.isForDevelopment }
        throw JobError(
            "\"\(line)\" has not helped: \(problem)",
            hint: isForDevelopment
                ? "it is among devDependencies, which npm leaves out here: npm ci --include=dev"
                : "is the lock file of today? Run npm install in the site's folder")
    }

    private func install(_ line: String, because problem: String, _ context: RunContext) async throws(JobError) {
        context.report(RunProgress(step: "installing", done: 0, unit: "packages"))
        context.log("\(problem): \(line)")
        let heard = Mutex(InstallReport())
        let command = context.command(.shell(line), folder: settings.site)
        let exit = try await Deadline.within(settings.installTimeout, context.clock) { () async throws(JobError) in
            try await context.finish(command) { line, stream in heard.withLock { $0.hear(line, from: stream) } }
        }
        // Stopped manually or by a shutdown: nothing is wrong with the install.
        if Task.isCancelled { throw JobError("\"\(line)\" was ended before it was done", retry: .worthwhile) }
        let report = heard.withLock(\.self)
        let registry = context.environment["npm_config_registry"]
        guard let exit else {
            let late = "\"\(line)\" took longer than \(DurationText.format(settings.installTimeout))"
            guard let host = report.unreachable else { throw JobError(late, hint: "raise install_timeout", retry: .worthwhile) }
            throw JobError("\(late): \(host)", hint: host.hint(registry: registry), retry: .worthwhile)
        }
        guard exit != .exited(0) else { return }
        if let host = report.unreachable {
            throw JobError("\"\(line)\" \(exit): \(host)", hint: host.hint(registry: registry), retry: .worthwhile, exitCode: exit.code)
        }
        let cause = report.cause.map { ": \($0)" } ?? ""
        throw JobError("\"\(line)\" \(exit)\(cause)", hint: "shipkeeper logs \(context.job) --run \(context.run)", retry: .worthwhile, exitCode: exit.code)
    }

    /// Hexo's own `package.json` names the Node.js that it needs.
    private func checkNode(_ site: HexoSite, _ context: RunContext) async throws(JobError) {
        guard let needed = site.neededNode else { return }
        let said = Mutex("")
        var command = context.command(.command(["node", "--version"]), folder: settings.site)
        command.onOutput = { bytes, _, whenKept in
            said.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            whenKept?(.none)
        }
        do { _ = try await context.finish(command) } catch {
            throw JobError(
                "Hexo needs Node.js \(needed) or newer: \(error.summary)", hint: "install it in the container, or add it to the PATH of the job by \"env\"")
        }
        let words = said.withLock(\.self).filter { !$0.isWhitespace }
        guard let version = NodeVersion(words), version < needed else { return }
        throw JobError("Hexo needs Node.js \(needed) or newer, and here is \(version)", hint: "install a newer one in the container")
    }
}

/// The missing packages of a site, as a message.
private struct MissingModules {
    private static let mostNamed = 5

    /// What is missing, as a sentence without its beginning; nil where nothing is.
    let problem: String?

    init(_ site: HexoSite, _ missing: [MissingModule]) {
        guard site.hexo != nil else {
            problem = "Hexo is not installed in the site"
            return
        }
        let needed = missing.filter(\.isNeeded)
        guard let first = needed.first else {
            problem = nil
            return
        }
        let names = needed.prefix(MissingModules.mostNamed).map(\.name) + (needed.count > MissingModules.mostNamed ? ["and more"] : [])
        let (verb, it) = needed.count == 1 ? ("is", "it") : ("are", "them")
        let state = first.isBroken ? "not installed whole" : "not installed"
        let origin = first.theme.map { "the theme \($0) names" } ?? "package.json names"
        problem = "\(names.joined(separator: ", ")), which \(origin), \(verb) \(state): Hexo would leave \(it) out without a word"
    }
}

import Foundation
import HTTPClient
package import JobKit
import Synchronization

/// Builds a Hexo site, judges what came out, and publishes it.
package struct HexoJob: JobType {
    package struct Settings: Sendable {
        var site: String
        var hexo: String?
        /// Run once where Hexo itself is missing, such as `npm ci`.
        var install: String?
        var installTimeout: Duration
        var minShare: Int
        var target: PublishTarget?
        var probe: String?
    }

    package static let typeName = "hexo"
    package static let about = "Builds a Hexo site, judges the result, and publishes it"
    package static let canDryRun = true
    let settings: Settings
    let http: any HTTPTransport
    let now: @Sendable () -> Date
    let stateFolder: @Sendable () -> String

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            site: reader.path("site", "The site's folder") ?? "",
            hexo: reader.path("hexo", "The program; the site's own node_modules/.bin/hexo, else the one on the PATH", isRequired: false),
            install: reader.optionalString("install", "A line of shell that is run in the site's folder where Hexo is missing, such as npm ci"),
            installTimeout: reader.duration("install_timeout", "The longest that may take", default: .seconds(600), in: .seconds(1) ... .seconds(7200)),
            minShare: reader.integer("min_share", "The least of the last build's pages that a build must have, in per cent", default: 50, in: 0...100),
            target: reader.section("deploy", "Where it goes", isRequired: true) { PublishTarget.read(&$0) } ?? nil,
            probe: reader.url("probe", "The site's public address, which is looked at afterwards", isRequired: false))
    }

    package var outputs: [String] { HexoSite(folder: settings.site, named: nil).outputs + (settings.target?.outputs ?? []) }

    package func examine(environment: [String: String]) async -> [JobCheck] {
        let site = HexoSite(folder: settings.site, named: settings.hexo)
        var checks: [JobCheck] = []
        do throws(JobError) {
            try site.check()
            checks.append(JobCheck("site", .ok, settings.site))
            if !site.hasHexo {
                checks.append(
                    JobCheck(
                        "hexo", .warning, "is not installed in the site", hint: settings.install.map { "\"\($0)\" is run first" } ?? "run npm install there"))
            }
        } catch {
            checks.append(JobCheck("site", error))
        }
        return checks + [await settings.target?.examine(http: http, environment: environment, now: now)].compactMap(\.self)
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let target = settings.target else { throw JobError("where to publish to is not configured") }
        let site = HexoSite(folder: settings.site, named: settings.hexo)
        try site.check()
        try await install(site, context)
        try await checkNode(site, context)
        for warning in site.warnings { context.log("note: \(warning)") }
        try await build(site, context)
        let before = try await context.values.value("pages", of: context.job).flatMap { Int($0) }
        let pages = try await HexoVerdict.pages(of: site.output, before: before, minShare: settings.minShare)
        var report: RunReport
        switch target {
        case .bucket(let bucket):
            report = try await SitePublication(folder: site.output, target: bucket, probe: settings.probe, http: http, context: context).run()
        case .command(let command):
            report = try await command.run(in: settings.site, hexo: site.program, scratch: stateFolder() + "/scratch", context)
        }
        if context.isDryRun { return report }
        try await context.values.set(["pages": "\(pages)"], of: context.job)
        report.summary = "\(pages.counted("page")): \(report.summary)"
        if case .values(let values) = report.result { report.result = .values(values.merging(["pages": "\(pages)"]) { $1 }) }
        return report
    }

    private func install(_ site: HexoSite, _ context: RunContext) async throws(JobError) {
        if site.hasHexo { return }
        if context.isDryRun {
            throw JobError("Hexo is not installed in \(settings.site), and a dry run does not install it", hint: "start \(context.job) without --dry-run first")
        }
        guard let line = settings.install else {
            throw JobError(
                "Hexo is not installed in \(settings.site): there is no node_modules/hexo", hint: "run npm install there, or set \"install: npm ci\"")
        }
        context.report(RunProgress(step: "installing", done: 0, unit: "packages"))
        context.log("Hexo is not installed in the site: \(line)")
        let command = context.command(.shell(line), folder: settings.site)
        let exit = try await Deadline.within(settings.installTimeout, context.clock) { () async throws(JobError) in try await context.finish(command) }
        guard let exit else {
            throw JobError("\"\(line)\" took longer than \(DurationText.format(settings.installTimeout))", hint: "raise install_timeout", retry: .worthwhile)
        }
        guard exit == .exited(0) else { throw JobError("\"\(line)\" \(exit)", hint: "shipkeeper logs \(context.job)", retry: .worthwhile) }
        guard site.hasHexo else { throw JobError("\"\(line)\" has not installed Hexo", hint: "is hexo among the dependencies of package.json?") }
    }

    /// Hexo itself says which Node.js it needs.
    private func checkNode(_ site: HexoSite, _ context: RunContext) async throws(JobError) {
        guard let needed = site.neededNode else { return }
        let said = Mutex("")
        var command = context.command(.command(["node", "--version"]), folder: settings.site)
        command.onOutput = { bytes, _ in said.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        do { _ = try await context.finish(command) } catch {
            throw JobError(
                "Hexo needs Node.js \(needed) or newer: \(error.summary)", hint: "install it in the container, or add it to the PATH of the job by \"env\"")
        }
        let words = said.withLock(\.self).filter { !$0.isWhitespace }
        guard let version = NodeVersion(words), version < needed else { return }
        throw JobError("Hexo needs Node.js \(needed) or newer, and here is \(version)", hint: "install a newer one in the container")
    }

    private func build(_ site: HexoSite, _ context: RunContext) async throws(JobError) {
        context.report(RunProgress(step: "building", done: 0, unit: "files"))
        let heard = Mutex(HexoReport())
        var command = context.command(.command([site.program, "generate", "--bail"]), folder: settings.site)
        // What it says is judged line by line, which colours would hide.
        command.environment["NO_COLOR"] = "1"
        let exit = try await context.finish(command) { line in heard.withLock { $0.hear(line) } }
        let report = heard.withLock(\.self)
        if let first = report.errors.first {
            throw JobError(
                "the build went wrong: \(first)", hint: "nothing was published; shipkeeper logs \(context.job) --run \(context.run)", exitCode: exit.code)
        }
        guard exit == .exited(0) else {
            throw JobError("hexo generate \(exit)", hint: "nothing was published; shipkeeper logs \(context.job) --run \(context.run)", exitCode: exit.code)
        }
        guard report.generated != nil else {
            throw JobError("hexo generate never said that it had generated anything", hint: "nothing was published; is \(site.program) Hexo?")
        }
    }
}

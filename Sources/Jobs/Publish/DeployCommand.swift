import Files
import Foundation
import JobKit
import Publishing
import Settings
import Synchronization

/// Publishes by a program of the user's own, such as `hexo deploy` with a plug-in.
package struct DeployCommand: Sendable {
    /// What plug-ins print when they have failed, though they end as if they had not.
    private static let signsOfFailure = ["部署异常", "Deployer not found"]

    let command: [String]
    /// Laid over the site's own configuration, under `deploy`, while Hexo's deploy runs.
    let settings: [String: String]

    static func read(_ reader: inout SettingsReader) -> DeployCommand? {
        let command = reader.command("command", "command: the program that publishes, and its arguments; it runs in the site's folder")
        let settings = reader.stringMap("config", "command, for hexo deploy: keys merged over \"deploy\" of _config.yml for this run, with secrets as ${NAME}")
        guard let command else {
            if !reader.isDescribing, !reader.has("command") { reader.report("command", "\"command\" is missing", hint: "write command: [hexo, deploy]") }
            return nil
        }
        if !settings.isEmpty, !isHexo(command) {
            reader.report("config", "\"config\" is for hexo deploy", hint: "give other programs what they need by \"env\"")
        }
        return DeployCommand(command: command, settings: settings)
    }

    private static func isHexo(_ command: [String]) -> Bool { command.first?.split(separator: "/").last == "hexo" }

    /// - Parameters:
    ///   - folder: Where it runs.
    ///   - site: The Hexo site, where it is one.
    func run(in folder: String, site: HexoSite? = nil, scratch: String, _ context: RunContext) async throws(JobError) -> RunReport {
        var words = command
        if let site, words.first == "hexo" { words[0] = site.program }
        if context.isDryRun {
            context.log("would run: \(words.joined(separator: " "))")
            return RunReport(summary: "dry run: nothing was run")
        }
        context.report(RunProgress(step: "publishing", done: 0, unit: "files"))
        guard !settings.isEmpty else { return try await carryOut(words, in: folder, context) }
        let (settings, name) = (settings, site?.config.name ?? HexoConfig.names[0])
        let overlay = try await JobError.from { _ throws(SiteError) in try Overlay(settings, over: "\(folder)/\(name)", in: scratch) }
        let arguments = ["--config", "\(overlay.base ?? name),\(overlay.file)", "--output", overlay.folder]
        let result: Result<RunReport, JobError>
        do throws(JobError) { result = .success(try await carryOut(words + arguments, in: folder, context)) } catch { result = .failure(error) }
        try await JobError.from { _ throws(SiteError) in overlay.remove() }
        return try result.get()
    }

    private func carryOut(_ words: [String], in folder: String, _ context: RunContext) async throws(JobError) -> RunReport {
        let heard = Mutex(Heard())
        var command = context.command(.command(words), folder: folder)
        command.environment["NO_COLOR"] = "1"
        let exit = try await context.finish(command) { line, stream in heard.withLock { $0.judge(line, from: stream) } }
        let (failure, deployed) = heard.withLock { heard in
            heard.report.finish()
            return (heard.failure, heard.deployed)
        }
        let program = self.command.prefix(2).joined(separator: " ")
        let log = "shipkeeper logs \(context.job) --run \(context.run)"
        if let failure { throw JobError("\(program) went wrong: \(failure)", hint: log, retry: .worthwhile, exitCode: exit.code) }
        guard exit == .exited(0) else { throw JobError("\(program) \(exit)", hint: log, retry: .worthwhile, exitCode: exit.code) }
        if DeployCommand.isHexo(self.command), deployed == nil {
            throw JobError(
                "\(program) ended without having deployed anything", hint: "is \"deploy\" in _config.yml filled in, and its plug-in installed? \(log)")
        }
        return RunReport(summary: "published by \(program)\(deployed.map { " (\($0))" } ?? "")")
    }
}

/// A file with settings that no other user may read, in a folder of its own; both are removed afterwards, with what Hexo has put there.
private struct Overlay: Sendable {
    let folder: String
    /// The site's own configuration under a name that Hexo takes next to another; nil where its own will do.
    let base: String?
    var file: String { "\(folder)/deploy.json" }

    /// Blocks.
    /// - Parameter configuration: The site's own.
    init(_ settings: [String: String], over configuration: String, in scratch: String) throws(SiteError) {
        let folder: String
        do {
            let name = RawName("deploy-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
            let parent = try Folder.make(scratch, mode: 0o700)
            try parent.makeFolder(name, mode: 0o700)
            folder = parent.path(of: name)
        } catch {
            throw Overlay.unwritable(error)
        }
        do {
            let place = try Folder.open(folder)
            let data = try JSONSerialization.data(withJSONObject: ["deploy": settings], options: [.sortedKeys])
            try place.replace("deploy.json", with: Array(data), mode: 0o600)
            // Where it reads several, Hexo knows the endings .yml and .json alone.
            let isOtherEnding = configuration.hasSuffix(".yaml")
            if isOtherEnding { try place.replace("_config.yml", with: Array(Data(contentsOf: URL(fileURLWithPath: configuration))), mode: 0o600) }
            (self.folder, base) = (folder, isOtherEnding ? "\(folder)/_config.yml" : nil)
        } catch {
            // It may hold secrets.
            try? FileManager.default.removeItem(atPath: folder)
            throw Overlay.unwritable(error)
        }
    }

    private static func unwritable(_ error: any Error) -> SiteError {
        SiteError("the settings for the deployment can't be written: \(error)", hint: "is the state folder writable?")
    }

    /// Blocks.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

extension DeployCommand {
    /// What a program that publishes has reported about its success.
    fileprivate struct Heard {
        var report = HexoReport()
        var deployed: String?
        private var sign: String?

        /// The first complaint, with its cause.
        var failure: String? { report.errors.first ?? sign }

        mutating func judge(_ line: String, from stream: LogStream) {
            report.hear(line, from: stream)
            if sign == nil, DeployCommand.signsOfFailure.contains(where: line.contains) { sign = line }
            // INFO  Deploy done: ali-oss
            if let range = line.firstRange(of: "Deploy done: ") { deployed = String(line[range.upperBound...]) }
        }
    }
}

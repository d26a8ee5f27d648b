import ArgumentParser
import Config
import Control
import Daemon
import Files
import Foundation
import JobKit
import PluginHost
import Processes
import Settings
import Synchronization

struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "List, show, test and create plug-ins.",
        subcommands: [PluginsListCommand.self, PluginsShowCommand.self, PluginsCheckCommand.self, PluginsRunCommand.self, PluginsNewCommand.self],
        defaultSubcommand: PluginsListCommand.self)
}

struct PluginsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the plug-ins that jobs may use.")

    @Option(name: .shortAndLong, help: "The configuration file, whose plug-ins are included.")
    var config: String?

    @OptionGroup var json: JSONOption

    private struct Row: Encodable {
        var name: String
        var version: String
        var kind: String
        var description: String
        /// Who says that it is there: project, configuration, variable or shipped.
        var origin: String
        var folder: String
        var missing: [String]
    }

    private struct Answer: Encodable {
        var plugins: [Row]
    }

    func run() throws {
        let found = ConfigurationFile(option: config).plugins()
        let path = ProcessInfo.processInfo.environment["PATH"]
        let rows = found.plugins.map {
            Row(
                name: $0.name, version: $0.version, kind: $0.kind.rawValue, description: $0.about, origin: $0.origin.code, folder: $0.folder,
                missing: $0.missingPrograms(path: path))
        }
        // A plug-in that is broken takes nothing down: the list is right without it.
        for problem in found.problems { Console.isJSON ? Console.warning(problem.description) : Console.error(problem.description) }
        if Console.answered(Answer(plugins: rows)) { return }
        if rows.isEmpty { return Console.out("no plug-ins; they are in Plugins next to the configuration, and in the folders under \"plugins\"") }
        var table = TextTable(["NAME", "VERSION", "FROM", "DESCRIPTION"], flexible: 3, isWrapping: true)
        for (plugin, row) in zip(found.plugins, rows) {
            let kind = plugin.kind == .service ? "service: " : ""
            let missing = row.missing.isEmpty ? "" : "needs \(row.missing.joined(separator: ", ")): "
            table.add([
                .init(row.name, .bold), .init(row.version), .init(plugin.origin.words),
                .init(missing + kind + row.description, row.missing.isEmpty ? nil : .yellow),
            ])
        }
        Console.out(table.lines(width: Console.width))
    }
}

struct PluginsCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that a plug-in follows the protocol.",
        discussion: "It is run several times, with the settings of \"example\" in its plugin.yaml, in an empty folder.")

    @Argument(help: "The plug-in's folder.")
    var folder: String

    @Option(help: "How many seconds a request may take.")
    var patience = 30

    @Flag(help: "Show the requests (>), the messages (<) and the output.")
    var verbose = false

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        var name: String
        var version: String
        var checks: [JobCheck]
    }

    func run() async throws {
        let manifest = try PluginsCheckCommand.manifest(in: folder)
        Console.out("\(manifest.name) \(manifest.version), \(manifest.kind.rawValue): \(manifest.about)")
        let checks = try await RepositoryOptions.withScratch { scratch in
            try await tried(manifest, scratch) { check in
                let mark = check.verdict == .ok ? "ok  " : check.verdict == .failed ? "FAIL" : "-   "
                Console.out("  \(mark) \(check.name): \(check.message)")
            }
        }
        Console.answered(Answer(name: manifest.name, version: manifest.version, checks: checks))
        let failed = checks.filter { $0.verdict == .failed }
        if Console.isJSON { for check in failed { Console.error("\(check.name): \(check.message)") } }
        if !failed.isEmpty { throw ExitCode.failure }
    }

    /// The plug-in in a folder, with whatever is wrong with it said.
    static func manifest(in folder: String) throws -> PluginManifest {
        let whole = URL(fileURLWithPath: folder).standardizedFileURL.path
        let start = SourcePlace(file: folder, line: 1, column: 1)
        let catalog = PluginCatalog(folders: [PluginFolder(whole, .named(start))], parse: PlainYAML.read)
        for problem in catalog.problems { Console.problem(ProblemAnswer(problem)) }
        if !catalog.problems.hasErrors, let manifest = catalog.plugins.first, catalog.plugins.count == 1 { return manifest }
        if catalog.plugins.count > 1 { Console.error("\(folder) holds several plug-ins; name one of them") }
        throw ExitCode.failure
    }

    private func tried(_ manifest: PluginManifest, _ scratch: String, _ onCheck: @Sendable (JobCheck) -> Void) async throws -> [JobCheck] {
        OwnProcess.adoptOrphans()
        let work = try Console.folder(scratch + "/work")
        let clock = SystemWallClock()
        let names = ["PATH", "HOME", "LANG", "TZ"]
        let headings = AttemptHeadings()
        var onLine: (@Sendable (String, PluginLine) -> Void)?
        if verbose { onLine = { attempt, line in headings.show(line, of: attempt) } }
        let trial = PluginConformance(
            manifest, launcher: SystemProcessLauncher(clock: clock), clock: clock, folder: work.path,
            environment: ProcessInfo.processInfo.environment.filter { names.contains($0.key) }, patience: .seconds(max(1, patience)),
            onLine: onLine)
        return await trial.run(onCheck)
    }
}

/// Shows lines of attempts, each attempt below its name.
private final class AttemptHeadings: Sendable {
    private let last = Mutex("")

    func show(_ line: PluginLine, of attempt: String) {
        let isNew = last.withLock { last in
            defer { last = attempt }
            return last != attempt
        }
        if isNew { Console.out(Console.paint("  -- \(attempt)", .bold)) }
        PluginsRunCommand.show(line)
    }
}

struct PluginsNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "new", abstract: "Create a plug-in from a template.")

    @Argument(help: "Its name: lower-case letters, digits and hyphens.")
    var name: String

    @Option(help: "The language: \(PluginTemplate.Language.allCases.map(\.rawValue).joined(separator: ", ")).")
    var lang = PluginTemplate.Language.bash

    @Option(name: .customLong("in"), help: "Where its folder is made.")
    var place = "Plugins"

    func run() throws {
        let folder = "\(place)/\(name)"
        do throws(JobError) {
            try PluginTemplate(name: name, language: lang).write(to: folder)
        } catch {
            Console.error(error.description)
            throw ExitCode.failure
        }
        Console.out("\(folder) is a plug-in that works. Try it:  shipkeeper plugins check \(folder)")
        Console.out("Then change \(folder)/\(lang.file), and its settings in \(folder)/plugin.yaml.")
    }
}

extension PluginTemplate.Language: ExpressibleByArgument {}

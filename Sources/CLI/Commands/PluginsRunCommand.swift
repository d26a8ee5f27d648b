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

struct PluginsRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a plug-in once without a daemon, and show its requests and messages.",
        discussion: """
            It does its real work. It runs in an empty folder unless --in names one, with the environment of this command. Lines that begin with > are \
            the request, those with < are messages, the others are its log. Exits with 0 when it succeeded, else with 1.
            """)

    @Argument(help: "The plug-in's folder.")
    var folder: String

    @Option(help: ArgumentHelp("Its settings, as JSON or YAML.", valueName: "settings"))
    var with = "{}"

    @Option(help: ArgumentHelp("What it remembers from the last run, as JSON or YAML.", valueName: "state"))
    var state = "{}"

    @Option(name: .customLong("in"), help: ArgumentHelp("The folder in which it runs.", valueName: "folder"))
    var place: String?

    @Option(help: "How long it may take, such as 30s or 5m; without it the plug-in's own timeout, else 10m.")
    var timeout: String?

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        var summary: String
        var outputs: [String: OutputValue]
        var state: [String: String?]
    }

    func run() async throws {
        let manifest = try PluginsCheckCommand.manifest(in: folder)
        guard manifest.kind != .service else {
            Console.error("\(manifest.name) is a service, which gets no request", hint: "name it as a job's type, and start that: shipkeeper run")
            throw ExitCode.failure
        }
        let limit = timeout.flatMap { DurationText.parse($0) }
        if timeout != nil, limit == nil { throw ValidationError("--timeout takes a length of time such as 30s or 5m") }
        let settings = try settings(of: manifest)
        let remembered = (try node(state, "--state").entries ?? []).compactMap { entry in entry.value.text.map { (entry.key, $0) } }
        OwnProcess.adoptOrphans()
        do {
            let (report, state) = try await RepositoryOptions.withScratch { scratch in
                let work = try place ?? Console.folder(scratch + "/work").path
                let clock = SystemWallClock()
                let trial = PluginTrial(
                    manifest, settings: settings, state: Dictionary(remembered) { first, _ in first }, launcher: SystemProcessLauncher(clock: clock),
                    clock: clock, folder: work, environment: ProcessInfo.processInfo.environment, onLine: PluginsRunCommand.show)
                return try await untilInterrupted { try await trial.run(timeout: limit ?? manifest.timeout ?? .seconds(600)) }
            }
            Console.answered(Answer(summary: report.summary, outputs: report.outputs, state: state))
            Console.out("\(Console.paint("succeeded", .green)): \(report.summary)")
        } catch let error as JobError {
            Console.error("failed: \(error.summary)", hint: error.hint)
            throw ExitCode.failure
        }
    }

    /// Cancels the work at Ctrl-C, and waits for its end.
    private func untilInterrupted<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let signals = SignalStream([SIGINT, SIGTERM])
        let task = Task { try await work() }
        let watching = Task { for await _ in signals.signals { task.cancel() } }
        defer { watching.cancel() }
        return try await task.value
    }

    /// Reads the settings by the plug-in's schema; says all that is wrong with them.
    private func settings(of manifest: PluginManifest) throws -> PluginValue {
        let node = try node(with, "--with")
        let problems = manifest.settings.problems(in: node, path: "with")
        guard problems.isEmpty else {
            for problem in problems { Console.problem(ProblemAnswer(problem)) }
            throw Exit.usage
        }
        var reader = SettingsReader(node, path: "with")
        return manifest.settings.settings(&reader)
    }

    private func node(_ text: String, _ option: String) throws -> ConfigNode {
        let (root, problems) = PlainYAML.read(text, file: option)
        if let root, !problems.hasErrors { return root }
        for problem in problems { Console.problem(ProblemAnswer(problem)) }
        throw Exit.usage
    }

    @Sendable static func show(_ line: PluginLine) {
        switch line.kind {
        case .request: Console.out(Console.paint("> \(line.text)", .grey))
        case .message: Console.out("\(Console.paint("<", .green)) \(line.text)")
        case .output: Console.out("  \(line.text)")
        }
    }
}

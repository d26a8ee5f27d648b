import ArgumentParser
import Control

/// The version of the program, as `shipkeeper version` and the API tell it.
let programVersion = "0.1.0"

struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shipkeeper",
        abstract: "Run one app in a container: restore, supervise, back up, keep awake.",
        discussion: """
            Exit codes: 0 done, 1 failed, 2 usage, 3 incomplete, 4 not running, 5 no such job, 6 locked by another shipkeeper, \
            78 bad configuration. "start --wait" exits with 0 when the run succeeded, with 3 when \
            what it stored lacks something, else with 1.

            The configuration is the file named by --config or SHIPKEEPER_CONFIG, else ./shipkeeper.yaml, else \
            /etc/shipkeeper/shipkeeper.yaml.
            """,
        version: programVersion,
        subcommands: [PluginProgramCommand.self],
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [RunCommand.self, ExecCommand.self]),
            CommandGroup(
                name: "Look",
                subcommands: [StatusCommand.self, LogsCommand.self, RunsCommand.self, NextCommand.self, WhyCommand.self, SimulateCommand.self]),
            CommandGroup(
                name: "Act",
                subcommands: [
                    StartCommand.self, StopCommand.self, RestartCommand.self, PauseCommand.self, ResumeCommand.self, ReloadCommand.self,
                    ActionCommand.self, UpgradeCommand.self, MCPCommand.self,
                ]),
            CommandGroup(name: "Data", subcommands: [BackupsCommand.self, RestoreCommand.self]),
            CommandGroup(
                name: "Set up",
                subcommands: [
                    InitCommand.self, ImportCommand.self, ExportCommand.self, CheckCommand.self, ConfigCommand.self, DoctorCommand.self, SchemaCommand.self,
                    PluginsCommand.self, CompletionCommand.self, VersionCommand.self,
                ]),
        ])

    /// Runs the command that the arguments name. At the top of a file the compiler would take the form that can't wait.
    static func begin(_ words: [String]) async -> Never {
        let direct = RunWords(words)
        if direct == nil, let advice = CommandSynonyms.advice(for: words, among: configuration.subcommands.compactMap { $0.configuration.commandName }) {
            Console.error(advice, code: .usage)
            Console.end(Exit.usage.rawValue)
        }
        do {
            if let direct { try await direct.run() }
            var command = try parseAsRoot(words)
            if var waiting = command as? any AsyncParsableCommand { try await waiting.run() } else { try command.run() }
            Console.end(ExitCode.success.rawValue)
        } catch let code as ExitCode {
            Console.end(code.rawValue)
        } catch {
            let code = exitCode(for: error)
            // Help, a version or a completion script was asked for: a text in any case.
            if code.isSuccess { exit(withError: error) }
            let isUsage = code == .validationFailure
            Console.error(Console.isJSON ? message(for: error) : fullMessage(for: error), code: isUsage ? .usage : nil)
            Console.end(isUsage ? Exit.usage.rawValue : code.rawValue)
        }
    }
}

/// Exit codes beyond 0 and 1.
enum Exit {
    static let usage = ExitCode(2)
    /// The work was done, and what it stored lacks something.
    static let incomplete = ExitCode(3)
    static let notRunning = ExitCode(4)
    static let noSuchJob = ExitCode(5)
    static let locked = ExitCode(6)
    static let badConfiguration = ExitCode(78)
}

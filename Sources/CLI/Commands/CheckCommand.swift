import ArgumentParser
import Config
import Daemon
import HTTPClient
import JobKit
import Jobs
import PluginHost
import Scheduler
import Settings

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration and name every mistake with its place.")

    @Argument(help: "The configuration file; the same as --config.")
    var file: String?

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @OptionGroup var variables: VariableOptions

    @Option(help: "How problems are printed: text, or github for annotations of a workflow run.")
    var format = ProblemPrinter.Form.text

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if file != nil, config != nil { throw ValidationError("name the configuration file once") }
    }

    private struct Result: Encodable {
        struct Found: Encodable {
            var severity: String
            var file: String
            var line: Int
            var column: Int
            var message: String
            var hint: String?
        }

        var isValid: Bool
        var problems: [Found]
    }

    func run() throws {
        let file = try variables.configurationFile(file ?? config)
        let catalog = ConfigurationFile.catalog(http: CurlClient())
        let problems: [Problem]
        var configuration: Configuration?
        do {
            let read = try file.read(catalog)
            (configuration, problems) = (read, read.warnings)
        } catch {
            problems = error.problems
        }
        if json {
            let found = problems.map {
                Result.Found(
                    severity: $0.severity.rawValue, file: $0.place.file, line: $0.place.line, column: $0.place.column, message: $0.message,
                    hint: $0.hint)
            }
            Console.out(JSONText.of(Result(isValid: configuration != nil, problems: found)))
        } else {
            var printer = ProblemPrinter(form: format)
            printer.print(problems, file: file.path)
            if let configuration { Console.out(summary(configuration)) }
        }
        if configuration == nil { throw Exit.badConfiguration }
    }

    private func summary(_ configuration: Configuration) -> String {
        let disabled = configuration.jobs.compactMap { job in job.definition.disabled.map { "  \(job.definition.name): disabled, \($0)" } }
        return (["\(configuration.file) is valid: \(configuration.jobs.count.counted("job"))"] + disabled).joined(separator: "\n")
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the configuration, for editors.")

    @Option(name: .shortAndLong, help: "The configuration file, whose plug-ins are in the schema too.")
    var config: String?

    func run() {
        var catalog = ConfigurationFile.catalog(http: CurlClient())
        var plugins = ConfigurationFile(option: config).plugins()
        plugins.add(to: &catalog)
        Console.out(JSONSchema(catalog: catalog).text)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print the version as JSON.")
    var json = false

    func run() { Console.out(json ? JSONText.of(["version": programVersion]) : "shipkeeper \(programVersion)") }
}

extension ProblemPrinter.Form: ExpressibleByArgument {}

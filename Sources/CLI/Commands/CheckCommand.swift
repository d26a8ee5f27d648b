import ArgumentParser
import Config
import Control
import Daemon
import HTTPClient
import JobKit
import Jobs
import PluginHost
import Scheduler
import Settings
import TimeZones

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration and report every error with file, line and column.")

    @Argument(help: "The configuration file; the same as --config.")
    var file: String?

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @OptionGroup var variables: VariableOptions

    @Option(help: "How problems are printed: text, or github for annotations of a workflow run.")
    var format = ProblemPrinter.Form.text

    @OptionGroup var json: JSONOption

    func validate() throws {
        if file != nil, config != nil { throw ValidationError("name the configuration file once") }
    }

    private struct Answer: Encodable {
        struct Job: Encodable {
            var name: String
            var type: String
            /// Why it will not run; nil where it will.
            var disabled: String?
            /// Its schedules; nil where it has none.
            var schedules: [Schedule]?
        }

        struct Schedule: Encodable {
            var schedule: String
            var reading: ReadingAnswer
            /// The zone whose local time it follows; nil for an interval.
            var timeZone: String?
        }

        var file: String
        var isValid: Bool
        var jobs: [Job]
    }

    func run() async throws {
        let option = file ?? config
        let file = try variables.configurationFile(option)
        let catalog = ConfigurationFile.catalog(http: CurlClient())
        var problems: [Problem]
        var configuration: Configuration?
        do {
            let read = try file.read(catalog)
            (configuration, problems) = (read, read.warnings)
        } catch {
            problems = error.problems
        }
        if let configuration { problems = (problems + (await stopProblems(configuration, option))).inReadingOrder }
        var printer = ProblemPrinter(form: format)
        printer.print(problems, file: file.path)
        let jobs = (configuration?.jobs ?? []).map(\.definition).map(CheckCommand.answer)
        Console.answered(Answer(file: configuration?.file ?? file.path, isValid: configuration != nil, jobs: jobs))
        guard let configuration else { throw Exit.badConfiguration }
        Console.out(summary(configuration))
    }

    /// What is known of stops on this machine. A file that is read away from its container says nothing of it.
    private func stopProblems(_ configuration: Configuration, _ option: String?) async -> [Problem] {
        guard !variables.offline else { return [] }
        let lengths = await RecordedState.lengths(of: configuration.jobs.map(\.definition), option: nil, configuration: option)
        return lengths.map { StopAdvice(configuration, $0).problems } ?? []
    }

    private func summary(_ configuration: Configuration) -> String {
        let disabled = configuration.jobs.compactMap { job in job.definition.disabled.map { "  \(job.definition.name): disabled, \($0)" } }
        return (["\(configuration.file) is valid: \(configuration.jobs.count.counted("job"))"] + disabled + readings(configuration)).joined(separator: "\n")
    }

    /// What the cron schedules say. Their expressions are in the file.
    private func readings(_ configuration: Configuration) -> [String] {
        configuration.jobs.map(\.definition).filter { $0.disabled == nil }.flatMap { job in
            job.triggers.compactMap(\.schedule).filter { $0.zone != nil }.map { schedule in
                let zone = schedule.zone.flatMap { $0.name == configuration.timeZone.name ? nil : " (\($0.name))" } ?? ""
                return "  \(job.name): \(NextCommand.words(ReadingAnswer(schedule.reading)))\(zone)"
            }
        }
    }

    private static func answer(_ job: JobDefinition) -> Answer.Job {
        let schedules = job.triggers.compactMap(\.schedule).map {
            Answer.Schedule(schedule: $0.readable, reading: ReadingAnswer($0.reading), timeZone: $0.zone?.name)
        }
        return Answer.Job(name: job.name, type: job.typeName, disabled: job.disabled.map { "\($0)" }, schedules: schedules.isEmpty ? nil : schedules)
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the configuration, for editors.")

    @Option(name: .shortAndLong, help: "The configuration file, whose plug-ins are included.")
    var config: String?

    @Option(help: "Print the settings of one job type instead, as a table in Markdown.")
    var markdown: String?

    func run() throws {
        var catalog = ConfigurationFile.catalog(http: CurlClient())
        var plugins = ConfigurationFile(option: config).plugins()
        plugins.add(to: &catalog)
        guard let markdown else { return Console.out(JSONSchema(catalog: catalog).text) }
        guard let type = catalog.entries[markdown] else {
            let known = catalog.entries.keys.sorted()
            Console.error("no job type is named \"\(markdown)\"; known are \(known.joined(separator: ", "))")
            throw Exit.usage
        }
        Console.out(SettingsTable(type.shapes()).text)
    }
}

extension ProblemPrinter.Form: ExpressibleByArgument {}

import ArgumentParser
import Config
import Daemon
import HTTPClient
import Logs

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration with variables and defaults filled in.",
        discussion: "Values of secrets are masked. The output is YAML; lines that the file does not have are marked as defaults.")

    @Argument(help: "The configuration file; the same as --config.")
    var file: String?

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @OptionGroup var variables: VariableOptions

    func validate() throws {
        if file != nil, config != nil { throw ValidationError("name the configuration file once") }
    }

    func run() throws {
        let file = try variables.configurationFile(file ?? config)
        do {
            let resolved = try file.resolved(ConfigurationFile.catalog(http: CurlClient()))
            let redactor = Redactor()
            redactor.add(resolved.secrets)
            Console.out(redactor.redacted(resolved.text))
        } catch {
            var printer = ProblemPrinter()
            printer.print(error.problems, file: file.path)
            throw Exit.badConfiguration
        }
    }
}

import ArgumentParser
import Daemon
import Foundation

/// Where the variables of a configuration come from, for commands that read it away from its container.
struct VariableOptions: ParsableArguments {
    @Option(help: "A file with lines NAME=value, as docker run --env-file reads it; may be given several times.")
    var envFile: [String] = []

    @Flag(help: "Variables that are not set are warnings instead of errors.")
    var offline = false

    /// The configuration file with these variables over those of the environment.
    func configurationFile(_ option: String?) throws -> ConfigurationFile {
        var environment = ContainerEnvironment.all
        for path in envFile { environment.merge(try VariableOptions.read(path)) { _, new in new } }
        return ConfigurationFile(option: option, environment: environment, isOffline: offline)
    }

    /// The variables of a file in the form of Docker: a name and a value on each line, taken as it stands; lines that begin with # are comments,
    /// and a name alone takes its value from the environment.
    private static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            Console.error("\(path) can't be read; name a file with lines NAME=value")
            throw Exit.usage
        }
        var variables: [String: String] = [:]
        for (number, line) in String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            let text = line.drop(while: \.isWhitespace)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            let name = text.prefix { $0 != "=" }
            guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                Console.error("\(path):\(number + 1):1: error: this is not NAME=value; names have no blanks or quotes")
                throw Exit.usage
            }
            variables[String(name)] = name.endIndex == text.endIndex ? ContainerEnvironment.all[String(name)] : String(text[name.endIndex...].dropFirst())
        }
        return variables
    }
}

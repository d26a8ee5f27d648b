import ArgumentParser
import Daemon
import Foundation
import Init

/// Where the variables of a configuration come from, for commands that read it away from its container.
struct VariableOptions: ParsableArguments {
    @Option(help: "A file with lines NAME=value, as docker run --env-file reads it; may be given several times.")
    var envFile: [String] = []

    @Flag(help: "Variables that are not set are warnings instead of errors.")
    var offline = false

    /// The configuration file with these variables over those of the environment.
    func configurationFile(_ option: String?) throws -> ConfigurationFile {
        var environment = ContainerEnvironment.all
        for path in envFile {
            for (name, value) in try EnvironmentFile.read(path) { environment[name] = value ?? ContainerEnvironment.all[name] }
        }
        return ConfigurationFile(option: option, environment: environment, isOffline: offline)
    }
}

/// A file of variables in the form of Docker: a name and a value on each line, taken as it stands; lines that begin with # are comments, and a
/// name alone takes its value from the environment.
enum EnvironmentFile {
    /// Makes its variables those of this process. To be called before anything reads the environment. Blocks.
    static func set(_ path: String) throws {
        for case (let name, let value?) in try read(path) { OwnStart.set(name, value) }
    }

    /// Says what is wrong with the file, and ends the command. Blocks.
    /// - Returns: Names and values in the order of the file; no value for a name alone.
    static func read(_ path: String) throws -> [(name: String, value: String?)] {
        guard let data = FileManager.default.contents(atPath: path) else {
            Console.error("\(path) can't be read; name a file with lines NAME=value")
            throw Exit.usage
        }
        var variables: [(String, String?)] = []
        for (number, line) in String(decoding: data, as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let text = line.drop(while: \.isWhitespace)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            let name = text.prefix { $0 != "=" }
            guard !name.isEmpty, !name.contains(where: \.isWhitespace), !text.contains("\0") else {
                Console.error("\(path):\(number + 1):1: error: this is not NAME=value; names have no blanks or quotes")
                throw Exit.usage
            }
            variables.append((String(name), name.endIndex == text.endIndex ? nil : String(text[name.endIndex...].dropFirst())))
        }
        return variables
    }
}

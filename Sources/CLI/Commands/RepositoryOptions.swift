import ArgumentParser
import Backups
import Buckets
import Config
import Control
import Daemon
import Files
import Foundation
import HTTPClient
import JobKit
import Jobs
import Processes
import Settings
import TimeZones

/// A repository of the configuration, asked directly: no running program is needed.
struct RepositoryOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @Option(help: "The state folder of the running shipkeeper, whose configuration is used if no other is found.")
    var state: String?

    @Option(help: "The repository, if the configuration has several.")
    var repository: String?

    @OptionGroup var json: JSONOption

    /// Reads the configuration, or ends with its mistakes.
    func plans() async throws -> RepositoryPlans {
        let file = await ConfigurationFile.orOfServer(option: config, state: state)
        let http = CurlClient()
        do {
            let configuration = try file.read(ConfigurationFile.catalog(http: http))
            ShownTime.zone = configuration.timeZone
            return RepositoryPlans(configuration: configuration)
        } catch {
            var printer = ProblemPrinter()
            printer.print(error.problems, file: file.path)
            throw Exit.badConfiguration
        }
    }

    func chosen() async throws -> Repository {
        let plans = try await plans()
        return try Console.or { try plans.repository(repository) }
    }

    /// A folder for what is being looked at, gone afterwards.
    static func withScratch<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let path = TemporaryPlace.find() + "/shipkeeper-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}

extension ConfigurationFile {
    /// The file named by an option or the environment, or one of the usual places; where there is none, that of the running program.
    static func orOfServer(option: String?, state: String?) async -> ConfigurationFile {
        let file = ConfigurationFile(option: option)
        guard option == nil, !FileManager.default.fileExists(atPath: file.path) else { return file }
        let server = ServerOptions(config: nil, state: state)
        return await server.askQuietly(StatusOperation.self, NoParameters()).map { ConfigurationFile(option: $0.configuration) } ?? file
    }
}

extension Console {
    /// The value, or the sentence why there is none and the exit code 1.
    static func or<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as JobError { throw ended(error) }
    }

    static func or<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as JobError { throw ended(error) } catch let error as BackupError {
            throw ended(JobError("\(error)", hint: error.storage?.hint))
        }
    }

    private static func ended(_ error: JobError) -> ExitCode {
        Console.error(error.summary, hint: error.hint)
        return ExitCode.failure
    }
}

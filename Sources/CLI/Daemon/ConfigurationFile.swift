import Config
import Foundation
import HTTPClient
import JobKit
import Jobs

/// Finds and reads the configuration.
struct ConfigurationFile {
    let path: String

    /// The file named by an option or the environment, else the first of the usual places that exists.
    init(option: String?) {
        let environment = ProcessInfo.processInfo.environment
        let places = ["shipkeeper.yaml", "/etc/shipkeeper/shipkeeper.yaml"]
        let named = option ?? environment["SHIPKEEPER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        path = named ?? places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
    }

    /// What this program knows, with the Hub's address as the environment says it.
    static func catalog(http: any HTTPTransport, stateFolder: @escaping @Sendable () -> String) -> JobCatalog {
        let clock = SystemWallClock()
        return BuiltInJobs.catalog(
            http: http, hubEndpoint: ProcessInfo.processInfo.environment["HF_ENDPOINT"], now: { clock.now }, stateFolder: stateFolder)
    }

    func read(_ catalog: JobCatalog) throws(ConfigurationError) -> Configuration {
        let place = SourcePlace(file: path, line: 1, column: 1)
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(problems: [
                Problem(
                    at: place, "there is no such file",
                    hint: "name one with --config or SHIPKEEPER_CONFIG; Examples/ has some to begin with")
            ])
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(problems: [Problem(at: place, "the file can't be read", hint: "check its permissions")])
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(problems: [Problem(at: place, "the file is not UTF-8 text")])
        }
        return try ConfigurationReader(catalog: catalog, environment: ProcessInfo.processInfo.environment).read(text, file: path)
    }
}

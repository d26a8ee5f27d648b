package import Config
import Foundation
package import HTTPClient
package import JobKit
import Jobs
package import PluginHost
import Settings
package import TimeZones

/// Finds and reads the configuration.
package struct ConfigurationFile {
    package let path: String

    /// The file named by an option or the environment, else the first of the usual places that exists.
    package init(option: String?) {
        let environment = ContainerEnvironment.all
        let places = ["shipkeeper.yaml", "/etc/shipkeeper/shipkeeper.yaml"]
        let named = option ?? environment["SHIPKEEPER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        path = named ?? places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
    }

    /// What this program knows, with the Hub's address as the environment says it.
    package static func catalog(http: any HTTPTransport) -> JobCatalog {
        let clock = SystemWallClock()
        return BuiltInJobs.catalog(
            http: http, hubEndpoint: ContainerEnvironment.all["HF_ENDPOINT"], now: { clock.now })
    }

    /// Reads the file and the plug-ins that it names. Blocks.
    package func read(_ catalog: JobCatalog) throws(ConfigurationError) -> Configuration {
        let text = try text()
        let environment = ContainerEnvironment.all
        var (catalog, plugins) = (catalog, plugins(text, environment))
        plugins.add(to: &catalog)
        // A broken plug-in takes nothing down but the jobs that need it.
        let notes = plugins.problems.map { Problem(.warning, at: $0.place, $0.message, hint: $0.hint) }
        do {
            var configuration = try ConfigurationReader(catalog: catalog, environment: environment).read(text, file: path)
            configuration.warnings = notes + configuration.warnings
            if ContainerEnvironment.isSafeMode { configuration.enterSafeMode() }
            return configuration
        } catch {
            throw ConfigurationError(problems: notes + error.problems)
        }
    }

    /// The zone of this file, whatever else is right or wrong in it. Blocks.
    package func timeZone() -> Zone { TimeZoneKey.read((try? text()) ?? "", environment: ContainerEnvironment.all) }

    /// The plug-ins that this file's jobs may use; those beside it where there is no file.
    package func plugins() -> PluginCatalog { plugins((try? text()) ?? "", ContainerEnvironment.all) }

    private func plugins(_ text: String, _ environment: [String: String]) -> PluginCatalog {
        let own = URL(fileURLWithPath: path).deletingLastPathComponent()
        let named = ConfigurationReader(catalog: JobCatalog(), environment: environment).pluginFolders(text, file: path)
        let folders = [(path: own.appendingPathComponent("Plugins").path, place: SourcePlace?.none)]
        return PluginCatalog(
            folders: folders + named.map { (URL(fileURLWithPath: $0.path, relativeTo: own).standardizedFileURL.path, $0.place) }, parse: PlainYAML.read)
    }

    private func text() throws(ConfigurationError) -> String {
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
        return text
    }
}

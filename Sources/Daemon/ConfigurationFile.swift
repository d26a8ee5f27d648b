package import Config
import Foundation
package import HTTPClient
import Init
package import JobKit
import Jobs
package import PluginHost
import Scheduler
import Settings
package import TimeZones

/// Finds and reads the configuration.
package struct ConfigurationFile {
    package let path: String
    private let environment: [String: String]
    private let isOffline: Bool

    /// The file named by an option or the environment, else the first of the usual places that exists.
    /// - Parameters:
    ///   - environment: What its variables are taken from.
    ///   - isOffline: Whether it is read away from its container: variables that are not set are warnings.
    package init(option: String?, environment: [String: String] = ContainerEnvironment.all, isOffline: Bool = false) {
        self.environment = environment
        self.isOffline = isOffline
        let places = ["shipkeeper.yaml", "/etc/shipkeeper/shipkeeper.yaml"]
        let named = option ?? environment["SHIPKEEPER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        path = named ?? places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
    }

    /// What this program knows, with the Hub's address as the environment says it.
    package static func catalog(http: any HTTPTransport, arrivals: any ArrivalWatch = NoArrivals()) -> JobCatalog {
        let clock = SystemWallClock()
        return BuiltInJobs.catalog(
            http: http, hubEndpoint: ContainerEnvironment.all["HF_ENDPOINT"], arrivals: arrivals, now: { clock.now })
    }

    /// Reads the file and the plug-ins that it names. Blocks.
    package func read(_ catalog: JobCatalog) throws(ConfigurationError) -> Configuration {
        let text = try text()
        // A plug-in that comes with the program is read where its name is somewhere in the file: all of them take as long as the rest of the file. Where a variable
        // holds the name, or it is misspelled, they all are.
        let names = PluginNames(in: text)
        do throws(ConfigurationError) {
            return try read(text, catalog, plugins(text, environment, isNeeded: names.contains))
        } catch {
            return try read(text, catalog, plugins(text, environment))
        }
    }

    private func read(_ text: String, _ catalog: JobCatalog, _ plugins: PluginCatalog) throws(ConfigurationError) -> Configuration {
        var (catalog, plugins) = (catalog, plugins)
        plugins.add(to: &catalog)
        // A broken plug-in takes nothing down but the jobs that need it.
        let notes = plugins.problems.map { Problem(.warning, at: $0.place, $0.message, hint: $0.hint) }
        do {
            var configuration = try ConfigurationReader(catalog: catalog, environment: environment, isOffline: isOffline).read(text, file: path)
            var advice = ConfigurationAdvice(configuration, environment: environment).problems
            if !isOffline { advice += [Nginx.problem(configuration, path: environment["PATH"])].compactMap(\.self) }
            configuration.warnings = notes + disable(in: &configuration) + (configuration.warnings + advice).inReadingOrder
            if ContainerEnvironment.isSafeMode { configuration.enterSafeMode() }
            return configuration
        } catch {
            throw ConfigurationError(problems: notes + error.problems)
        }
    }

    /// Switches off what something else runs. A name that no job has may be a slip, and then a job would run twice.
    private func disable(in configuration: inout Configuration) -> [Problem] {
        let names = (environment[ContainerEnvironment.disabledJobsVariable] ?? "").split(separator: ",").map { String($0).trimmingCharacters(in: .whitespaces) }
        return configuration.disable(elsewhere: names.filter { !$0.isEmpty }).map { name in
            let nearest = NearestWord.find(name, in: configuration.jobs.map(\.definition.name)).map { "did you mean \"\($0)\"?" }
            return Problem(
                .warning, at: SourcePlace(file: path, line: 0, column: 0), "\(ContainerEnvironment.disabledJobsVariable) names \"\(name)\", which is not a job",
                hint: nearest)
        }
    }

    /// What can be used of a file with mistakes; nil where that is nothing. Blocks.
    package func held() -> Configuration? { (try? text()).flatMap { HeldConfiguration.read($0, file: path, environment: environment) } }

    /// The file with variables and defaults filled in, and the values to be masked in it. Blocks.
    /// - Throws: All that is wrong with the file.
    package func resolved(_ catalog: JobCatalog) throws(ConfigurationError) -> (text: String, secrets: [String]) {
        let configuration = try read(catalog)
        var (catalog, text) = (catalog, try text())
        var plugins = plugins(text, environment)
        plugins.add(to: &catalog)
        text = ResolvedConfiguration(catalog: catalog, secrets: configuration.secrets).text(of: text, file: path, environment: environment) ?? ""
        return (text, JobEnvironment(own: environment, stateFolder: "").secrets(of: configuration))
    }

    /// The zone of this file, whatever else is right or wrong in it. Blocks.
    package func timeZone() -> Zone { TimeZoneKey.read((try? text()) ?? "", environment: environment) }

    /// The names below a key such as `jobs`, whatever else is right or wrong in the file. Blocks.
    package func names(below key: String) -> [String] { (PlainYAML.read((try? text()) ?? "", file: path).root?[key]?.entries ?? []).map(\.key) }

    /// The plug-ins that this file's jobs may use; those next to it where there is no file.
    package func plugins() -> PluginCatalog { plugins((try? text()) ?? "", environment) }

    private func plugins(
        _ text: String, _ environment: [String: String], isNeeded: (_ name: String) -> Bool = { _ in true }
    ) -> PluginCatalog {
        let own = URL(fileURLWithPath: path).deletingLastPathComponent()
        var folders = [PluginFolder(own.appendingPathComponent("Plugins").path, .project)]
        // Without the word nothing is named, and the file need not be read twice.
        let named = isNeeded("plugins") ? ConfigurationReader(catalog: JobCatalog(), environment: environment).pluginFolders(text, file: path) : []
        for named in named {
            folders.append(PluginFolder(URL(fileURLWithPath: named.path, relativeTo: own).standardizedFileURL.path, .named(named.place)))
        }
        if let other = environment[ShippedPlugins.variable], !other.isEmpty {
            folders.append(PluginFolder(URL(fileURLWithPath: other).standardizedFileURL.path, .variable))
        } else if let shipped = ShippedPlugins.folder(of: OwnStart.program, exists: { FileManager.default.fileExists(atPath: $0) }) {
            folders.append(PluginFolder(shipped, .shipped))
        }
        return PluginCatalog(folders: folders, isNeeded: isNeeded, parse: PlainYAML.read)
    }

    /// What is in the file. Blocks.
    package func text() throws(ConfigurationError) -> String {
        let place = SourcePlace(file: path, line: 0, column: 0)
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(problems: [
                Problem(
                    at: place, "there is no such file",
                    hint: "name one with --config or SHIPKEEPER_CONFIG, or write one: shipkeeper init --platform compose")
            ])
        }
        var isFolder = ObjCBool(false)
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw ConfigurationError(problems: [Problem(at: place, "this is a folder", hint: "name the file in it: \(path)/shipkeeper.yaml")])
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

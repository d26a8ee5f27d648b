import Files
import Foundation
import JobKit
import Platforms
import Scheduler
import Settings

/// The keys at the top of the file.
enum TopLevel {
    static let repositoriesShape = SettingShape(
        "repositories", "Where backups are kept, by name", .map(.anything))
    static let jobsShape = SettingShape("jobs", "What is to be done, by name", .map(.anything), isRequired: true)

    static func read(
        _ reader: inout SettingsReader, file: String, environment: [String: String]
    ) -> Configuration {
        _ = reader.parsed(
            SettingShape("version", "The version of this format: 1", .integer(1...1), isRequired: true), expected: "version: 1"
        ) {
            $0 == "1" ? 1 : nil
        }
        let timeZone = ZoneKeys(environment).ofFile(&reader)
        let state = reader.path("state", "Folder of state.db, logs and the socket", isRequired: false)
        let budget = reader.duration(
            "stop_budget", "Time from SIGTERM to the end of the program; without it what the platform allows", default: Platform(environment).stopBudget,
            in: .seconds(1) ... .seconds(3600))
        let secrets = SecretNames.read(&reader, "Environment variables that no job sees unless it is granted them")
        let plugins = reader.strings("plugins", "Folders with plug-ins, besides Plugins next to this file and the shipped ones")
        let parallel = reader.integer(
            "max_parallel", "The most jobs at once, services apart",
            default: max(2, ContainerCores.count * 2), in: 1...1000)
        let logs = reader.section("logs", "The container log and the logs of runs", logs)
        let retention = reader.section("retention", "How long runs are remembered", retention)
        return Configuration(
            file: file, timeZone: timeZone, stateFolder: state, stopBudget: budget, secrets: secrets, plugins: plugins,
            logs: logs ?? Configuration.Logs(format: .text, mostPerRun: 4 << 20, requests: false),
            retention: retention ?? Configuration.Retention(runs: 10_000, age: .seconds(90 * 86_400)),
            mostParallel: parallel, jobs: [], warnings: [])
    }

    private static func logs(_ reader: inout SettingsReader) -> Configuration.Logs {
        Configuration.Logs(
            format: reader.choice("format", "Form of the container log", default: .text),
            mostPerRun: reader.size("max_per_run", "The most bytes kept of one run's log", default: 4 << 20),
            requests: reader.boolean("requests", "Whether every exchange over HTTP is logged, with the server's id for it", default: false))
    }

    private static func retention(_ reader: inout SettingsReader) -> Configuration.Retention {
        Configuration.Retention(
            runs: reader.integer("runs", "The most runs remembered of one job", default: 10_000, in: 1...1_000_000),
            age: reader.duration(
                "age", "How long a run is remembered", default: .seconds(90 * 86_400),
                in: .seconds(3600) ... .seconds(3650 * 86_400)))
    }
}

extension SettingsReader {
    /// Takes every key as known, where it can't be determined which are.
    mutating func acceptAll() {
        for entry in allEntries { _ = node(SettingShape(entry.key, "", .anything)) }
    }
}

import Foundation
package import JobKit
package import Scheduler
package import Settings
package import TimeZones

/// A whole, valid configuration, as `ConfigurationReader` makes it. A value: a reload makes another.
package struct Configuration: Sendable {
    /// A job with what the engine and its processes need.
    package struct Job: Sendable {
        /// What the scheduler knows of it.
        package var definition: JobDefinition
        /// What it does, with its decoded settings.
        package var work: Work
        /// The job's own, or the file's.
        package var timeZone: Zone
        /// Names of declared secrets that the job's processes get.
        package var secrets: [String]
        /// Variables for the job's processes, added to the program's own; nil unsets one.
        package var environment: [String: String?]
        /// Where its keys are in the file, for problems that are found later.
        package var places: JobPlaces
    }

    /// The form of the container log: lines of text, or one JSON object a line.
    package enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }

    /// What is logged, and how.
    package struct Logs: Sendable {
        /// `text` by default.
        package var format: LogFormat
        /// The most bytes kept of one run's log.
        package var mostPerRun: Int64
        /// Whether every exchange over HTTP is logged.
        package var requests: Bool
    }

    /// How many finished runs are kept in the history.
    package struct Retention: Sendable {
        /// Runs of one job.
        package var runs: Int
        /// Older runs are removed.
        package var age: Duration
    }

    /// The path as the user named it.
    package var file: String
    /// Of schedules and shown times, unless a job has its own.
    package var timeZone: Zone
    /// Where state.db, logs and the socket are; nil for the default.
    package var stateFolder: String?
    /// How long shutting down may take in all, last backups included, before the platform kills the container.
    package var stopBudget: Duration
    /// Where the file says so; nil where it leaves that to the platform.
    package var stopBudgetPlace: SourcePlace? = nil
    /// Names of declared secrets.
    package var secrets: [String]
    /// Folders with plug-ins, as they are written in the file.
    package var plugins: [String]
    /// Values of keys for secrets, from variables or the file itself, to redact from everything that is written.
    package var secretValues: [String] = []
    /// Declared repositories, by name.
    package var repositories: [String: NamedResource] = [:]
    /// The public port; nil where the file has none, and the app owns it.
    package var front: Front? = nil
    /// Who may use the page.
    package var control = Control()
    /// In the file's order.
    package var actions: [Action] = []
    package var logs: Logs
    package var retention: Retention
    /// How many runs may be under way at once, services aside.
    package var mostParallel: Int
    /// In the file's order.
    package var jobs: [Job]
    /// All values of the file by path, such as `jobs.app.with.live.failures`, for reporting what a reload has changed.
    package var values: [String: WrittenValue] = [:]
    /// Problems that do not make it invalid, in reading order.
    package var warnings: [Problem]

    /// Reads the zone files again that have changed. Blocks.
    package mutating func takeZonesAgain(_ finder: ZoneFinder) {
        timeZone = finder.again(timeZone)
        for index in jobs.indices {
            jobs[index].timeZone = finder.again(jobs[index].timeZone)
            jobs[index].definition.triggers = jobs[index].definition.triggers.map { $0.replacingZone(finder.again) }
        }
    }

    /// Disables jobs that something else runs.
    /// - Returns: Those of the names that no job has.
    package mutating func disable(elsewhere names: [String]) -> [String] {
        for index in jobs.indices where names.contains(jobs[index].definition.name) && jobs[index].definition.disabled == nil {
            jobs[index].definition.disabled = .elsewhere
        }
        return names.filter { name in !jobs.contains { $0.definition.name == name } }
    }

    /// Disables every job, with `safeMode` as the reason.
    package mutating func enterSafeMode() {
        for index in jobs.indices { jobs[index].definition.disabled = .safeMode }
    }
}

/// Why there is no configuration: everything that is wrong, in reading order.
package struct ConfigurationError: Error, Sendable {
    package var problems: [Problem]

    package init(problems: [Problem]) { self.problems = problems }
}

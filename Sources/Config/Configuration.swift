import Foundation
package import JobKit
package import Scheduler
package import Settings
package import TimeZones

/// A whole, valid configuration.
package struct Configuration: Sendable {
    package struct Job: Sendable {
        package var definition: JobDefinition
        package var work: Work
        /// The job's own, or the file's.
        package var timeZone: Zone
        /// Declared secrets that the job's processes get.
        package var secrets: [String]
        /// Nil takes a variable away.
        package var environment: [String: String?]
        package var places: JobPlaces
    }

    package enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }

    package struct Logs: Sendable {
        package var format: LogFormat
        /// The most bytes kept of one run's log.
        package var mostPerRun: Int64
        /// Whether every exchange over HTTP is logged.
        package var requests: Bool
    }

    package struct Retention: Sendable {
        package var runs: Int
        package var age: Duration
    }

    package var file: String
    package var timeZone: Zone
    /// Where state.db, logs and the socket are; nil for the default.
    package var stateFolder: String?
    package var stopBudget: Duration
    /// Where the file says so; nil where it leaves that to the platform.
    package var stopBudgetPlace: SourcePlace? = nil
    /// Names of declared secrets.
    package var secrets: [String]
    /// Folders with plug-ins, as they are written.
    package var plugins: [String]
    /// Values that are at keys for secrets, wherever they come from.
    package var secretValues: [String] = []
    /// What jobs refer to by name.
    package var repositories: [String: NamedResource] = [:]
    package var logs: Logs
    package var retention: Retention
    package var mostParallel: Int
    package var jobs: [Job]
    /// All that the file says, by path, such as `jobs.app.with.live.failures`: for telling what a reload has changed.
    package var values: [String: WrittenValue] = [:]
    package var warnings: [Problem]

    /// Reads the zone files again that have changed. Blocks.
    package mutating func takeZonesAgain(_ finder: ZoneFinder) {
        timeZone = finder.again(timeZone)
        for index in jobs.indices {
            jobs[index].timeZone = finder.again(jobs[index].timeZone)
            jobs[index].definition.triggers = jobs[index].definition.triggers.map { trigger in
                guard case .schedule(.cron(let expression, let zone), let atStart) = trigger else { return trigger }
                return .schedule(.cron(expression, finder.again(zone)), atStart: atStart)
            }
        }
    }

    /// No job runs, whatever it would do.
    package mutating func enterSafeMode() {
        for index in jobs.indices { jobs[index].definition.disabled = .safeMode }
    }
}

/// Why there is no configuration: everything that is wrong, in reading order.
package struct ConfigurationError: Error, Sendable {
    package var problems: [Problem]

    package init(problems: [Problem]) { self.problems = problems }
}

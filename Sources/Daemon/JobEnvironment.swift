package import Config
import Foundation
import Init
import JobKit
package import Scheduler
import TimeZones

/// The environments that jobs' processes get.
package struct JobEnvironment {
    package let own: [String: String]
    package let stateFolder: String

    package init(own: [String: String] = ContainerEnvironment.all, stateFolder: String) {
        self.own = own
        self.stateFolder = stateFolder
    }

    /// The container's environment without any declared secret, then what the job was granted, then its own `env`.
    package func jobs(of configuration: Configuration) -> [ScheduledJob] {
        var base = own
        for name in configuration.secrets + InitProgram.variables { base[name] = nil }
        base["SHIPKEEPER_STATE"] = stateFolder
        return configuration.jobs.map { job in
            var environment = base
            // Its processes live by the same clock as its schedules.
            if let zone = job.timeZone.variable { environment["TZ"] = zone }
            for name in job.secrets { environment[name] = own[name] }
            for (name, value) in job.environment { environment[name] = value }
            return ScheduledJob(definition: job.definition, work: job.work, environment: environment)
        }
    }

    /// The values that must not be shown.
    package func secrets(of configuration: Configuration) -> [String] {
        (configuration.secrets.compactMap { own[$0] } + configuration.secretValues).filter { !$0.isEmpty }
    }
}

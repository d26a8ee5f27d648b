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
        let base = base(of: configuration)
        return configuration.jobs.map { job in
            ScheduledJob(definition: job.definition, work: job.work, environment: environment(base, job.timeZone, job.secrets, job.environment))
        }
    }

    /// The same for an action.
    package func variables(of action: Configuration.Action, in configuration: Configuration) -> [String: String] {
        environment(base(of: configuration), configuration.timeZone, action.secrets, action.environment)
    }

    private func base(of configuration: Configuration) -> [String: String] {
        var base = own
        for name in configuration.secrets + InitProgram.variables { base[name] = nil }
        base["SHIPKEEPER_STATE"] = stateFolder
        return base
    }

    private func environment(_ base: [String: String], _ zone: Zone, _ secrets: [String], _ variables: [String: String?]) -> [String: String] {
        var environment = base
        // Its processes live by the same clock as its schedules.
        if let zone = zone.variable { environment["TZ"] = zone }
        for name in secrets { environment[name] = own[name] }
        for (name, value) in variables { environment[name] = value }
        return environment
    }

    /// The values that must not be shown.
    package func secrets(of configuration: Configuration) -> [String] {
        (configuration.secrets.compactMap { own[$0] } + configuration.secretValues).filter { !$0.isEmpty }
    }
}

package import JobKit
package import Settings

/// A process that is kept running: the gateway, a web server, a worker.
package struct ServiceJob: ServiceType {
    package static let typeName = "service"
    package static let about = "Keeps a program running: starts, checks, restarts and stops it"
    /// How the process is started, checked, restarted and stopped.
    package let definition: ServiceDefinition

    package static func settings(from reader: inout SettingsReader) -> ServiceDefinition {
        let definition = ServiceDefinition(
            program: reader.program() ?? .command([""]), folder: reader.path("cwd", "Working directory; shipkeeper's own by default", isRequired: false),
            ready: reader.section(
                "ready",
                "Readiness: jobs that need the service wait for it. Set one of http, tcp, exec, notify, log, file; without the group it is ready once started",
                SettingsReader.ready) ?? nil,
            live: reader.section("live", "Liveness check: a service that fails it is restarted. Set one of http, tcp, exec", live) ?? nil,
            restart: reader.section("restart", "What happens when the service exits", restart) ?? .init(),
            exitRules: reader.exitRules("exit_rules", "What happens on certain exit codes, instead of a restart with backoff"),
            stop: reader.section("stop", "How the service is asked to exit when it is stopped") { $0.stopSteps() } ?? StopSteps(),
            memoryLimit: reader.memoryLimit(),
            adoptPort: reader.optionalInteger(
                "adopt_port", "The service's port: a process that it leaves listening there when it exits with 0 is supervised as the service", in: 1...65_535),
            cleaning: reader.section(
                "clean_before_first_start",
                "Stale lock files of an earlier container, removed before the first start: only those that are empty or hold a process id", cleaning) ?? nil,
            watchdog: reader.watchdog(),
            reload: reader.section("reload", "How \"shipkeeper reload JOB\" lets the service reload its own configuration") { $0.reload() } ?? nil,
            listen: reader.listen())
        reader.checkRestartOrder(of: definition)
        return definition
    }

    private static func live(_ reader: inout SettingsReader) -> ServiceDefinition.LiveCheck? {
        let probe = reader.probe()
        let check = ServiceDefinition.LiveCheck(
            probe: probe ?? .exec([]),
            every: reader.duration("every", "Time between two checks", default: .seconds(10), in: .milliseconds(100) ... .seconds(3600)),
            timeout: reader.duration(
                "timeout", "The longest one check may take", default: .seconds(5), in: .milliseconds(100) ... .seconds(600)),
            failures: reader.integer("failures", "Failures in a row before the service is restarted", default: 5, in: 1...1000),
            startPeriod: reader.duration(
                "start_period", "Failures do not count for so long after the start, until the check has passed once", default: .zero,
                in: .zero ... .seconds(86_400)))
        return probe == nil ? nil : check
    }

    private static func restart(_ reader: inout SettingsReader) -> ServiceDefinition.RestartPolicy {
        let backoff = reader.durationRange(
            "backoff", "First and longest wait before a restart; 0s: at once after it was ready, then 1s, 2s, 4s", default: .zero ... .seconds(60),
            allowsZero: true)
        let giveUp = reader.countWithin(
            "give_up_after", "This many exits within that time, and the service is not restarted again", default: (10, .seconds(600)))
        let policy = ServiceDefinition.RestartPolicy(
            backoff: backoff.lowerBound, backoffCap: backoff.upperBound, giveUpAfter: giveUp.count, giveUpWithin: giveUp.within,
            stableAfter: reader.duration(
                "stable_after", "After being ready for this long, the backoff starts from the beginning", default: .seconds(60),
                in: .seconds(1) ... .seconds(86_400)),
            order: reader.choice(
                "order",
                "Where a running process is replaced (restart, a changed setting, memory_limit): end the old one first, or start the new one next to it "
                    + "and end the old one once the new one is ready",
                default: .stopFirst))
        reader.formerly("settled_after", "stable_after")
        return policy
    }

    private static func cleaning(_ reader: inout SettingsReader) -> ServiceDefinition.Cleaning? {
        let folder = reader.path("folder", "The folder to search, with everything below it")
        let patterns = reader.strings("patterns", "File names such as \"*.lock\"", isRequired: true)
        return folder.map { .init(folder: $0, patterns: patterns) }
    }
}

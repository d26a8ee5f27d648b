package import JobKit
package import Settings

/// A process that is kept running: the gateway, a web server, a worker.
package struct ServiceJob: ServiceType {
    package static let typeName = "service"
    package static let about = "Keeps a program running: starts it, looks after it, restarts it, stops it"
    package let definition: ServiceDefinition

    package static func settings(from reader: inout SettingsReader) -> ServiceDefinition {
        ServiceDefinition(
            program: reader.program() ?? .command([""]), folder: reader.path("cwd", "Folder to run in", isRequired: false),
            ready: reader.section("ready", "When the service counts as ready, so that what needs it may start", ready) ?? nil,
            live: reader.section("live", "When a running service is restarted", live) ?? nil,
            restart: reader.section("restart", "What happens after an end", restart) ?? .init(),
            exitRules: reader.exitRules("exit_rules", "What exit codes mean"),
            stop: reader.section("stop", "How the service is asked to end") { $0.stopSteps() } ?? StopSteps(),
            memoryLimit: reader.memoryLimit(),
            adoptPort: reader.optionalInteger(
                "adopt_port", "Its port: a process that it leaves behind there when it exits with 0 is kept as the service", in: 1...65_535),
            cleaning: reader.section(
                "clean_before_first_start", "Files an earlier container left, removed before the first start", cleaning) ?? nil)
    }

    private static func ready(_ reader: inout SettingsReader) -> ServiceDefinition.ReadyCheck? {
        let probe = reader.probe()
        let check = ServiceDefinition.ReadyCheck(
            probe: probe ?? .exec([]),
            every: reader.duration("every", "Time between two looks", default: .seconds(1), in: .milliseconds(100) ... .seconds(600)),
            timeout: reader.duration(
                "timeout", "The longest one look may take", default: .seconds(5), in: .milliseconds(100) ... .seconds(600)),
            within: reader.duration(
                "within", "A service not ready by then is restarted", default: .seconds(600), in: .seconds(1) ... .seconds(86_400)))
        return probe == nil ? nil : check
    }

    private static func live(_ reader: inout SettingsReader) -> ServiceDefinition.LiveCheck? {
        let probe = reader.probe()
        let check = ServiceDefinition.LiveCheck(
            probe: probe ?? .exec([]),
            every: reader.duration("every", "Time between two looks", default: .seconds(10), in: .milliseconds(100) ... .seconds(3600)),
            timeout: reader.duration(
                "timeout", "The longest one look may take", default: .seconds(5), in: .milliseconds(100) ... .seconds(600)),
            failures: reader.integer("failures", "Failures in a row that call for a restart", default: 5, in: 1...1000))
        return probe == nil ? nil : check
    }

    private static func restart(_ reader: inout SettingsReader) -> ServiceDefinition.RestartPolicy {
        let backoff = reader.durationRange(
            "backoff", "First and longest wait before a restart; 0s: at once after it was ready, then 1s, 2s, 4s", default: .zero ... .seconds(60),
            allowsZero: true)
        let giveUp = reader.countWithin(
            "give_up_after", "Ends within a time after which the service is given up", default: (10, .seconds(600)))
        let policy = ServiceDefinition.RestartPolicy(
            backoff: backoff.lowerBound, backoffCap: backoff.upperBound, giveUpAfter: giveUp.count, giveUpWithin: giveUp.within,
            stableAfter: reader.duration(
                "stable_after", "Ready for so long, its backoff starts again", default: .seconds(60), in: .seconds(1) ... .seconds(86_400)))
        reader.formerly("settled_after", "stable_after")
        return policy
    }

    private static func cleaning(_ reader: inout SettingsReader) -> ServiceDefinition.Cleaning? {
        let folder = reader.path("folder", "The folder below which to look")
        let patterns = reader.strings("patterns", "File names such as \"*.lock\"", isRequired: true)
        return folder.map { .init(folder: $0, patterns: patterns) }
    }
}

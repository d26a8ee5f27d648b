import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

/// The keys of a job that the engine itself understands, whatever the job's type.
struct CommonJobSettings {
    var timeZone: Zone
    var triggers: [Trigger]
    var needs: [String]
    var timeout: Duration?
    var retry: RetryPolicy
    var overlap: Overlap
    var fireRule: FireRule
    var deadline: DeadlineRule?
    var group: String?
    var priority: Int
    var background: Background?
    var secrets: [String]
    var environment: [String: String?]
    var missingSecrets: [String]
    var isEnabled: Bool
    var disabled: DisabledReason?

    /// The keys that every job has, but for `type` and `with`.
    static let shapes = SettingsReader.shapes { reader in
        var top = SettingsReader(ConfigNode(.mapping([]), at: SourcePlace(file: "", line: 1, column: 1)))
        _ = read(&reader, kind: nil, TopLevel.read(&top, file: "", environment: [:]), environment: [:])
    }

    static func read(
        _ reader: inout SettingsReader, kind: JobCatalog.Entry?, _ configuration: Configuration,
        environment: [String: String]
    ) -> CommonJobSettings {
        let zone = ZoneKeys(environment).ofJob(&reader) ?? configuration.timeZone
        let secrets = SecretNames.granted(&reader, configuration.secrets, to: "job")
        let isEnabled = reader.boolean("enabled", "Whether the job runs at all", default: true)
        var keys = CommonJobSettings(
            timeZone: zone,
            triggers: TriggerKeys.read(&reader, zone: zone),
            needs: reader.strings("needs", "Jobs that must have succeeded, or services that must be ready, in this boot"),
            timeout: reader.optionalDuration(
                "timeout", "The longest one attempt may take", in: .milliseconds(100) ... .seconds(7 * 86_400)),
            retry: reader.section("retry", "Whether a failed run is tried again") { retry(&$0, kind) } ?? (kind?.isMessage == true ? .ofMessages : .never),
            overlap: reader.choice(
                "overlap", "What to do when a run is due while the previous one is still running", default: kind?.isMessage == true ? .all : .skip),
            fireRule: fireRule(&reader),
            deadline: reader.section("deadline", "When the job is late, silent or slow", deadline),
            group: reader.optionalString("group", "Jobs of one group never run at once"),
            priority: reader.integer(
                "priority", "Of jobs that wait for a place, those with more get it first; of equal ones the one that was due first", default: 0,
                in: -100...100),
            background: BackgroundKeys.read(&reader),
            secrets: secrets,
            environment: reader.environment("env", "Environment variables of the job's processes; one without a value is removed"),
            missingSecrets: secrets.filter { (environment[$0] ?? "").isEmpty }, isEnabled: isEnabled,
            disabled: isEnabled ? nil : .switchedOff)
        if kind?.isService == true, !reader.has("on") { keys.triggers = [.boot] }
        if kind?.isService == true, keys.triggers.contains(where: { $0.watched != nil }) {
            reader.report("on", "a service runs all the time: it does not become due by \"watch\"", hint: "let a job watch, and restart the service")
        }
        if kind?.isService == true, keys.timeout != nil {
            reader.report("timeout", "a service has no timeout", hint: "remove it; \"ready: { within: … }\" limits the start")
        }
        if kind?.isService == true, keys.background != nil {
            reader.report("background", "a service does not run in the background", hint: "remove it; start its program with nice or ionice in a shell line")
        }
        if kind?.isService == true, keys.deadline != nil {
            reader.report("deadline", "a service has no deadline", hint: "remove it; a job can follow the service with outcome: [restarting, failed]")
        }
        return keys
    }

    private static func fireRule(_ reader: inout SettingsReader) -> FireRule {
        FireRule(
            catchUp: reader.choice("catch_up", "What happens to scheduled times missed while the program was down", default: .once),
            limit: reader.integer("catch_up_limit", "The most runs that catch_up: all makes up for", default: 100, in: 1...10_000),
            startDeadline: reader.optionalDuration(
                "start_deadline", "Scheduled times older than this are dropped", in: .seconds(1) ... .seconds(3650 * 86_400)),
            jitter: reader.duration("jitter", "Each scheduled time is delayed by up to this", default: .zero, in: .zero ... .seconds(86_400)))
    }

    private static func deadline(_ reader: inout SettingsReader) -> DeadlineRule {
        let rule = DeadlineRule(
            startWithin: reader.optionalDuration(
                "start_within", "The longest time from one start to the next, and from one success to the next", in: .seconds(1) ... .seconds(3650 * 86_400)),
            slowerThan: reader.parsed(
                SettingShape("slower_than", "A run is slow that takes longer than this times the usual", .pattern("^[0-9]+([.][0-9]+)?$", form: "number")),
                expected: "a number from 1 to 1000, such as 3 or 1.5"
            ) { text in Double(text).flatMap { (1...1000).contains($0) ? $0 : nil } })
        if !reader.isDescribing, rule == DeadlineRule(), reader.problems.isEmpty {
            reader.report(at: reader.place, "\"deadline\" has no limit", hint: "write { start_within: 26h }, { slower_than: 3 }, or both")
        }
        return rule
    }

    private static func retry(_ reader: inout SettingsReader, _ kind: JobCatalog.Entry?) -> RetryPolicy {
        let usual = kind?.isMessage == true ? RetryPolicy.ofMessages : RetryPolicy(attempts: 3)
        let backoff = reader.durationRange("backoff", "Wait before the second attempt, and the longest wait", default: usual.backoff...usual.backoffCap)
        let on = reader.strings(
            "on",
            "What is tried again: error, timeout, interrupted; the first two by default, and of messages all. In the place of error, exit codes of programs")
        var (kinds, codes): (Set<RetryPolicy.Kind>, Set<Int32>) = ([], [])
        for name in on {
            if let kind = RetryPolicy.Kind(rawValue: name) {
                kinds.insert(kind)
            } else if let code = Int32(name), (1...255).contains(code) {
                codes.insert(code)
            } else {
                reader.report("on", "\"on\" of \"retry\" is \"\(name)\"", hint: "allowed are error, timeout, interrupted, and exit codes from 1 to 255")
            }
        }
        if kinds.contains(.error), !codes.isEmpty, !reader.isDescribing {
            reader.warn(at: reader.place(of: "on"), "error in \"on\" is every exit code", hint: "leave error out, so that only the named codes are tried again")
        }
        return RetryPolicy(
            attempts: reader.integer("attempts", "Attempts in all", default: usual.attempts, in: 1...1000),
            backoff: backoff.lowerBound, backoffCap: backoff.upperBound,
            factor: Double(reader.integer("factor", "By what the wait grows", default: 2, in: 1...10)),
            on: kinds.isEmpty && codes.isEmpty ? usual.on : kinds, exitCodes: codes)
    }
}

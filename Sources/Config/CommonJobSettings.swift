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
    var group: String?
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
        let secrets = granted(&reader, configuration.secrets)
        let isEnabled = reader.boolean("enabled", "Whether the job runs at all", default: true)
        var keys = CommonJobSettings(
            timeZone: zone,
            triggers: TriggerKeys.read(&reader, zone: zone),
            needs: reader.strings("needs", "Jobs that must have succeeded, or services that must be ready, in this boot"),
            timeout: reader.optionalDuration(
                "timeout", "The longest one attempt may take", in: .milliseconds(100) ... .seconds(7 * 86_400)),
            retry: reader.section("retry", "Whether a failed run is tried again", retry) ?? .never,
            overlap: reader.choice("overlap", "What to do when a run is due while the previous one is still running", default: .skip),
            fireRule: fireRule(&reader),
            group: reader.optionalString("group", "Jobs of one group never run at once"),
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
        return keys
    }

    private static func granted(_ reader: inout SettingsReader, _ declared: [String]) -> [String] {
        let names = SecretNames.read(&reader, "Declared secrets that the job's processes get")
        for name in names where !declared.contains(name) {
            let nearest = NearestWord.find(name, in: declared).map { "did you mean \"\($0)\"?" }
            reader.report(
                "secrets", "the secret \"\(name)\" is not declared", hint: nearest ?? "add it to \"secrets\" at the top of the file")
        }
        return names.filter(declared.contains)
    }

    private static func fireRule(_ reader: inout SettingsReader) -> FireRule {
        FireRule(
            catchUp: reader.choice("catch_up", "What happens to scheduled times missed while the program was down", default: .once),
            limit: reader.integer("catch_up_limit", "The most runs that catch_up: all makes up for", default: 100, in: 1...10_000),
            startDeadline: reader.optionalDuration(
                "start_deadline", "Scheduled times older than this are dropped", in: .seconds(1) ... .seconds(3650 * 86_400)),
            jitter: reader.duration("jitter", "Each scheduled time is delayed by up to this", default: .zero, in: .zero ... .seconds(86_400)))
    }

    private static func retry(_ reader: inout SettingsReader) -> RetryPolicy {
        let backoff = reader.durationRange(
            "backoff", "Wait before the second attempt, and the longest wait", default: .seconds(10) ... .seconds(600))
        let on = reader.strings("on", "What is tried again: error, timeout; both by default")
        let kinds = on.compactMap { name -> RetryPolicy.Kind? in
            if let kind = RetryPolicy.Kind(rawValue: name) { return kind }
            reader.report("on", "\"on\" of \"retry\" is \"\(name)\"", hint: "allowed are error, timeout")
            return nil
        }
        return RetryPolicy(
            attempts: reader.integer("attempts", "Attempts in all", default: 3, in: 1...1000),
            backoff: backoff.lowerBound, backoffCap: backoff.upperBound,
            factor: Double(reader.integer("factor", "By what the wait grows", default: 2, in: 1...10)),
            on: kinds.isEmpty ? [.error, .timeout] : Set(kinds))
    }
}

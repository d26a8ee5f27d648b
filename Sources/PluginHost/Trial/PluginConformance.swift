import Foundation
package import JobKit
import Settings

/// Tries whether a plug-in keeps to the protocol, also when it is asked for what makes no sense.
package struct PluginConformance: Sendable {
    private static let mostPrinted = 16 << 20
    private static let cancelAfter = Duration.milliseconds(100)

    private let manifest: PluginManifest
    private let attempt: ProbeRun
    private let settings: PluginValue?
    private let problems: [Problem]
    /// How long a good request may take.
    private let patience: Duration

    /// - Parameters:
    ///   - folder: A folder that exists, in which the plug-in runs.
    ///   - environment: The environment of its processes.
    package init(
        _ manifest: PluginManifest, launcher: any ProcessLauncher, clock: any WallClock, folder: String, environment: [String: String],
        patience: Duration = .seconds(30)
    ) {
        self.manifest = manifest
        self.patience = patience
        var environment = environment
        environment["SHIPKEEPER_FD"] = "3"
        environment["SHIPKEEPER_PLUGIN"] = manifest.folder
        environment["SHIPKEEPER_JOB"] = "trial"
        attempt = ProbeRun(manifest: manifest, launcher: launcher, clock: clock, folder: folder, environment: environment)
        let node = manifest.example ?? ConfigNode(.mapping([]), at: SourcePlace(file: "\(manifest.folder)/\(PluginManifest.fileName)", line: 1, column: 1))
        var reader = SettingsReader(node, path: "example")
        let values = manifest.settings.settings(&reader)
        reader.finish()
        problems = reader.problems.filter { $0.severity == .error }
        settings = problems.isEmpty ? values : nil
    }

    /// Everything that was tried, in order; each is told as it comes.
    package func run(_ onCheck: @Sendable (JobCheck) -> Void) async -> [JobCheck] {
        var checks: [JobCheck] = []
        func tell(_ name: String, _ verdict: JobCheck.Verdict, _ message: String) {
            checks.append(JobCheck(name, verdict, message))
            onCheck(checks[checks.count - 1])
        }
        let missing = manifest.missingNeeds(path: attempt.environment["PATH"])
        tell(
            "needs", missing.isEmpty ? .ok : .failed,
            missing.isEmpty ? "all it calls is there" : "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not installed")
        guard let settings else {
            tell("example", .failed, problems.first?.description ?? "the example is invalid")
            return checks
        }
        tell("example", .ok, manifest.example == nil ? "it needs no settings" : "its example keeps to its schema")
        guard manifest.kind == .job else {
            tell("conversation", .skipped, "a service gets no request and sends no messages")
            return checks
        }
        do throws(LaunchError) {
            let good = try await attempt.run(request(settings), patience: patience, mostPrinted: PluginConformance.mostPrinted)
            for check in judge(good) { tell(check.name, check.verdict, check.message) }
            guard good.exit != nil else { return checks }
            for (name, request) in [
                ("unknown protocol", request(settings, version: 99)), ("garbage", Array("this is no JSON\n".utf8)), ("nothing", []),
            ] { try await refuses(name, request, tell) }
            if manifest.settings.hasRequired { try await refuses("no settings", self.request(.object([:])), tell) }
            let cancelled = try await attempt.run(
                request(settings), patience: PluginConformance.cancelAfter + manifest.grace, mostPrinted: PluginConformance.mostPrinted,
                cancelAfter: PluginConformance.cancelAfter)
            tell("cancel", cancelled.exit == nil ? .failed : .ok, words(ofCancelled: cancelled))
        } catch {
            tell("start", .failed, error.description)
        }
        return checks
    }

    private func request(_ settings: PluginValue, version: Int = PluginManifest.protocolVersion) -> [UInt8] {
        PluginValue.object([
            "protocol": .integer(version), "job": .text("trial"), "run": .integer(1), "attempt": .integer(1), "missed": .integer(0),
            "scheduledAt": .text("2026-01-01T00:00:00Z"), "settings": settings, "state": .object([:]),
        ]).bytes + [10]
    }

    // MARK: Verdicts

    private func judge(_ end: ProbeRun.End) -> [JobCheck] {
        var checks: [JobCheck] = []
        let isTooMuch = end.printed > PluginConformance.mostPrinted
        checks.append(
            JobCheck(
                "output", isTooMuch ? .failed : .ok,
                isTooMuch
                    ? "it prints more than \(PluginConformance.mostPrinted >> 20) MiB and was ended" : "\(ByteSizeText.readable(Int64(end.printed))) printed"))
        checks.append(secrets(end))
        if let flaw = end.told.flaw {
            checks.append(JobCheck("messages", .failed, flaw.description))
            return checks
        }
        guard let exit = end.exit else {
            if !isTooMuch { checks.append(JobCheck("end", .failed, "it had not ended after \(DurationText.format(patience)), and was killed")) }
            return checks
        }
        checks.append(JobCheck("end", .ok, "it \(exit) after \(DurationText.readable(end.took))"))
        checks.append(outcome(exit, end.told))
        checks.append(
            JobCheck(
                "leftovers", end.leftovers == 0 ? .ok : .failed,
                end.leftovers == 0
                    ? "it leaves no process behind"
                    : "it left \(end.leftovers.counted("process", plural: "processes")) behind, which \(end.leftovers == 1 ? "was" : "were") ended"))
        return checks
    }

    private func outcome(_ exit: ProcessExit, _ told: PluginConversation.PluginResult) -> JobCheck {
        switch (told.result, told.error, exit) {
        case (_?, _?, _): JobCheck("outcome", .failed, "it sent a result and an error")
        case (let result?, nil, .exited(0)): JobCheck("outcome", .ok, "success: \(result)")
        case (let result?, nil, _): JobCheck("outcome", .failed, "it sent a result (\(result)), and then \(exit)")
        case (nil, let error?, .exited(0)): JobCheck("outcome", .failed, "it sent an error (\(error.summary)), and then ended as if all were well")
        case (nil, let error?, _): JobCheck("outcome", .ok, "a clear error: \(error.summary)")
        case (nil, nil, .exited(0)): JobCheck("outcome", .failed, "it exited with 0 without sending a result message: {\"result\": …} is missing")
        case (nil, nil, _): JobCheck("outcome", .failed, "it \(exit) without saying why: {\"error\": …} is missing")
        }
    }

    private func secrets(_ end: ProbeRun.End) -> JobCheck {
        let values = settings.map { manifest.settings.secrets(in: $0) } ?? []
        let shown = values.filter { $0.utf8.count >= 6 && end.words.contains(Array($0.utf8)) }
        if values.isEmpty { return JobCheck("secrets", .skipped, "it has no settings that are secrets (writeOnly: true)") }
        return JobCheck("secrets", shown.isEmpty ? .ok : .failed, shown.isEmpty ? "it shows none" : "it prints the value of a secret setting")
    }

    /// What makes no sense must not succeed.
    private func refuses(
        _ name: String, _ request: [UInt8], _ tell: (String, JobCheck.Verdict, String) -> Void
    ) async throws(LaunchError) {
        let end = try await attempt.run(request, patience: patience, mostPrinted: PluginConformance.mostPrinted)
        switch end.exit {
        case nil: tell(name, .failed, "it did not end in time or said too much, and was killed")
        case _ where end.isSuccess: tell(name, .failed, "it calls that a success")
        case _: tell(name, .ok, "refused" + (end.told.error.map { ": \($0.summary)" } ?? ""))
        }
    }

    private func words(ofCancelled end: ProbeRun.End) -> String {
        guard end.exit != nil else { return "it ignores SIGTERM, and was killed after \(DurationText.format(manifest.grace))" }
        if end.took < PluginConformance.cancelAfter { return "it was done before it could be cancelled" }
        return "it ended \(DurationText.readable(end.took - PluginConformance.cancelAfter)) after SIGTERM"
    }
}

extension PluginSchema {
    var hasRequired: Bool {
        if case .object(let properties, _) = self { properties.contains { $0.isRequired && $0.fallback == nil } } else { false }
    }

    /// The values of those settings that are secrets.
    func secrets(in value: PluginValue) -> [String] {
        switch self {
        case .text(_, _, isSecret: true): value.text.map { [$0] } ?? []
        case .object(let properties, let others):
            (value.object ?? [:]).flatMap { key, value in (properties.first { $0.key == key }?.schema ?? others)?.secrets(in: value) ?? [] }
        case .list(let element): value.list.flatMap { element.secrets(in: $0) }
        case .text, .integer, .number, .boolean: []
        }
    }
}

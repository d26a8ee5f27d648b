import Foundation
package import JobKit
import Settings

/// Tests whether a plug-in keeps to the protocol, also with invalid requests. Runs it several times, as a real process.
package struct PluginConformance: Sendable {
    private static let mostPrinted = 16 << 20
    private static let cancelAfter = Duration.milliseconds(100)

    private let manifest: PluginManifest
    private let attempt: ProbeRun
    private let settings: PluginValue?
    private let problems: [Problem]
    /// How long a good request may take.
    private let patience: Duration
    private let onLine: (@Sendable (_ attempt: String, PluginLine) -> Void)?

    /// - Parameters:
    ///   - folder: A folder that exists, in which the plug-in runs.
    ///   - environment: The environment of its processes.
    ///   - onLine: Gets each line that is exchanged, with the attempt that it belongs to, as it comes; nil to ignore them.
    package init(
        _ manifest: PluginManifest, launcher: any ProcessLauncher, clock: any WallClock, folder: String, environment: [String: String],
        patience: Duration = .seconds(30), onLine: (@Sendable (_ attempt: String, PluginLine) -> Void)? = nil
    ) {
        self.onLine = onLine
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
        problems = manifest.settings.problems(in: node, path: "example")
        settings = problems.isEmpty ? values : nil
    }

    /// Everything that was tried, in order; `onCheck` gets each as it comes.
    package func run(_ onCheck: @Sendable (JobCheck) -> Void) async -> [JobCheck] {
        var checks: [JobCheck] = []
        func tell(_ name: String, _ verdict: JobCheck.Verdict, _ message: String) {
            checks.append(JobCheck(name, verdict, message))
            onCheck(checks[checks.count - 1])
        }
        func tell(_ name: String, _ finding: (JobCheck.Verdict, String)) { tell(name, finding.0, finding.1) }
        let missing = manifest.missingNeeds(path: attempt.environment["PATH"])
        tell(
            "needs", missing.isEmpty ? .ok : .failed,
            missing.isEmpty ? "all it calls is there" : "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not installed")
        guard let settings else {
            tell("example", .failed, problems.first?.description ?? "the example is invalid")
            return checks
        }
        tell("example", .ok, manifest.example == nil ? "it needs no settings" : "its example keeps to its schema")
        guard manifest.kind != .service else {
            tell("conversation", .skipped, "a service gets no request and sends no messages")
            return checks
        }
        do throws(LaunchError) {
            let good = try await probe("good request", manifest.request(job: "trial", settings: settings), settings)
            for check in judge(good) { tell(check.name, check.verdict, check.message) }
            guard good.exit != nil else { return checks }
            let bads: [(String, [UInt8], PluginValue)] = [
                ("unknown protocol", manifest.request(job: "trial", settings: settings, version: 99), settings),
                ("garbage", Array("this is no JSON\n".utf8), settings), ("nothing", [], settings),
                ("no settings", manifest.request(job: "trial", settings: .object([:])), .object([:])),
            ]
            for (name, request, settings) in bads where name != "no settings" || manifest.settings.hasRequired {
                tell(name, try await refusal(probe(name, request, settings), good))
            }
            let cancelled = try await probe("cancel", manifest.request(job: "trial", settings: settings), settings, isCancelled: true)
            tell("cancel", cancellation(cancelled, good))
        } catch {
            tell("start", .failed, error.description)
        }
        return checks
    }

    private func probe(
        _ name: String, _ request: [UInt8], _ settings: PluginValue, isCancelled: Bool = false
    ) async throws(LaunchError) -> ProbeRun.End {
        var run = attempt
        if let onLine { run.onLine = { line in onLine(name, line) } }
        return try await run.run(
            request, settings: settings, patience: isCancelled ? PluginConformance.cancelAfter + manifest.grace : patience,
            mostPrinted: PluginConformance.mostPrinted, cancelAfter: isCancelled ? PluginConformance.cancelAfter : nil)
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

    /// An invalid request must not succeed. A plug-in that fails with a good request in the same way proves nothing: it may have read neither.
    private func refusal(_ end: ProbeRun.End, _ good: ProbeRun.End) -> (JobCheck.Verdict, String) {
        guard let exit = end.exit else { return (.failed, "it did not end in time or said too much, and was killed") }
        if end.isSuccess { return (.failed, "it calls that a success") }
        if !good.isSuccess, exit == good.exit, end.told.error == good.told.error {
            return (.skipped, "not tried: it ends as with a good request, so nothing shows that it reads any")
        }
        return (.ok, "refused" + (end.told.error.map { ": \($0.summary)" } ?? ""))
    }

    /// On a busy machine a short plug-in may still be there when it is to be cancelled, and end by itself: as with a good request, and not much sooner.
    private func cancellation(_ end: ProbeRun.End, _ good: ProbeRun.End) -> (JobCheck.Verdict, String) {
        guard end.exit != nil else { return (.failed, "it ignores SIGTERM, and was killed after \(DurationText.format(manifest.grace))") }
        let isByItself = end.exit == good.exit && end.isSuccess == good.isSuccess && end.told.error == good.told.error && end.took >= good.took / 2
        if end.took < PluginConformance.cancelAfter || isByItself { return (.skipped, "not tried: it was done before it could be cancelled") }
        return (.ok, "it ended \(DurationText.readable(end.took - PluginConformance.cancelAfter)) after SIGTERM")
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

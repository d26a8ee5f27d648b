package import JobKit
import Settings

/// One run of a plug-in without the rest of the program: to try it while it is being written.
package struct PluginTrial: Sendable {
    private static let mostPrinted = 1 << 30

    private let manifest: PluginManifest
    private let settings: PluginValue
    private let state: [String: String]
    private let attempt: ProbeRun

    /// - Parameters:
    ///   - settings: As the manifest's schema has read them.
    ///   - state: What it remembers from the last run.
    ///   - folder: A folder that exists, in which it runs.
    ///   - environment: The environment of its processes.
    ///   - onLine: Gets each line as it comes, with the values of secret settings redacted.
    package init(
        _ manifest: PluginManifest, settings: PluginValue, state: [String: String], launcher: any ProcessLauncher, clock: any WallClock, folder: String,
        environment: [String: String], onLine: @escaping @Sendable (PluginLine) -> Void
    ) {
        self.manifest = manifest
        self.settings = settings
        self.state = state
        let secrets = manifest.settings.secrets(in: settings).filter { !$0.isEmpty }
        var environment = environment
        environment["SHIPKEEPER_FD"] = "3"
        environment["SHIPKEEPER_PLUGIN"] = manifest.folder
        environment["SHIPKEEPER_JOB"] = manifest.name
        var attempt = ProbeRun(manifest: manifest, launcher: launcher, clock: clock, folder: folder, environment: environment)
        attempt.onLine = { line in
            var line = line
            for secret in secrets { line.text = line.text.replacing(secret, with: "<secret>") }
            onLine(line)
        }
        self.attempt = attempt
    }

    /// Its result, and what it wants remembered; nil forgets a key. It is asked to end when the task is cancelled or the time is up.
    /// - Throws: Why it failed, as a run of a job would.
    package func run(timeout: Duration) async throws(JobError) -> (report: RunReport, state: [String: String?]) {
        if let first = manifest.missingNeeds(path: attempt.environment["PATH"]).first {
            throw JobError("the plug-in \(manifest.name) needs \(first), which is not installed", hint: "install it")
        }
        let end: ProbeRun.End
        do throws(LaunchError) {
            end = try await attempt.run(
                manifest.request(job: manifest.name, settings: settings, state: state), settings: settings, patience: timeout + manifest.grace,
                mostPrinted: PluginTrial.mostPrinted, cancelAfter: timeout)
        } catch {
            throw JobError(error.description, hint: error.hint)
        }
        guard let exit = end.exit else {
            if let flaw = end.told.flaw { throw JobError("it does not keep to the protocol: \(flaw)") }
            throw JobError("it had not ended after \(DurationText.format(timeout)), and was killed", hint: "give it more time with --timeout")
        }
        let report = try PluginJob.verdict(exit, end.told, manifest.name, "see what it printed")
        return (report, end.told.state)
    }
}

extension PluginManifest {
    /// The request of a trial.
    func request(job: String, settings: PluginValue, state: [String: String] = [:], version: Int = PluginManifest.protocolVersion) -> [UInt8] {
        PluginValue.object([
            "protocol": .integer(version), "job": .text(job), "run": .integer(1), "attempt": .integer(1), "missed": .integer(0),
            "scheduledAt": .text("2026-01-01T00:00:00Z"), "settings": settings, "state": .object(state.mapValues { .text($0) }),
        ]).bytes + [10]
    }
}

package import JobKit
package import Settings

/// Runs a program and succeeds when it exits with an expected code.
package struct CommandJob: JobType {
    /// The keys under `with`.
    package struct Settings: Sendable {
        package var program: ProgramLine
        /// The working directory; nil for the program's own.
        package var folder: String?
        /// Exit codes that count as success; `0` by default. A signal never does.
        package var successCodes: Set<Int32>
        /// How the program is asked to exit when the run is cancelled.
        package var stop: StopSteps
    }

    package static let typeName = "command"
    package static let about = "Runs a program"
    let settings: Settings

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            program: reader.program() ?? .command([""]), folder: reader.path("cwd", "Working directory; shipkeeper's own by default", isRequired: false),
            successCodes: reader.exitCodes("success_codes", "Exit codes that mean success", default: [0]),
            stop: reader.section("stop", "How the program is asked to exit when it is stopped") { $0.stopSteps() } ?? StopSteps())
    }

    package var programs: [ProgramUse] { [ProgramUse("program", settings.program, folder: settings.folder)] }

    /// Runs the program to its end, its output going to the run's log.
    /// - Throws: Where it can't be started, and for any other exit code or a signal, which is worth a retry.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        let exit = try await context.finish(context.command(settings.program, folder: settings.folder), stop: settings.stop)
        guard case .exited(let code) = exit, settings.successCodes.contains(code) else {
            throw JobError(
                "it \(exit)", hint: "shipkeeper logs \(context.job) --run \(context.run)", retry: .worthwhile, exitCode: exit.code)
        }
        return RunReport(summary: exit.description, outputs: ["exit_code": .integer(Int64(code))])
    }
}

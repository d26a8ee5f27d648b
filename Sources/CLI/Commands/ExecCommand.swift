import ArgumentParser
import Control
import Daemon
import Init
import Processes
import Settings

struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run one job of the configuration once, without a running shipkeeper.",
        discussion: """
            For scheduled tasks of a platform, CI, and to try a job: its timeout, retries, secrets and log are those of the configuration, and the run is recorded in the \
            state folder. Nothing else is started: no schedules, no job that it needs or that follows it. The exit code is that of "start --wait"; SIGTERM ends the run \
            within the stop budget.
            """)

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Flag(help: "Change nothing: show what the run would do. For jobs of the types backup, restore, json-merge, publish and hexo.")
    var dryRun = false

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @Option(help: "The folder that keeps the record of the run, and holds off another shipkeeper meanwhile.")
    var state: String?

    @Option(help: "A file with lines NAME=value, as docker run --env-file reads it, on top of the environment; may be given several times.")
    var envFile: [String] = []

    @OptionGroup var json: JSONOption

    func run() async throws {
        // Before anything reads the environment: all that follows takes these for variables of the container.
        for path in envFile { try EnvironmentFile.set(path) }
        OwnProcess.prepare(hasInit: false)
        OwnProcess.adoptOrphans()
        let single = try prepare()
        let answer: RunAnswer
        do throws(SingleRun.Refused) { answer = try await single.run(isDryRun: dryRun, via: .commandLine) } catch {
            Console.error(error.reason, code: .refused)
            throw ExitCode.failure
        }
        try answer.conclude()
    }

    private func prepare() throws -> SingleRun {
        do throws(SingleRun.Refusal) {
            // Standard output is the report's where programs read it.
            return try SingleRun.prepare(job, configuration: config, state: state, version: programVersion, log: Console.isJSON ? .error : .output)
        } catch {
            switch error {
            case .start(.configuration(let path, let problems)):
                var printer = ProblemPrinter()
                printer.print(problems, file: path, consequence: "nothing was started")
                throw Exit.badConfiguration
            case .start(.locked(let message)):
                Console.error(message, hint: "where it runs: shipkeeper start \(job) --wait")
                throw Exit.locked
            case .start(.stateFolder(let message)), .store(let message):
                Console.error(message)
                throw ExitCode.failure
            case .noSuchJob(let nearest):
                Console.error("no job is named \"\(job)\"", hint: nearest.map { "did you mean \"\($0)\"?" }, code: .noSuchJob)
                throw Exit.noSuchJob
            case .isService:
                Console.error("\(job) is a service, which never ends by itself", hint: "shipkeeper run keeps it running", code: .refused)
                throw ExitCode.failure
            }
        }
    }
}

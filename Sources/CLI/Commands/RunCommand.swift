import ArgumentParser
import Daemon
import Init
import Processes
import Settings

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the jobs until stopped: the container's entry point.",
        discussion: """
            A small init process starts shipkeeper, reaps orphans, forwards signals and restarts it after a crash, while services continue: \
            as process 1, or as a child subreaper below another init. SIGTERM and SIGINT stop, SIGHUP reloads \
            the configuration. Started from a terminal, it stops when that is closed.
            """)

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @Option(help: "A file with lines NAME=value, as docker run --env-file reads it, on top of the environment; may be given several times.")
    var envFile: [String] = []

    @Flag(inversion: .prefixedNo, help: "Run below a small init process.")
    var `init` = true

    func run() async throws {
        // Before anything reads the environment: all that follows takes these for variables of the container.
        for path in envFile {
            for case (let name, let value?) in try EnvironmentFile.read(path) { OwnStart.set(name, value) }
        }
        OwnProcess.prepare(hasInit: ContainerEnvironment.own[InitProgram.restartsVariable] != nil)
        if let lack = SystemRoom.descriptorsLack() {
            Console.error(lack)
            throw ExitCode.failure
        }
        SystemRoom.wait { Console.error($0) }
        OwnProcess.adoptOrphans()
        OwnProcess.leave(code: await (try prepare()).run())
    }

    /// Says why the program can't start, and ends it with the exit code for that.
    private func prepare() throws -> Daemon {
        do throws(Daemon.StartFailure) {
            return try Daemon.prepare(configurationOption: config, version: programVersion)
        } catch {
            switch error {
            case .configuration(let path, let problems):
                var printer = ProblemPrinter()
                printer.print(problems, file: path, consequence: "nothing was started")
                throw Exit.badConfiguration
            case .stateFolder(let message):
                Console.error(message)
                throw ExitCode.failure
            case .locked(let message):
                Console.error(message)
                throw Exit.locked
            }
        }
    }
}

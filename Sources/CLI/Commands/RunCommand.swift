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

    func run() async throws { try await RunWords(config: config, envFile: envFile).run() }
}

/// What the words of `run` ask for.
struct RunWords: Hashable {
    var config: String?
    var envFile: [String] = []

    func run() async throws {
        // Before anything reads the environment: all that follows takes these for variables of the container.
        for path in envFile { try EnvironmentFile.set(path) }
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
            return try Daemon.prepare(configurationOption: config, version: programVersion, holdsPort: true)
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

extension RunWords {
    /// The words with which containers start the program, read without building all commands: the first service waits for that. Nil for anything else, such as a
    /// mistake or a request for help.
    init?(_ words: [String]) {
        guard words.first == "run" else { return nil }
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            switch word {
            case "--no-init": break
            case "--config", "-c":
                guard let path = rest.popFirst(), !path.hasPrefix("-") else { return nil }
                config = path
            case "--env-file":
                guard let path = rest.popFirst(), !path.hasPrefix("-") else { return nil }
                envFile.append(path)
            default: return nil
            }
        }
    }
}

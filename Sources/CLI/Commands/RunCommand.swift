import ArgumentParser
import Init
import Processes

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the jobs until stopped: the container's entry point.",
        discussion: """
            A small process of its own starts the program, reaps orphans, forwards signals and starts it again after a fault: \
            as process 1, or as a child subreaper where another init stands above. SIGTERM and SIGINT stop, SIGHUP reloads \
            the configuration.
            """)

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @Flag(inversion: .prefixedNo, help: "Run below a small init process.")
    var `init` = true

    func run() async throws {
        OwnProcess.prepare(hasInit: ContainerEnvironment.own[InitProcess.restartsVariable] != nil)
        ThreadRoom.wait()
        OwnProcess.adoptOrphans()
        OwnProcess.leave(code: try await Daemon.prepare(configurationOption: config).run())
    }
}

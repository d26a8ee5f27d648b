import ArgumentParser
import Control
import Daemon
import Foundation
import JobKit
import Settings

struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: UpgradeOperation.summary,
        discussion: """
            The running program ends, and the new one takes over its services: their processes, connections and logs continue. Without a name it is the \
            file that the program was started from, which may have been replaced meanwhile. The new program is tried first: "version" and "check" \
            must succeed. Runs under way are waited for, and no new one is started; "shipkeeper stop JOB" ends one. Init itself stays as it is until the \
            container restarts.
            """)

    @Argument(help: "The new program.", completion: .file())
    var binary: String?

    @OptionGroup var server: ServerOptions

    /// How long the new program may take to answer, in seconds.
    private static let patience = Duration.seconds(120)
    private static let pace = Duration.milliseconds(100)

    private struct Report: Encodable {
        var program: String
        var before: String
        var version: String
        /// Services that continue.
        var services: [String]
    }

    func run() async throws {
        let before = try await server.ask(StatusOperation.self)
        let path = binary.map { URL(fileURLWithPath: $0).path }
        let answer = try await server.ask(UpgradeOperation.self, .init(program: path))
        for problem in answer.problems { Console.problem(problem) }
        guard answer.isAccepted else { throw ExitCode.failure }
        if !answer.waitingFor.isEmpty {
            Console.note("waits for \(answer.waitingFor.map { "\($0.job) (run \($0.run))" }.joined(separator: ", ")); Ctrl-C ends the waiting, not the upgrade")
        }
        let after = try await successor(of: before)
        let services = before.jobs.filter { job in
            job.isService && job.process != nil && after.jobs.contains { $0.name == job.name && $0.process == job.process }
        }.map(\.name)
        let words = services.isEmpty ? "" : "; \(services.joined(separator: ", ")) \(services.count == 1 ? "continues" : "continue")"
        if !Console.answered(Report(program: answer.program, before: before.version, version: after.version, services: services)) {
            Console.out("shipkeeper \(before.version) → \(after.version)\(words)")
        }
    }

    /// The first answer of the next program.
    private func successor(of before: StatusAnswer) async throws -> StatusAnswer {
        // News end when the program does.
        var position = before.position
        while let news = await server.askQuietly(EventsOperation.self, .init(after: position, wait: 20)) { position = news.position }
        let clock = SystemWallClock()
        let end = clock.uptime + UpgradeCommand.patience
        var newest: StatusAnswer?
        while clock.uptime < end {
            let answer = await server.askQuietly(StatusOperation.self, NoParameters())
            if let answer, answer.startedAt > before.startedAt {
                newest = answer
                if answer.hasTakenOver(from: before) { return answer }
            }
            try await clock.sleep(for: UpgradeCommand.pace)
        }
        if let newest { return newest }
        Console.error("the new program does not answer", hint: "see the container's log")
        throw ExitCode.failure
    }
}

extension StatusAnswer {
    /// Whether it is known what has become of each service that had a process.
    fileprivate func hasTakenOver(from before: StatusAnswer) -> Bool {
        let running = Set(before.jobs.filter { $0.isService && $0.process != nil }.map(\.name))
        return !jobs.contains { running.contains($0.name) && $0.process == nil && [.starting, .running, .waiting].contains($0.state) }
    }
}

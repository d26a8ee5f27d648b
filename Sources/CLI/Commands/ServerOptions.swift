import ArgumentParser
import Control
import Daemon
import Foundation
import HTTPClient
import JobKit
import TimeZones

/// Where the running program is, and how its answer is shown.
struct ServerOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file, to find the state folder.")
    var config: String?

    @Option(help: "The state folder of the running program.")
    var state: String?

    @OptionGroup var json: JSONOption

    /// Asks the running program. Where there is no answer, says why and ends with the exit code for it.
    func ask<O: ControlOperation>(_ operation: O.Type, _ request: O.Request) async throws -> O.Answer {
        let socket = StateFolder.findSocket(option: state, configuration: config)
        ShownTime.zone = ConfigurationFile(option: config).timeZone()
        let client = CurlClient()
        defer { client.close() }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.send(HTTPRequest(operation.effect.method, "http://shipkeeper/-/\(operation.address(request))", unixSocket: socket))
        } catch {
            Console.error(
                "shipkeeper is not running here (\(socket): \(error))", hint: "start it with \"shipkeeper run\", or name its folder with --state",
                code: .notRunning)
            throw Exit.notRunning
        }
        if response.status != 200 {
            let failure = try? ControlJSON.decode(FailureAnswer.self, from: response.body)
            for problem in failure?.problems ?? [ProblemAnswer("the program answered \(response.status)")] { Console.problem(problem) }
            throw failure?.problems.first?.code == .noSuchJob ? Exit.noSuchJob : ExitCode.failure
        }
        do { return try ControlJSON.decode(O.Answer.self, from: response.body) } catch {
            Console.error("the program gave an answer that this command does not understand; are both of the same version?")
            throw ExitCode.failure
        }
    }

    /// How long one request waits for news, in seconds.
    private static let longestWait: Int64 = 20
    /// The least time between two looks at progress or a log: what comes faster is shown together.
    private static let pace = Duration.milliseconds(100)

    /// Asks an operation without parameters.
    func ask<O: ControlOperation>(_ operation: O.Type) async throws -> O.Answer where O.Request == NoParameters { try await ask(operation, NoParameters()) }

    /// Whether a program answers.
    func isRunning() async -> Bool { await askQuietly(RestoreProgressOperation.self, NoParameters()) != nil }

    /// Returns once something has happened after a position of the feed of events, or nothing for a while.
    func awaitNews(after position: Int64?, job: String? = nil, topic: String? = nil) async throws {
        let begun = ContinuousClock.now
        let news = try await ask(EventsOperation.self, .init(after: position, wait: ServerOptions.longestWait, job: job, topic: topic))
        guard news.events.allSatisfy({ $0.type == .progress || $0.type == .log }) else { return }
        let rest = ServerOptions.pace - (ContinuousClock.now - begun)
        if rest > .zero { try await SystemWallClock().sleep(for: rest) }
    }

    /// The same, for what is only worth having where the program runs; nil else.
    func askQuietly<O: ControlOperation>(_ operation: O.Type, _ request: O.Request) async -> O.Answer? {
        let client = CurlClient()
        defer { client.close() }
        let socket = StateFolder.findSocket(option: state, configuration: config)
        let address = "http://shipkeeper/-/\(operation.address(request))"
        guard let response = try? await client.send(HTTPRequest(operation.effect.method, address, unixSocket: socket)), response.status == 200 else {
            return nil
        }
        return try? ControlJSON.decode(O.Answer.self, from: response.body)
    }
}

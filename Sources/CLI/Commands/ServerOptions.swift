import ArgumentParser
import Control
import Daemon
import Foundation
import HTTPClient
import JobKit
import TimeZones

/// Where the running program is.
struct ServerPlace: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file, to find the state folder.")
    var config: String?

    @Option(help: "The state folder of the running shipkeeper.")
    var state: String?
}

/// Where the running program is, and how its answer is shown.
struct ServerOptions: ParsableArguments {
    @OptionGroup var place: ServerPlace
    @OptionGroup var json: JSONOption

    init() {}

    init(_ place: ServerPlace) { self.place = place }

    init(config: String?, state: String?) {
        self.init(ServerPlace())
        (place.config, place.state) = (config, state)
    }

    var config: String? { place.config }
    var state: String? { place.state }

    /// Asks the running program. Where there is no answer, says why and ends with the exit code for it.
    /// - Parameter timeout: The longest wait for the answer.
    func ask<O: ControlOperation>(
        _ operation: O.Type, _ request: O.Request, timeout: Duration = .seconds(30)
    ) async throws -> O.Answer where O.Answer: ValueAnswer {
        let response: HTTPResponse
        do throws(HTTPFailure) { response = try await send(operation, request, timeout: timeout) } catch {
            let reason = if case .refused = error { "nothing listens at \(socket)" } else { "\(socket): \(error)" }
            Console.error(
                "shipkeeper is not running here (\(reason))", hint: "start it with \"shipkeeper run\", or name its folder with --state",
                code: .notRunning)
            throw Exit.notRunning
        }
        return try ServerOptions.answer(to: operation, response)
    }

    /// The same; nil where no program runs.
    func askIfRunning<O: ControlOperation>(_ operation: O.Type, _ request: O.Request) async throws -> O.Answer? where O.Answer: ValueAnswer {
        guard let response = try? await send(operation, request) else { return nil }
        return try ServerOptions.answer(to: operation, response)
    }

    private static func answer<O: ControlOperation>(to operation: O.Type, _ response: HTTPResponse) throws -> O.Answer where O.Answer: ValueAnswer {
        if response.status != 200 {
            let failure = try? ControlJSON.decode(FailureAnswer.self, from: response.body)
            throw ServerOptions.report(failure?.problems ?? [ProblemAnswer("the program answered \(response.status)")])
        }
        do { return try ControlJSON.decode(O.Answer.self, from: response.body) } catch {
            Console.error("the program gave an answer that this command does not understand; are both of the same version?")
            throw ExitCode.failure
        }
    }

    private var socket: String { StateFolder.findSocket(option: state, configuration: config) }

    /// Times are shown from here on as the program shows them.
    private func send<O: ControlOperation>(
        _ operation: O.Type, _ request: O.Request, timeout: Duration = .seconds(30)
    ) async throws(HTTPFailure) -> HTTPResponse {
        let response = try await send(operation.effect.method, operation.address(request), timeout: timeout)
        let named = response.header(ControlServer.zoneHeader).flatMap { try? ZoneFinder(environment: ContainerEnvironment.all).zone($0) }
        ShownTime.zone = named ?? ConfigurationFile(option: config).timeZone()
        return response
    }

    /// Asks for an address below `/-/`, whatever it answers.
    func send(_ method: String, _ address: String, as caller: Caller = .commandLine, timeout: Duration = .seconds(30)) async throws(HTTPFailure) -> HTTPResponse
    {
        let headers = caller == .commandLine ? [] : [(ControlServer.callerHeader, caller.rawValue)]
        return try await SocketClient().send(
            HTTPRequest(method, "http://shipkeeper\(ControlRouter.root)\(address)", headers: headers, timeout: timeout, unixSocket: socket))
    }

    /// Says why an operation has no answer; the exit code for it.
    static func report(_ error: OperationError) -> ExitCode { report(FailureAnswer(error).problems) }

    private static func report(_ problems: [ProblemAnswer]) -> ExitCode {
        for problem in problems { Console.problem(problem) }
        return problems.first?.code == .noSuchJob ? Exit.noSuchJob : ExitCode.failure
    }

    /// How long one request waits for news, in seconds.
    private static let longestWait: Int64 = 20
    /// The least time between two looks at progress or a log: what comes faster is shown together.
    private static let pace = Duration.milliseconds(100)

    /// Asks an operation without parameters.
    func ask<O: ControlOperation>(_ operation: O.Type) async throws -> O.Answer where O.Request == NoParameters, O.Answer: ValueAnswer {
        try await ask(operation, NoParameters())
    }

    /// Whether a program answers.
    func isRunning() async -> Bool { await askQuietly(RestoreProgressOperation.self, NoParameters()) != nil }

    /// What has happened after a position of the feed of events, once there is something; nothing after a while.
    @discardableResult
    func news(after position: Int64?, job: String? = nil, topic: String? = nil) async throws -> EventsAnswer {
        let begun = ContinuousClock.now
        let news = try await ask(EventsOperation.self, .init(after: position, wait: ServerOptions.longestWait, job: job, topic: topic))
        guard news.events.allSatisfy({ $0.type == .progress || $0.type == .log }) else { return news }
        let rest = ServerOptions.pace - (ContinuousClock.now - begun)
        if rest > .zero { try await SystemWallClock().sleep(for: rest) }
        return news
    }

    /// The same, for what is only worth having where the program runs; nil else.
    func askQuietly<O: ControlOperation>(_ operation: O.Type, _ request: O.Request) async -> O.Answer? where O.Answer: ValueAnswer {
        guard let response = try? await send(operation, request), response.status == 200 else { return nil }
        return try? ControlJSON.decode(O.Answer.self, from: response.body)
    }
}

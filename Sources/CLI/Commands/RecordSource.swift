import Control
import Daemon
import TimeZones

/// Where recorded runs and their logs are read: the running program, or the state folder of one that does not run.
enum RecordSource: Sendable {
    case program(ServerOptions)
    case folder(RecordedState)

    /// The answer, with the exit code and the words of a command that fails where there is none.
    func ask<O: RecordedOperation>(_ operation: O.Type, _ request: O.Request) async throws -> O.Answer {
        switch self {
        case .program(let server): return try await server.ask(operation, request)
        case .folder(let state):
            do throws(OperationError) { return try await O.answer(offline: request, from: state.history) } catch {
                throw ServerOptions.report(error)
            }
        }
    }
}

extension ServerOptions {
    /// Where recorded runs are read now. Says so where no program runs; ends the command where there is no state folder either.
    func records() async throws -> RecordSource {
        if await isRunning() { return .program(self) }
        ShownTime.zone = ConfigurationFile(option: config).timeZone()
        let found: RecordedState?
        do throws(RecordedState.Unreadable) { found = try RecordedState.open(option: state, configuration: config) } catch {
            Console.error("shipkeeper is not running here, and its state file can't be read: \(error.message)", code: .notRunning)
            throw Exit.notRunning
        }
        guard let found else {
            // Nothing is recorded: the usual words, and the usual exit code.
            return .program(self)
        }
        let message = "shipkeeper is not running here; this is what it recorded in \(found.folder)"
        Console.problem(ProblemAnswer(message, severity: .warning, code: .notRunning))
        return .folder(found)
    }
}

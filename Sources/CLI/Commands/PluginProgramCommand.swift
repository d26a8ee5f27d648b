import ArgumentParser
import Foundation
import HTTPClient
import Notifications

/// The programs of shipped plug-ins that are this one: they need no other in the image. Started by the daemon only.
struct PluginProgramCommand: AsyncParsableCommand {
    enum Program: String, ExpressibleByArgument, CaseIterable {
        case notify
    }

    static let configuration = CommandConfiguration(
        commandName: "plugin-program", abstract: "Be the program of a shipped plug-in.", shouldDisplay: false)

    @Argument var program: Program

    private struct Message: Encodable {
        struct Result: Encodable { var summary: String }
        struct Failure: Encodable {
            var summary: String
            var hint: String
            var retry: Bool
        }

        var result: Result?
        var error: Failure?
    }

    func run() async throws {
        let messages = FileHandle(fileDescriptor: 3, closeOnDealloc: false)
        func say(_ message: Message) { try? messages.write(contentsOf: ((try? JSONEncoder().encode(message)) ?? Data()) + Data("\n".utf8)) }
        guard let line = readLine(), let request = try? MessageRequest(line) else {
            say(Message(error: .init(summary: "invalid request", hint: "this program is started by shipkeeper", retry: false)))
            throw ExitCode.failure
        }
        let environment = ProcessInfo.processInfo.environment
        let http = CurlClient(environment: environment)
        defer { http.close() }
        do throws(DeliveryFailure) {
            say(Message(result: .init(summary: try await Delivery(environment: environment, http: http).send(request, now: Date()))))
        } catch {
            say(Message(error: .init(summary: error.summary, hint: error.hint, retry: error.isPassing)))
            throw ExitCode.failure
        }
    }
}

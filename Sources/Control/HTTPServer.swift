import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Answers a router's requests over HTTP/1.1 on a Unix socket that only our own user may use.
///
/// The parts of Hummingbird without its `Application`, whose clock for the header `date` wakes an idle program once a second.
struct HTTPServer: Sendable {
    /// One thread serves all sockets: handlers suspend, they do not block.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    let socket: String
    let responder: any HTTPResponder<BasicRequestContext>
    /// Counts those that are not answered yet.
    let requests: OpenRequests
    let logger: Logger

    /// Serves until cancelled. Replaces a socket that an earlier program has left.
    /// - Throws: Where the socket can't be made.
    func run(onReady: @escaping @Sendable () -> Void) async throws {
        let (socket, responder, requests, logger) = (socket, responder, requests, logger)
        try? FileManager.default.removeItem(atPath: socket)
        let connections = HTTP1Channel(
            responder: { request, writer, channel in
                let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
                let response = try await responder.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(additionalChannelHandlers: [AnswerCounter(requests)]))
        try await Server(
            childChannelSetup: connections, configuration: ServerConfiguration(address: .unixDomainSocket(path: socket)),
            onServerRunning: { _ in
                try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: socket)
                onReady()
            }, eventLoopGroup: HTTPServer.loops, logger: logger
        ).run()
    }
}

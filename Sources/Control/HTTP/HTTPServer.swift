import Foundation
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Answers requests over HTTP/1.1, on a Unix socket that one user may use or at a port.
///
/// The parts of Hummingbird without its `Application`, whose clock for the header `date` wakes an idle program once a second.
package struct HTTPServer: Sendable {
    package struct SocketFailure: Error, CustomStringConvertible {
        package var description: String
    }

    /// The user and the group that may connect.
    package struct Owner: Hashable, Sendable {
        package var user: UInt32
        package var group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    /// Where clients come.
    private enum Place {
        /// Nil for our own user.
        case socket(String, Owner?)
        case port(Int, host: String)
    }

    /// What one client, and all together, may take.
    package struct Bounds: Sendable {
        /// At once; further ones wait until one is closed. Nil for no bound.
        package var connections: Int?
        /// After which a connection is closed on which nothing comes or goes. Nil for no bound.
        package var idle: Duration?
        /// Of all headers of a request together.
        package var headerBytes: Int

        package init(connections: Int? = nil, idle: Duration? = nil, headerBytes: Int = 80 << 10) {
            self.connections = connections
            self.idle = idle
            self.headerBytes = headerBytes
        }
    }

    /// One thread serves all sockets: handlers suspend, they do not block.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let place: Place
    private let bounds: Bounds
    private let responder: any HTTPResponder<BasicRequestContext>
    private let requests: OpenRequests
    private let logger: Logger

    /// - Parameters:
    ///   - socket: The path; what is there is replaced.
    ///   - owner: Who may connect besides root; nil for the own user.
    ///   - requests: Counts those that are not answered yet.
    package init(
        socket: String, owner: Owner? = nil, bounds: Bounds = Bounds(), responder: any HTTPResponder<BasicRequestContext>, requests: OpenRequests,
        logger: Logger
    ) {
        place = .socket(socket, owner)
        self.bounds = bounds
        self.responder = responder
        self.requests = requests
        self.logger = logger
    }

    /// - Parameters:
    ///   - port: Of all clients that reach this machine at the address `host`.
    ///   - requests: Counts those that are not answered yet.
    package init(
        port: Int, host: String, bounds: Bounds, responder: any HTTPResponder<BasicRequestContext>, requests: OpenRequests, logger: Logger
    ) {
        place = .port(port, host: host)
        self.bounds = bounds
        self.responder = responder
        self.requests = requests
        self.logger = logger
    }

    /// Serves until cancelled. The socket of an earlier program is replaced in one step, once nobody else can connect to the new one.
    /// - Throws: Where the socket can't be made, or the port is taken.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        switch place {
        case .port(let port, let host): try await serve(.hostname(host, port: port)) { _ in onReady() }
        case .socket(let socket, let owner):
            // Of the same length, so that it is a valid path where the other is.
            let staging = String(socket.dropLast() + "~")
            try? FileManager.default.removeItem(atPath: staging)
            let failure = Mutex<SocketFailure?>(nil)
            try await serve(.unixDomainSocket(path: staging)) { channel in
                do throws(SocketFailure) {
                    try HTTPServer.publish(staging, as: socket, for: owner)
                    onReady()
                } catch {
                    failure.withLock { $0 = error }
                    channel.close(promise: nil)
                }
            }
            if let failure = failure.withLock({ $0 }) { throw failure }
        }
    }

    private func serve(_ address: BindAddress, onBound: @escaping @Sendable (any Channel) -> Void) async throws {
        let (responder, requests, logger) = (responder, requests, logger)
        let connections = HTTP1Channel(
            responder: { request, writer, channel in
                let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
                let response = try await responder.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                additionalChannelHandlers: [AnswerCounter(requests)], idleTimeout: bounds.idle.map { .seconds($0.components.seconds) },
                httpDecoderConfiguration: .init(maxHeaderFieldSize: bounds.headerBytes, maxHeaderListSize: bounds.headerBytes)))
        try await Server(
            childChannelSetup: connections,
            configuration: ServerConfiguration(
                address: address, availableConnectionsDelegate: bounds.connections.map { MaximumAvailableConnections($0, logger: logger) }),
            onServerRunning: { onBound($0) }, eventLoopGroup: HTTPServer.loops, logger: logger
        ).run()
    }

    private static func publish(_ staging: String, as socket: String, for owner: Owner?) throws(SocketFailure) {
        if unsafe chmod(staging, 0o600) == 0, owner.map({ unsafe chown(staging, $0.user, $0.group) == 0 }) ?? true, unsafe rename(staging, socket) == 0 {
            return
        }
        throw SocketFailure(description: "the socket \(socket) can't be made: \(unsafe String(cString: strerror(errno)))")
    }
}

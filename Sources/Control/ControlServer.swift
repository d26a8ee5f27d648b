import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The operations over HTTP, on a Unix socket that only our own user may use.
package struct ControlServer: Sendable {
    /// The longest path a Unix socket may have.
    package static let longestPath = 107
    /// Who asks over the socket.
    private static let caller = "command line"

    private let operations: Operations
    private let socket: String
    private let logger: Logger

    package init(operations: Operations, socket: String, logger: Logger) {
        self.operations = operations
        self.socket = socket
        self.logger = logger
    }

    /// Serves until cancelled.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        let socket = socket
        try? FileManager.default.removeItem(atPath: socket)
        let application = Application(
            router: router(), configuration: ApplicationConfiguration(address: .unixDomainSocket(path: socket), serverName: "shipkeeper"),
            onServerRunning: { _ in
                try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: socket)
                onReady()
            }, logger: logger)
        try await application.runService(gracefulShutdownSignals: [])
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/-/healthz") { _, _ in "ok\n" }
        for operation in OperationCatalog.all { add(operation, to: router) }
        return router
    }

    private func add<O: ControlOperation>(_ operation: O.Type, to router: Router<BasicRequestContext>) {
        let operations = operations
        router.on("/-/\(operation.path)", method: .init(operation.effect.method) ?? .get) { request, context in
            // The router leaves them as they came; job names may be in any script.
            let path = context.parameters.map { (String($0.key), String($0.value).removingPercentEncoding ?? String($0.value)) }
            let query = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
            do throws(OperationError) {
                let parameters = Dictionary(path + query) { first, _ in first }
                return response(200, try await operation.run(parameters: parameters, on: operations, via: ControlServer.caller))
            } catch {
                return response(error.status, FailureAnswer(error))
            }
        }
    }
}

private func response(_ status: Int, _ value: some Encodable) -> Response {
    Response(
        status: .init(code: status), headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: ControlJSON.encode(value) + [10])))
}

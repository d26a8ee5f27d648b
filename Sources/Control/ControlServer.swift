import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import TimeZones

/// The operations over HTTP, on a Unix socket that only our own user may use.
package struct ControlServer: Sendable {
    /// The longest path a Unix socket may have.
    package static let longestPath = 107
    /// The header of each answer with the time zone in which the program shows times.
    package static let zoneHeader = "shipkeeper-time-zone"
    /// Who asks over the socket.
    private static let caller = "command line"

    private let operations: Operations
    private let requests: OpenRequests
    private let socket: String
    private let logger: Logger

    /// - Parameter requests: Counts those that are not answered yet.
    package init(operations: Operations, requests: OpenRequests, socket: String, logger: Logger) {
        self.operations = operations
        self.requests = requests
        self.socket = socket
        self.logger = logger
    }

    /// Serves until cancelled.
    /// - Throws: Where the socket can't be made.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        try await HTTPServer(socket: socket, responder: router().buildResponder(), requests: requests, logger: logger).run(onReady: onReady)
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
            // Asked for each answer: a reload may change it.
            let zone = ShownTime.zone.name
            do throws(OperationError) {
                let parameters = Dictionary(path + query) { first, _ in first }
                return response(200, try await operation.run(parameters: parameters, on: operations, via: ControlServer.caller), zone)
            } catch {
                return response(error.status, FailureAnswer(error), zone)
            }
        }
    }
}

private func response(_ status: Int, _ value: some Encodable, _ zone: String) -> Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let name = HTTPField.Name(ControlServer.zoneHeader) { headers[name] = zone }
    let buffer = ByteBuffer(bytes: ControlJSON.encode(value, as: .line) + [10])
    return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: buffer))
}

import Foundation
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore

/// The operations over HTTP, on a Unix socket that only our own user may use.
package struct ControlServer: Sendable {
    /// The longest path a Unix socket may have.
    package static let longestPath = 107
    /// The header of each answer with the time zone in which the program shows times.
    package static let zoneHeader = "shipkeeper-time-zone"
    /// The header of a request that says by which road it comes; see `Caller`.
    package static let callerHeader = "shipkeeper-caller"

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
        let router = ControlRouter(operations)
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            Response(await router.respond(to: ControlRequest(request)), isHead: request.method == .head)
        }
        try await HTTPServer(socket: socket, responder: responder, requests: requests, logger: logger).run(onReady: onReady)
    }
}

extension ControlRequest {
    fileprivate init(_ request: Request) {
        let length = request.headers[.contentLength].flatMap { Int64($0) }
        self.init(
            request.method.rawValue, request.uri.string,
            caller: HTTPField.Name(ControlServer.callerHeader).flatMap { request.headers[$0] } == Caller.assistant.rawValue ? .assistant : .commandLine,
            bodyLength: request.headers[.transferEncoding] == nil ? length ?? 0 : nil,
            lastEventID: HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] })
    }
}

extension Response {
    /// - Parameter isHead: Whether only the headers are sent.
    package init(_ response: ControlResponse, isHead: Bool) {
        var headers = HTTPFields()
        for (name, value) in response.headers { if let name = HTTPField.Name(name) { headers[name] = value } }
        let body: ResponseBody =
            switch response.body {
            case .bytes(let bytes): isHead ? .init() : .init(byteBuffer: ByteBuffer(bytes: bytes))
            case .stream(let stream):
                isHead
                    ? .init()
                    : .init(contentLength: stream.length.map(Int.init)) { writer in
                        let writing = StreamWriting(writer)
                        try await stream.write { try await writing.write($0) }
                        try await writing.finish()
                    }
            }
        self.init(status: .init(code: response.status), headers: headers, body: body)
    }
}

/// Writes the bytes of a stream. Unchecked, for the server's writer can't be sent: one task uses it, and each call waits for the one before.
private final class StreamWriting: @unchecked Sendable {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    @concurrent func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }
    @concurrent func finish() async throws { try await writer.finish(nil) }
}

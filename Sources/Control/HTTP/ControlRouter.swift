import TimeZones

/// A request without what is HTTP's own: what the router decides by.
package struct ControlRequest: Sendable {
    /// In capitals.
    package var method: String
    /// With its query, as it came.
    package var address: String
    package var caller: Caller
    /// The number of bytes of a body; nil where there is one of unknown length.
    package var bodyLength: Int64?
    /// The header `Last-Event-ID`.
    package var lastEventID: String?

    package init(_ method: String, _ address: String, caller: Caller = .commandLine, bodyLength: Int64? = 0, lastEventID: String? = nil) {
        self.method = method
        self.address = address
        self.caller = caller
        self.bodyLength = bodyLength
        self.lastEventID = lastEventID
    }
}

/// By which way somebody asks. The raw value is recorded with what they start.
package enum Caller: String, Sendable, CaseIterable {
    /// Over the socket, which only our own user may use.
    case commandLine = "command line"
    /// An assistant, by the Model Context Protocol.
    case assistant = "mcp"
    /// A button of the page, by someone who has logged in.
    case page
    /// A program with the token, or someone who has logged in, over the public port.
    case http
    /// Anyone at the public port, where no token is set.
    case visitor

    /// Whether logs, backups and the configuration are shown.
    var maySeeContents: Bool {
        switch self {
        case .commandLine, .assistant, .page, .http: true
        case .visitor: false
        }
    }
}

package struct ControlResponse: Sendable {
    package var status: Int
    /// With the media type.
    package var headers: [(name: String, value: String)]
    package var body: AnswerBody
}

/// Finds the operation that a request means, and carries it out.
package struct ControlRouter: Sendable {
    /// Where everything is.
    package static let root = "/-/"
    private static let mostBody: Int64 = 1 << 20

    private struct Route: Sendable {
        var parts: [Substring]
        var operations: [any ControlOperation.Type]

        var allowed: [String] {
            let methods = Set(operations.map { $0.effect.method })
            return (methods.contains("GET") ? ["GET", "HEAD"] : []) + (methods.contains("POST") ? ["POST"] : [])
        }
        var literals: Int { parts.count { !$0.hasPrefix("{") } }

        /// The parameters in a path of this form; nil for one of another.
        func match(_ path: [String]) -> [String: String]? {
            guard path.count == parts.count else { return nil }
            var found: [String: String] = [:]
            for (part, text) in zip(parts, path) {
                if part.hasPrefix("{") {
                    guard !text.isEmpty else { return nil }
                    found[String(part.dropFirst().dropLast())] = text
                } else if part != text {
                    return nil
                }
            }
            return found
        }
    }

    private static let routes: [Route] = Dictionary(grouping: OperationCatalog.all) { $0.path }.map { path, operations in
        Route(parts: path.split(separator: "/"), operations: operations)
    }.sorted { $0.literals > $1.literals }

    private let operations: Operations
    private let root: String

    /// - Parameter root: Where all paths begin, with a `/` at its end.
    package init(_ operations: Operations, root: String = ControlRouter.root) {
        self.operations = operations
        self.root = root
    }

    /// The answer, also to what is not understood.
    package func respond(to request: ControlRequest) async -> ControlResponse {
        do throws(OperationError) {
            return try await answer(request)
        } catch {
            return refuse(error)
        }
    }

    /// The answer to a request that gets no further.
    package func refuse(_ error: OperationError) -> ControlResponse {
        var response = ControlResponse(status: error.status, headers: [], body: FailureAnswer(error).body)
        if case .wrongToken = error { response.headers.append(("WWW-Authenticate", "Bearer realm=\"shipkeeper\"")) }
        if case .tooManyWrongTokens(let seconds) = error { response.headers.append(("Retry-After", "\(seconds)")) }
        if case .methodNotAllowed(_, let allowed) = error { response.headers.append(("Allow", allowed.joined(separator: ", "))) }
        return finished(response, "application/json")
    }

    private func answer(_ request: ControlRequest) async throws(OperationError) -> ControlResponse {
        let address = try RequestAddress(request.address, below: root)
        switch address.path {
        case ["healthz"]: return try fixed(request, .bytes(Array("ok\n".utf8)), "text/plain; charset=utf-8")
        case ["openapi.json"]: return try fixed(request, .bytes(OpenAPIDocument.bytes(version: operations.version, root: root)), "application/json")
        default: break
        }
        let found = ControlRouter.routes.lazy.compactMap { route in route.match(address.path).map { (route: route, parameters: $0) } }.first
        guard let (route, fromPath) = found else { throw .noSuchPath(address.text) }
        guard let operation = route.operations.first(where: { $0.effect.method == request.method || ($0.effect == .reads && request.method == "HEAD") }) else {
            throw .methodNotAllowed(request.method, allowed: route.allowed)
        }
        guard request.bodyLength == 0 else { throw (request.bodyLength ?? 0) > ControlRouter.mostBody ? .bodyTooLarge : .bodyNotTaken }
        var parameters = fromPath
        for (name, value) in address.query {
            guard parameters.updateValue(value, forKey: name) == nil else { throw .invalidParameter("the parameter \"\(name)\" is given twice") }
        }
        if operation is EventStreamOperation.Type, let id = request.lastEventID, parameters["after"] == nil { parameters["after"] = id }
        try admit(request.caller, to: operation)
        return try await run(operation, parameters, request.caller)
    }

    private func admit(_ caller: Caller, to operation: any ControlOperation.Type) throws(OperationError) {
        switch caller {
        case .commandLine, .page: break
        case .assistant: if operation.effect != .reads, operations.assistantAccess() == .read { throw .assistantMayOnlyRead }
        // Whoever holds the token may do what the configuration provides for, and not put another program in this one's place.
        case .http: if operation.effect == .replaces { throw .onlyOverTheSocket }
        case .visitor: if operation.effect != .reads || operation.disclosure == .contents { throw .tokenNeeded }
        }
    }

    private func run<O: ControlOperation>(_ operation: O.Type, _ parameters: [String: String], _ caller: Caller) async throws(OperationError) -> ControlResponse
    {
        let answer = try await O.run(parameters: parameters, on: operations, via: caller)
        switch O.Answer.content {
        case .value: return finished(ControlResponse(status: 200, headers: [], body: answer.body), "application/json")
        case .stream(let mediaType, _, _): return finished(ControlResponse(status: 200, headers: [], body: answer.body), mediaType)
        }
    }

    private func fixed(_ request: ControlRequest, _ body: AnswerBody, _ mediaType: String) throws(OperationError) -> ControlResponse {
        guard ["GET", "HEAD"].contains(request.method) else { throw .methodNotAllowed(request.method, allowed: ["GET", "HEAD"]) }
        return finished(ControlResponse(status: 200, headers: [], body: body), mediaType)
    }

    private func finished(_ response: ControlResponse, _ mediaType: String) -> ControlResponse {
        var response = response
        response.headers.append(("Content-Type", mediaType))
        response.headers.append(("X-Content-Type-Options", "nosniff"))
        response.headers.append(("Cache-Control", "no-store"))
        // Asked for each answer: a reload may change it.
        response.headers.append((ControlServer.zoneHeader, ShownTime.zone.name))
        if case .stream(let stream) = response.body {
            // nginx is to pass each piece on at once.
            response.headers.append(("X-Accel-Buffering", "no"))
            if let length = stream.length { response.headers.append(("Content-Length", "\(length)")) }
            if let name = stream.fileName { response.headers.append(("Content-Disposition", "attachment; filename=\"\(name)\"")) }
        }
        return response
    }
}

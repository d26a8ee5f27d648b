/// A request over HTTP.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    /// The longest the whole exchange may take; nil for as long as it lasts.
    package var timeout: Duration?
    package var connectTimeout: Duration
    /// The path of a Unix socket to connect to instead of the URL's host.
    package var unixSocket: String?
    /// The most bytes of an answer that are kept in memory.
    package var mostBody: Int

    package init(
        _ method: String = "GET", _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration? = .seconds(30), connectTimeout: Duration = .seconds(10), unixSocket: String? = nil,
        mostBody: Int = 16 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.unixSocket = unixSocket
        self.mostBody = mostBody
    }
}

/// An answer over HTTP. Redirects come as they are: following them is the caller's rule.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    /// Empty where a listener took the body.
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, in any case of letters.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why there was no answer.
package enum HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case unresolved(String)
    case refused(String)
    case timedOut(String)
    case tls(String)
    case cancelled
    /// The connection broke or the answer made no sense.
    case broken(String)

    package var description: String {
        switch self {
        case .unresolved(let words), .refused(let words), .timedOut(let words), .tls(let words), .broken(let words): words
        case .cancelled: "cancelled"
        }
    }
}

/// Sends requests.
package protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the whole answer. Cancelling the task ends the exchange.
    /// - Parameter onBody: Gets the body piece by piece instead of it being collected; called on the transport's own thread.
    func send(_ request: HTTPRequest, onBody: (@Sendable ([UInt8]) -> Void)?) async throws(HTTPFailure) -> HTTPResponse
    /// Connects and closes again.
    func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure)
}

extension HTTPTransport {
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        try await send(request, onBody: nil)
    }
}

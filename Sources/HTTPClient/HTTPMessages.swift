/// What a request carries.
package enum HTTPBody: Sendable {
    case bytes([UInt8])
    case stream(HTTPBodyStream)

    /// In bytes.
    package var length: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(let stream): stream.length
        }
    }
}

/// A body that is read piece by piece while it is sent, and again from any offset when it has to be sent again. It must not change meanwhile.
package struct HTTPBodyStream: Sendable {
    /// In bytes.
    package var length: Int64
    /// Returns up to `most` bytes from an offset; nil when they can't be read. May block: called on a thread of the exchange's own.
    package var read: @Sendable (_ offset: Int64, _ most: Int) -> [UInt8]?

    package init(length: Int64, read: @escaping @Sendable (_ offset: Int64, _ most: Int) -> [UInt8]?) {
        self.length = length
        self.read = read
    }
}

/// The slowest that an exchange may be before it is given up.
package struct HTTPPace: Hashable, Sendable {
    /// Bytes per second, both directions together, averaged by libcurl (`CURLOPT_LOW_SPEED_LIMIT`); at least 1.
    package var bytesPerSecond: Int
    /// How long it may be slower than that (`CURLOPT_LOW_SPEED_TIME`). Fractions of a second are cut off; less than one second counts as one.
    package var during: Duration

    package init(bytesPerSecond: Int = 1, during: Duration) {
        self.bytesPerSecond = bytesPerSecond
        self.during = during
    }
}

/// A request over HTTP. Changes nothing until it is sent.
package struct HTTPRequest: Sendable {
    /// In upper case. The answer to `HEAD` has no body.
    package var method: String
    /// An absolute `http` or `https` address, sent as it is: dots in the path are not resolved (`CURLOPT_PATH_AS_IS`).
    package var url: String
    /// Sent in this order. A header with an empty value is not sent, and suppresses the one that libcurl would add. Names and values must not
    /// contain line breaks.
    package var headers: [(name: String, value: String)]
    /// Sent with its length in front, never in chunks.
    package var body: HTTPBody?
    /// The longest the whole exchange may take, connecting included; nil for no limit.
    package var timeout: Duration?
    /// The longest that looking the name up, connecting and the TLS handshake may take together.
    package var connectTimeout: Duration
    /// Nil where the whole exchange is limited only by `timeout`.
    package var slowest: HTTPPace?
    /// The path of a Unix socket to connect to instead of the URL's host.
    package var unixSocket: String?
    /// The most bytes of a body that are collected in memory; a longer one fails with `broken`. Without effect where a receiver takes the body.
    package var mostBody: Int
    /// Whether sending it a second time does no harm when it is not known whether the first has arrived.
    package var isRepeatable: Bool
    /// Called with how many bytes of a body that is a stream have been handed to the connection. Begins again where the body is sent again.
    /// On a thread that all exchanges share: it must not block.
    package var onSent: (@Sendable (Int64) -> Void)?

    /// - Parameter isRepeatable: By default only `GET` and `HEAD`.
    package init(
        _ method: String = "GET", _ url: String, headers: [(name: String, value: String)] = [], body: HTTPBody? = nil,
        timeout: Duration? = .seconds(30), connectTimeout: Duration = .seconds(10), slowest: HTTPPace? = nil,
        unixSocket: String? = nil, mostBody: Int = 16 << 20, isRepeatable: Bool? = nil, onSent: (@Sendable (Int64) -> Void)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.slowest = slowest
        self.unixSocket = unixSocket
        self.mostBody = mostBody
        self.isRepeatable = isRepeatable ?? (method == "GET" || method == "HEAD")
        self.onSent = onSent
    }

    /// The address without its query, which may be signed: for messages.
    package var shownURL: String { String(url.prefix { $0 != "?" && $0 != "#" }) }
}

/// An answer over HTTP. Redirects come as they are: following them is the caller's rule.
package struct HTTPResponse: Sendable {
    /// The status code, 100 to 599; 0 only in values that no server has sent.
    package var status: Int
    /// In the order they came, of the last answer only; a name may occur more than once.
    package var headers: [(name: String, value: String)]
    /// Empty where a receiver took the body.
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, without blanks around it; upper and lower case of the name do not matter.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The server's own id of this exchange, for support requests: from the headers of Hugging Face, CloudFront, Aliyun OSS and S3.
    package var requestID: String? {
        for name in ["X-Request-Id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id", "x-oss-request-id", "x-amz-request-id"] {
            if let value = header(name), !value.isEmpty { return value }
        }
        return nil
    }
}

/// Takes an answer's body piece by piece, with the status and headers it came with; false ends the exchange. May block: called on a
/// thread of the exchange's own, and the answer is not given before it has got all. An exchange that is cancelled does not wait for it.
package typealias HTTPBodyReceiver = @Sendable (_ head: HTTPResponse, _ piece: [UInt8]) -> Bool

/// Why there was no answer.
package enum HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The host name has no address.
    case unresolved(String)
    /// No TCP connection: nothing listens at the address, or it can't be reached.
    case refused(String)
    /// `timeout` or `connectTimeout` is over, or the exchange was slower than `slowest`. The server may have acted on the request.
    case timedOut(String)
    /// The TLS handshake failed or the certificate is not trusted; nothing of the request was sent.
    case tls(String)
    /// The task was cancelled or the client closed. The server may have acted on the request.
    case cancelled
    /// The receiver of the body wanted no more.
    case declined
    /// This machine could not start a thread; nothing was sent, or not all.
    case noThread(String)
    /// The connection broke, the answer is not valid HTTP, is longer than `mostBody`, or the request's body could not be read.
    case broken(String)

    package var description: String {
        switch self {
        case .unresolved(let text), .refused(let text), .timedOut(let text), .tls(let text), .broken(let text), .noThread(let text): text
        case .cancelled: "cancelled"
        case .declined: "the answer was not taken"
        }
    }
}

/// Sends requests. Calls suspend and do not block the calling thread.
///
/// A transport for tests that answers everything with 404:
///
///     struct NothingHere: HTTPTransport {
///         func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse {
///             HTTPResponse(status: 404)
///         }
///         func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) { throw .refused("no server") }
///     }
package protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the whole answer. Cancelling the task ends the exchange.
    /// - Parameter onBody: Receives the body piece by piece; nil collects it in the response.
    /// - Throws: `HTTPFailure` if there is no complete answer. A status of 400 or above is an answer, not an error.
    func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse
    /// Opens a TCP connection and closes it again, without sending anything.
    /// - Throws: `HTTPFailure` if there is no connection within `timeout`.
    func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure)
}

extension HTTPTransport {
    /// Sends a request and collects the body in the response.
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        try await send(request, onBody: nil)
    }
}

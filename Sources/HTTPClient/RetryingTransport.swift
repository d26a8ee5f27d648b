import Synchronization

/// Whether and when to send a request again, judged by its answer.
package enum RetryAdvice: Hashable, Sendable {
    /// The answer is final and goes to the caller.
    case no
    /// After the next of the transport's own waits.
    case backOff
    /// After the wait that the server has asked for; see `HTTPResponse.retryAfter`.
    case after(Duration)
}

/// Sends a request again that failed for a passing reason: after a growing wait, or when the server says. At most one try more than there
/// are `waits`; suspends between them, and cancelling the task ends the wait with `HTTPFailure.cancelled`.
///
/// A request that is not repeatable is sent again only where it surely was not acted on.
package struct RetryingTransport: HTTPTransport {
    /// Waits before the second try and those after it.
    package static let standardWaits: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(8)]

    private let next: any HTTPTransport
    private let waits: [Duration]
    /// A server that asks for more patience than this, over all tries of a request, is left alone: its answer, which says when to come
    /// back, goes to the caller, who knows how much time there is.
    private let longestWait: Duration
    private let clock: any Clock<Duration>
    private let advice: @Sendable (HTTPRequest, HTTPResponse) -> RetryAdvice

    /// - Parameters:
    ///   - waits: The waits between tries, without jitter.
    ///   - longestWait: The longest that waits asked for by servers may be, over all tries of one request. Beyond it the answer is returned.
    ///   - advice: Judges each answer, also before its body goes to a receiver. Called on any thread; pure.
    package init(
        _ next: any HTTPTransport, waits: [Duration] = RetryingTransport.standardWaits, longestWait: Duration = .seconds(30),
        clock: any Clock<Duration> = ContinuousClock(), advice: @escaping @Sendable (HTTPRequest, HTTPResponse) -> RetryAdvice
    ) {
        self.next = next
        self.waits = waits
        self.longestWait = longestWait
        self.clock = clock
        self.advice = advice
    }

    package func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {
        try await next.connect(host: host, port: port, timeout: timeout)
    }

    /// Also returns an answer that `advice` wants retried, once all tries are used up.
    /// - Throws: The last failure. A failure after the receiver got part of a body is not retried: the receiver can't take it back.
    package func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse {
        var asked = Duration.zero
        for wait in waits {
            let pause: Duration
            let begun = BodyBegun()
            do throws(HTTPFailure) {
                let response = try await next.send(request, onBody: onBody.map { guarded($0, request, begun) })
                switch advice(request, response) {
                // Who was asked too often has not acted on it.
                case .backOff where request.isRepeatable || response.status == 429: pause = wait
                case .after(let length) where asked + length <= longestWait:
                    asked += length
                    pause = length
                case .no, .backOff, .after: return response
                }
            } catch {
                let isLost = begun.flag.withLock { $0 }
                guard error.isPassing, request.isRepeatable || error.isBeforeSending, !isLost else { throw error }
                pause = wait
            }
            do { try await clock.sleep(for: pause) } catch { throw .cancelled }
        }
        return try await next.send(request, onBody: onBody)
    }

    private final class BodyBegun: Sendable {
        let flag = Mutex(false)
    }

    /// Hides the body of an answer that will be requested again from the receiver, and notes when it has got any other.
    private func guarded(_ receiver: @escaping HTTPBodyReceiver, _ request: HTTPRequest, _ begun: BodyBegun) -> HTTPBodyReceiver {
        { [advice] head, piece in
            guard advice(request, head) == .no else { return true }
            begun.flag.withLock { $0 = true }
            return receiver(head, piece)
        }
    }
}

extension HTTPFailure {
    /// Whether another try may end differently.
    fileprivate var isPassing: Bool {
        switch self {
        case .unresolved, .refused, .timedOut, .tls, .broken, .noThread: true
        case .cancelled, .declined: false
        }
    }

    /// Whether the server surely has not seen the request.
    fileprivate var isBeforeSending: Bool {
        switch self {
        case .unresolved, .refused, .tls: true
        case .timedOut, .broken, .noThread, .cancelled, .declined: false
        }
    }
}

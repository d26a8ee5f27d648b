import Foundation

extension HTTPResponse {
    /// How long the server asks us to wait before the next request; nil where it does not say. See RFC 9110 §10.2.3.
    ///
    /// An instant is counted from the answer's own `Date`, so that a wrong clock of ours does not matter; one that is over is not a wait.
    package var retryAfter: Duration? {
        guard let text = header("Retry-After") else { return nil }
        if let seconds = Double(text), seconds.isFinite, seconds >= 0 { return .seconds(min(seconds.rounded(.up), HTTPResponse.longestWait)) }
        guard let instant = HTTPDate.parse(text) else { return nil }
        let now = header("Date").flatMap { HTTPDate.parse($0) } ?? Date()
        return .seconds(min(max(0, instant.timeIntervalSince(now)).rounded(.up), HTTPResponse.longestWait))
    }

    /// A day: anyone who asks for more is not believed.
    private static var longestWait: Double { 86_400 }
}

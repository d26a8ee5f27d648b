import Foundation
import JobKit
import Settings
import Synchronization

/// Who asks, and what they may.
enum Reader: Sendable {
    /// There is no token: all may read, without logs, and nobody may change anything.
    case anyone
    /// With the token itself: a program.
    case token
    /// Logged in, with the cookie's value.
    case login(String)
    /// Neither.
    case stranger
    /// Was wrong too often.
    case refused(wait: Duration)

    /// Whether pages are shown.
    var mayRead: Bool {
        switch self {
        case .anyone, .token, .login: true
        case .stranger, .refused: false
        }
    }

    /// Whether logs are shown, and something can be changed.
    var isOwner: Bool {
        switch self {
        case .token, .login: true
        case .anyone, .stranger, .refused: false
        }
    }
}

/// Judges requests by token, cookie and form.
final class Access: Sendable {
    static let cookie = "shipkeeper-login"
    /// The name of the field that each form has.
    static let markField = "mark"

    private let limits = Mutex(LoginLimits())
    private let clock: any WallClock

    init(clock: any WallClock) { self.clock = clock }

    func reader(of request: WebRequest, token: Secret?) -> Reader {
        guard let token else { return .anyone }
        let keys = AccessKeys(token)
        if let header = request.headers["authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .stranger }
            return judge(parts[1].trimmingCharacters(in: .whitespaces), of: request.client, keys, .token)
        }
        if let cookie = request.cookie(Access.cookie), keys.isValid(cookie, at: clock.now) { return .login(cookie) }
        return .stranger
    }

    /// Judges a token that someone has typed in.
    func logIn(_ candidate: String, _ request: WebRequest, token: Secret) -> Reader {
        let keys = AccessKeys(token)
        return judge(candidate, of: request.client, keys, .login(keys.login(at: clock.now)))
    }

    private func judge(_ candidate: String, of client: String, _ keys: AccessKeys, _ right: Reader) -> Reader {
        let now = clock.uptime
        if let wait = limits.withLock({ $0.wait(of: client, at: now) }) { return .refused(wait: wait) }
        let isRight = keys.isRight(candidate)
        limits.withLock { if isRight { $0.succeeded(client) } else { $0.failed(client, at: now) } }
        return isRight ? right : .stranger
    }

    /// The name of the header that stands for the field where there is no form.
    static let markHeader = "shipkeeper-mark"

    /// Whether a request may change something: it comes from our own pages and from someone who has logged in, or has the token.
    func mayChange(_ request: WebRequest, _ reader: Reader, token: Secret?) -> Bool {
        guard let token, !request.isFromOtherSite else { return false }
        switch reader {
        case .token: return true
        case .login(let cookie): return AccessKeys(token).isMark(request.form[Access.markField] ?? request.headers[Access.markHeader] ?? "", of: cookie)
        case .anyone, .stranger, .refused: return false
        }
    }

    /// The header that gives a browser its login. In a frame of another site a browser keeps cookies apart for that site.
    ///
    /// It has no path, so it belongs to the folder of the login form: the app does not get it. Source: RFC 6265 §5.1.4.
    static func header(_ value: String, lasts: Duration, _ request: WebRequest) -> String {
        let place = request.isInFrame ? "SameSite=None; Secure; Partitioned" : "SameSite=Strict" + (isEncrypted(request) ? "; Secure" : "")
        return "\(cookie)=\(value); Max-Age=\(lasts.components.seconds); HttpOnly; \(place)"
    }

    static func isEncrypted(_ request: WebRequest) -> Bool { request.headers["x-forwarded-proto"] == "https" }
}

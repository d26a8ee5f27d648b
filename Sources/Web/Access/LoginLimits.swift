import Foundation
import JobKit

/// How often a client may be wrong. A value without a clock.
///
/// A client waits longer after each wrong token. What others do never refuses one: only the first wait gets longer while many are wrong, and a
/// client that was not wrong is never refused. So nobody can lock the owner out.
struct LoginLimits: Sendable {
    private struct Client {
        var failures = 0
        /// Until then no token of this client is looked at.
        var until = Duration.zero
        var last = Duration.zero
    }

    /// Wrong tokens that cost no wait: slips.
    private static let free = 3
    private static let firstWait = Duration.seconds(2)
    private static let longestWait = Duration.seconds(900)
    /// After so long without a wrong token a client is as good as any.
    private static let forgotten = Duration.seconds(3600)
    /// The most clients that are remembered. Those that were wrong longest ago are forgotten first.
    private static let mostClients = 2000
    /// Wrong tokens of all clients within a minute above which slips are not free.
    private static let manyPerMinute = 60

    private var clients: [String: Client] = [:]
    private var minute = (begun: Duration.zero, failures: 0)

    /// How long a client has to wait; nil where its token may be looked at.
    func wait(of client: String, at now: Duration) -> Duration? {
        guard let known = clients[LoginLimits.name(client)], known.until > now else { return nil }
        return known.until - now
    }

    mutating func failed(_ client: String, at now: Duration) {
        if now - minute.begun > .seconds(60) { minute = (now, 0) }
        minute.failures += 1
        let name = LoginLimits.name(client)
        var known = clients[name] ?? Client()
        if now - known.last > LoginLimits.forgotten { known = Client() }
        known.failures += 1
        known.last = now
        let counted = known.failures - (minute.failures > LoginLimits.manyPerMinute ? 0 : LoginLimits.free)
        if counted > 0 {
            let factor = 1 << min(20, counted - 1)
            known.until = now + min(LoginLimits.longestWait, LoginLimits.firstWait * factor)
        }
        clients[name] = known
        guard clients.count > LoginLimits.mostClients else { return }
        for name in clients.sorted(by: { $0.value.last < $1.value.last }).prefix(LoginLimits.mostClients / 10).map(\.key) { clients[name] = nil }
    }

    mutating func succeeded(_ client: String) { clients[LoginLimits.name(client)] = nil }

    /// One that has an IPv6 address has 2^64 of them.
    private static func name(_ client: String) -> String {
        guard client.contains(":") else { return client }
        var address = in6_addr()
        guard unsafe inet_pton(AF_INET6, client, &address) == 1 else { return client }
        return unsafe withUnsafeBytes(of: &address) { unsafe $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") }
    }
}

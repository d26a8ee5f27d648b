import Foundation

/// Which addresses lead to the container's own public port. Pure.
enum OwnAddress {
    /// Holds the public address in the environment of every job.
    static let variable = "SHIPKEEPER_PUBLIC_URL"

    /// Whether an address has the host of the public one. The port counts on this machine alone, where each one is another server's.
    static func isOwn(_ url: String, public address: String?) -> Bool {
        guard let url = URLComponents(string: url), let own = address.flatMap({ URLComponents(string: $0) }), let host = url.host?.lowercased(), !host.isEmpty,
            host == own.host?.lowercased()
        else { return false }
        return !isLoopback(host) || url.port ?? 80 == own.port ?? 80
    }

    /// Whether an address leads to this machine without leaving it.
    static func isLoopback(url: String) -> Bool { URLComponents(string: url)?.host.map { isLoopback($0.lowercased()) } ?? false }

    private static func isLoopback(_ host: String) -> Bool { host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]" }
}

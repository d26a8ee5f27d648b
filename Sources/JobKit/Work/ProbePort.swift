import Foundation

extension ServiceDefinition.Probe {
    /// The port of this machine that it asks; nil for a program, and for another machine.
    package var localPort: Int? {
        switch self {
        case .http(let addresses):
            addresses.first.flatMap { URL(string: $0) }.flatMap { url in
                ServiceDefinition.Probe.isLocal(url.host) ? url.port ?? (url.scheme == "https" ? 443 : 80) : nil
            }
        case .tcp(let host, let port): ServiceDefinition.Probe.isLocal(host) ? port : nil
        case .exec: nil
        }
    }

    private static func isLocal(_ host: String?) -> Bool { ["127.0.0.1", "localhost", "::1", "[::1]", "0.0.0.0"].contains(host) }
}

package import Foundation

/// One request that came to the public port, as nginx reports it.
package struct Visit: Hashable, Sendable {
    package var at: Date
    /// The visitor's address.
    package var client: String
    package var method: String
    /// Without the query, which may hold secrets.
    package var path: String
    package var status: Int
    package var agent: String
    /// The value of the header by which keepalive requests are recognized; empty for most visits. Anyone may send it.
    package var nonce: String

    package init(at: Date, client: String, method: String, path: String, status: Int, agent: String, nonce: String = "") {
        self.at = at
        self.client = client
        self.method = method
        self.path = path
        self.status = status
        self.agent = agent
        self.nonce = nonce
    }

    /// Whether it came by an address that no other machine can use.
    package var isFromThisMachine: Bool { client.hasPrefix("127.") || client == "::1" || client.hasPrefix("unix:") || client.isEmpty }

    private struct Report: Decodable {
        var at: Double
        var client, method, path, agent, nonce: String
        var status: Int
    }

    /// A message in the form of syslog, with the values that `NginxConfiguration` names; nil for anything else.
    package init?(message: [UInt8]) {
        guard let start = message.firstIndex(of: UInt8(ascii: "{")),
            let report = try? JSONDecoder().decode(Report.self, from: Data(message[start...]))
        else { return nil }
        self.init(
            at: Date(timeIntervalSince1970: report.at), client: report.client, method: report.method, path: report.path, status: report.status,
            agent: report.agent, nonce: report.nonce)
    }
}

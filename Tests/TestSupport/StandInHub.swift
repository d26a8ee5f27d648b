import Foundation
package import HTTPClient

/// A stand-in for the Hugging Face Hub on this machine, with faults by request. See `StandInHub/hub.py`.
package struct StandInHub: Sendable {
    package static let writeToken = "hf_write_token_for_tests"
    package static let readToken = "hf_read_token_for_tests"
    package static let otherToken = "hf_other_token_for_tests"

    package let server: StandIn
    package var endpoint: String { server.endpoint }
    package var http: CurlClient { server.http }

    package init() throws { server = try StandIn("StandInHub/hub.py") }

    /// A request that the Hub got.
    package struct Entry: Decodable, Sendable {
        package var n: Int
        package var host: String
        package var method: String
        package var path: String
        package var auth: String?
        package var fault: String?
        package var range: String?
        package var bytes: Int64
        package var status: Int?
    }

    @discardableResult
    package func tell(_ what: String, _ json: String = "{}") async throws -> [UInt8] { try await server.tell(what, json) }

    /// Every request since the faults were last set.
    package func log() async throws -> [Entry] { try await server.ask("log", as: [Entry].self) }

    /// Makes a dataset.
    package func create(_ dataset: String = "alice/backup", isPrivate: Bool = true) async throws {
        let name = dataset.split(separator: "/")[1]
        let body = "{\"name\":\"\(name)\",\"type\":\"dataset\",\"visibility\":\"\(isPrivate ? "private" : "public")\"}"
        _ = try await http.send(
            HTTPRequest(
                "POST", endpoint + "/api/repos/create",
                headers: [("Authorization", "Bearer \(StandInHub.writeToken)"), ("Content-Type", "application/json")], body: .bytes(Array(body.utf8))))
    }
}

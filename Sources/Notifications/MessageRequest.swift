package import Foundation

/// What the plug-in `notify` is asked to send: the request of the plug-in protocol, as far as it matters here.
package struct MessageRequest: Decodable, Sendable {
    package struct Settings: Decodable, Sendable {
        package var url: String
        package var channel: String?
        package var secret: String?
        package var to: String?
        package var from: String?
        package var user: String?
        package var password: String?
        package var tls: String?
        package var language: String?
        package var title: String?
        package var lines: Int?
        package var body: String?
    }

    /// What has happened to another job.
    package struct After: Decodable, Sendable {
        package var job: String
        package var run: Int64?
        package var outcome: String
        package var words: String
        package var at: Date
        package var log: [String]
    }

    package var `protocol`: Int
    package var settings: Settings
    /// Nil where the message follows no job: it was started manually, to see whether it arrives.
    package var after: After?

    /// - Throws: Where it is not a request of protocol 1.
    package init(_ line: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(MessageRequest.self, from: Data(line.utf8))
        guard `protocol` == 1, !settings.url.isEmpty else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "another protocol, or no address"))
        }
    }
}

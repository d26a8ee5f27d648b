/// A stand-in for Aliyun OSS on this machine, with faults by request. See `StandInOSS/oss.py`.
package struct StandInOSS: Sendable {
    package static let keyID = "test-key-id"
    package static let secret = "test/Secret+0123456789"

    package let server: StandIn
    package var endpoint: String { server.endpoint }

    package init() throws { server = try StandIn("StandInOSS/oss.py") }

    /// Making a bucket is nothing we do; the official client does it for us.
    package func makeBucket(_ name: String) throws {
        let script =
            "import sys, alibabacloud_oss_v2 as o; c = o.config.load_default(); c.credentials_provider = o.credentials.StaticCredentialsProvider('\(StandInOSS.keyID)', '\(StandInOSS.secret)'); c.region, c.endpoint = 'cn-wuhan-lr', '\(endpoint)'; o.Client(c).put_bucket(o.PutBucketRequest(bucket='\(name)'))"
        let made = try Shell.run("'\(Shell.python)' -c \"\(script)\"")
        if made.status != 0 { throw Unmade(words: made.errors) }
    }

    private struct Unmade: Error {
        var words: String
    }

    /// A request that the service got.
    package struct Entry: Decodable, Sendable {
        package var n: Int
        package var method: String
        package var path: String
        package var key: String
        package var signed: Bool
        package var status: Int?
        package var begun: Double
        package var ended: Double?
    }

    /// Every request since the faults were last set.
    package func log() async throws -> [Entry] { try await server.ask("log", as: [Entry].self) }
}

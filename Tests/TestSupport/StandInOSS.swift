/// A stand-in for Aliyun OSS on this machine, with faults by request. See `StandInOSS/oss.py`.
package struct StandInOSS: Sendable {
    package static let keyID = "test-key-id"
    package static let secret = "test/Secret+0123456789"

    package let server: StandIn
    package var endpoint: String { server.endpoint }

    package init() throws { server = try StandIn("StandInOSS/oss.py") }

    /// A bucket that is set up as a website. Making one is nothing we do; the official client does it for us.
    package func makeBucket(_ name: String, isWebsite: Bool = true) throws {
        let make =
            "import sys, alibabacloud_oss_v2 as o; c = o.config.load_default(); c.credentials_provider = o.credentials.StaticCredentialsProvider('\(StandInOSS.keyID)', '\(StandInOSS.secret)'); c.region, c.endpoint = 'cn-wuhan-lr', '\(endpoint)'; c = o.Client(c); c.put_bucket(o.PutBucketRequest(bucket='\(name)'))"
        let set =
            "; w = o.WebsiteConfiguration(index_document=o.IndexDocument(suffix='index.html', support_sub_dir=True, type=0), error_document=o.ErrorDocument(key='404.html', http_status=404)); c.put_bucket_website(o.PutBucketWebsiteRequest(bucket='\(name)', website_configuration=w))"
        let made = try Shell.run("'\(Shell.python)' -c \"\(make)\(isWebsite ? set : "")\"")
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

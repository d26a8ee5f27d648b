import HTTPClient

/// The endpoint of a bucket of S3 or a compatible service, and the region that requests are signed for.
package struct S3Address: Hashable, Sendable {
    /// Where the bucket's name is in an address. See "Virtual hosting of buckets" in the Amazon S3 user guide.
    package enum Style: String, CaseIterable, Sendable {
        /// In the host's name for Amazon and Aliyun, in the path for all others.
        case auto
        /// `https://HOST/BUCKET/KEY`.
        case path
        /// `https://BUCKET.HOST/KEY`, which needs a certificate for the bucket's host name.
        case host
    }

    /// Not checked here; see `isBucketName`.
    package let bucket: String
    /// As it is in signatures, such as `eu-central-1`; services without regions take `us-east-1` or `auto`.
    package let region: String
    private let origin: String
    /// The service's host name, without the bucket.
    package let service: String
    /// Whether the service is Amazon's own outside China, so that a bucket's name alone says which one it is: China has names of its own.
    package var isAmazon: Bool { service.hasSuffix(".amazonaws.com") }
    private let isPathStyle: Bool

    /// - Parameter endpoint: The service's address; Amazon's own where it is nil.
    /// - Returns: Nil where the endpoint is invalid.
    package init?(bucket: String, region: String, endpoint: String? = nil, style: Style = .auto) {
        self.bucket = bucket
        self.region = region
        let text = endpoint ?? "s3.\(region).\(S3Address.domain(of: region))"
        guard let service = HTTPOrigin(text.contains("://") ? text : "https://\(text)") else { return nil }
        self.service = service.host
        let namesBuckets = [".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com"].contains(where: service.host.hasSuffix)
        // A certificate for one level of names does not cover a bucket's name with dots.
        isPathStyle = style == .path || style == .auto && (!namesBuckets || bucket.contains("."))
        let port = service.port.map { ":\($0)" } ?? ""
        origin = isPathStyle ? service.description : "\(service.scheme)://\(bucket).\(service.host)\(port)"
    }

    /// Of Amazon's own hosts in a region. See "Amazon S3 endpoints and quotas" in the AWS General Reference, and "Endpoints and ARNs for AWS in China".
    private static func domain(of region: String) -> String { region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com" }

    /// The host as requests name it.
    var host: String {
        guard let origin = HTTPOrigin(origin) else { return "" }
        let isUsual = origin.port == nil || origin.port == (origin.scheme == "https" ? 443 : 80)
        return origin.host + (isUsual ? "" : ":\(origin.port ?? 0)")
    }

    /// The path of an object, or of the bucket itself, encoded.
    func path(_ key: String?) -> String {
        PercentEncoding.encode("/" + (isPathStyle ? bucket + (key == nil ? "" : "/") : "") + (key ?? ""), keepingSlashes: true)
    }

    func url(_ key: String?, query: [(name: String, value: String?)]) -> String {
        let items = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value ?? ""))" }
        return origin + path(key) + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    }

    /// Bucket names: 3 to 63 lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit.
    package static func isBucketName(_ name: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        let bytes = Array(name.utf8)
        return (3...63).contains(bytes.count) && bytes.allSatisfy { isPlain($0) || $0 == 0x2d || $0 == 0x2e } && isPlain(bytes[0])
            && isPlain(bytes[bytes.count - 1]) && !name.contains("..")
    }
}

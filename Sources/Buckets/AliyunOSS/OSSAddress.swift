import HTTPClient

/// The endpoint of a bucket of Aliyun OSS, and the region that requests are signed for. See "Regions and endpoints" in the documentation of
/// Aliyun OSS.
package struct OSSAddress: Hashable, Sendable {
    /// Which of a region's endpoints is used.
    package enum Host: String, CaseIterable, Sendable {
        /// `oss-REGION.aliyuncs.com`, over the internet.
        case `public`
        /// From machines in the same region only; its traffic is free.
        case `internal`
        /// `oss-accelerate.aliyuncs.com`. Transfer acceleration must be switched on for the bucket.
        case accelerate
        /// The bucket's own domain, named by the endpoint.
        case cname
    }

    /// Not checked here; see `isBucketName`.
    package let bucket: String
    /// Such as `cn-hangzhou`: without `oss-` in front, as it is in signatures.
    package let region: String
    /// Scheme, host and port of requests about the bucket.
    let origin: String
    /// Whether the bucket is in the path: with servers known by number only.
    let isPathStyle: Bool

    /// - Parameters:
    ///   - region: In any spelling people paste: `cn-wuhan-lr`, `oss-cn-wuhan-lr`, with `-internal`, or a whole host name.
    ///   - endpoint: Another host; with `cname` the bucket's own domain.
    /// - Returns: Nil where the region or the endpoint is invalid.
    package init?(bucket: String, region: String, host: Host = .public, endpoint: String? = nil) {
        guard let (name, isInternal) = OSSAddress.normalized(region) else { return nil }
        self.bucket = bucket
        self.region = name
        if let endpoint {
            let whole = endpoint.contains("://") ? endpoint : "https://\(endpoint)"
            guard let origin = HTTPOrigin(whole) else { return nil }
            isPathStyle = OSSAddress.isNumber(origin.host)
            let port = origin.port.map { ":\($0)" } ?? ""
            self.origin =
                isPathStyle || host == .cname || origin.host.hasPrefix(bucket + ".")
                ? origin.description : "\(origin.scheme)://\(bucket).\(origin.host)\(port)"
            return
        }
        isPathStyle = false
        switch host {
        case .accelerate: origin = "https://\(bucket).oss-accelerate.aliyuncs.com"
        case .internal: origin = "https://\(bucket).oss-\(name)-internal.aliyuncs.com"
        case .public: origin = "https://\(bucket).oss-\(name)\(isInternal ? "-internal" : "").aliyuncs.com"
        case .cname: return nil
        }
    }

    /// The address of an object, or of the bucket itself.
    func url(_ key: String?, query: [(name: String, value: String?)]) -> String {
        let path = "/" + (isPathStyle ? bucket + (key == nil ? "/" : "/") : "") + PercentEncoding.encode(key ?? "", keepingSlashes: true)
        let items = query.map { name, value in
            PercentEncoding.encode(name) + (value.map { "=" + PercentEncoding.encode($0) } ?? "")
        }
        return origin + path + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    }

    /// The region's bare name, and whether the internal host was meant.
    static func normalized(_ text: String) -> (region: String, isInternal: Bool)? {
        var name = text.drop { $0.isWhitespace }[...]
        while let last = name.last, last.isWhitespace || last == "/" { name = name.dropLast() }
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) { name = name.dropFirst(scheme.count) }
        if name.hasSuffix(".aliyuncs.com") { name = name.dropLast(".aliyuncs.com".count) }
        // The dual-stack form: cn-x.oss.aliyuncs.com.
        if name.hasSuffix(".oss") { name = name.dropLast(".oss".count) }
        if let dot = name.lastIndex(of: ".") { name = name[name.index(after: dot)...] }
        let isInternal = name.hasSuffix("-internal")
        if isInternal { name = name.dropLast("-internal".count) }
        if name.hasPrefix("oss-") { name = name.dropFirst("oss-".count) }
        let isGood = !name.isEmpty && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
        return isGood ? (String(name), isInternal) : nil
    }

    private static func isNumber(_ host: String) -> Bool {
        host.contains(":") || host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }

    /// Bucket names: 3 to 63 lower-case letters, digits and hyphens, none of these at an end.
    package static func isBucketName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
            && !name.hasPrefix("-") && !name.hasSuffix("-")
    }
}

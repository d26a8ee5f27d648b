import Foundation
import HTTPClient

extension BucketClient {
    private static let keysAtOnce = 1000

    /// Reads all pages of ListObjectsV2, 1000 keys each.
    /// - Throws: `unavailable` also where a page is incomplete or malformed, so that a part is never taken for the whole.
    package func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        var objects: [BucketObject] = []
        try await list(prefix: prefix) { objects += $0 }
        return objects
    }

    package func list(prefix: String, onPage: ([BucketObject]) -> Void) async throws(StorageError) {
        var next: String?
        while true {
            var query: [(String, String?)] = [("list-type", "2"), ("max-keys", "\(BucketClient.keysAtOnce)"), ("encoding-type", "url"), ("prefix", prefix)]
            if let next { query.append(("continuation-token", next)) }
            let response = try await good("GET", nil, query: query, doing: "listing the bucket")
            guard let page = XMLElement.parse(response.body), page.name == "ListBucketResult" else {
                throw .unavailable("listing the bucket: the answer is invalid")
            }
            let items = page.all("Contents")
            // A part must not be taken for the whole.
            if let told = page["KeyCount"], Int(told) != items.count + page.all("CommonPrefixes").count {
                throw .unavailable("listing the bucket: \(told) objects were announced, and \(items.count) came")
            }
            var objects: [BucketObject] = []
            for item in items {
                let object = try BucketClient.object(item, isEncoded: page["EncodingType"] != nil)
                if object.key.utf8.starts(with: prefix.utf8) { objects.append(object) }
            }
            onPage(objects)
            switch page["IsTruncated"] {
            case "false": return
            case "true": next = page["NextContinuationToken"].flatMap { dialect.encodesTokens ? PercentEncoding.decode($0) : $0 }
            default: throw .unavailable("listing the bucket: the answer does not say whether it is whole")
            }
            if next == nil { throw .unavailable("listing the bucket: the answer does not say where it continues") }
        }
    }

    private static func object(_ item: XMLElement, isEncoded: Bool) throws(StorageError) -> BucketObject {
        let key = isEncoded ? item["Key"].flatMap(PercentEncoding.decode) : item["Key"]
        guard let key, let size = item["Size"].flatMap({ Int64($0) }), size >= 0 else {
            throw .unavailable("listing the bucket: an entry is invalid")
        }
        let tag = (item["ETag"] ?? "").filter { $0 != "\"" }.lowercased()
        // The tag of an object that was put in parts looks like an MD5 with a suffix, or is not an MD5.
        let isDigest = item["Type"] ?? "Normal" == "Normal" && tag.utf8.count == 32 && tag.allSatisfy(\.isHexDigit)
        let modified = item["LastModified"].flatMap { try? Date.ISO8601FormatStyle(includingFractionalSeconds: $0.contains(".")).parse($0) }
        return BucketObject(key: key, size: size, md5: isDigest ? tag : nil, tag: tag, modified: modified)
    }
}

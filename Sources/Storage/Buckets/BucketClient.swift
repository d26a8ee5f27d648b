import Crypto
import Foundation
package import HTTPClient
import Synchronization

/// How requests to a bucket are paced.
package struct BucketPatience: Sendable {
    package var answer: Duration = .seconds(60)
    /// The longest that nothing may move while content is on its way, in whole seconds.
    package var stall: Duration = .seconds(60)
    package var waits: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .milliseconds(3200)]
    package var clock: any Clock<Duration> = ContinuousClock()
    /// Whether somebody above sends less at once when the service asks for that.
    package var isPaced = false
    /// Contents beyond this go in parts.
    package var largestAtOnce: Int64 = 100_000_000
    package var partSize: Int64 = 16 << 20

    package init() {}
}

/// A bucket of a service that speaks one of the dialects.
package final class BucketClient: ReadableBucket {
    private struct Signing {
        var day = ""
        var key: SymmetricKey?
        /// What the service's clock is ahead of ours, in seconds.
        var offset: TimeInterval = 0
    }

    private static let keysAtOnce = 1000

    let dialect: any BucketDialect
    let patience: BucketPatience
    private let plain: any HTTPTransport
    private let http: any HTTPTransport
    private let now: @Sendable () -> Date
    private let signing = Mutex(Signing())

    init(_ dialect: any BucketDialect, http: any HTTPTransport, patience: BucketPatience, now: @escaping @Sendable () -> Date) {
        self.dialect = dialect
        self.patience = patience
        self.now = now
        plain = http
        self.http = RetryingTransport(
            http, waits: patience.waits, clock: patience.clock, advice: { [isPaced = patience.isPaced] in BucketRefusal.advice($1, isPaced: isPaced) })
    }

    // MARK: Objects

    package func put(_ upload: BucketUpload) async throws(StorageError) {
        if upload.body.length > patience.largestAtOnce { return try await putInParts(upload) }
        try await putAtOnce(upload, [])
    }

    package func putNew(_ upload: BucketUpload) async throws(StorageError) { try await putAtOnce(upload, [dialect.onlyIfNew]) }

    private func putAtOnce(_ upload: BucketUpload, _ more: [(name: String, value: String)]) async throws(StorageError) {
        let digest = try digest(of: upload.body, from: 0, length: upload.body.length)
        let headers = typed(upload.headers) + [("Content-MD5", digest.md5)] + more
        let response = try await good("PUT", upload.key, headers: headers, body: upload.body, doing: "uploading \(upload.key)")
        try check(response, digest.crc, upload.key)
    }

    package func get(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("GET", key, doing: "reading \(key)") }

    package func head(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("HEAD", key, doing: "looking at \(key)") }

    private func found(_ method: String, _ key: String, doing: String) async throws(StorageError) -> HTTPResponse? {
        let response = try await answer(BucketCall(method: method, key: key), doing: doing)
        let refusal = BucketRefusal(response)
        if response.status == 404, refusal.code != "NoSuchBucket" { return nil }
        guard response.status == 200 else { throw dialect.error(refusal, doing: doing) }
        return response
    }

    package func read(_ key: String, from start: Int64, onBody: @escaping HTTPBodyReceiver) async throws(StorageError) -> HTTPResponse? {
        let doing = "reading \(key)"
        let headers = start > 0 ? [(name: "Range", value: "bytes=\(start)-")] : []
        let response = try await answer(BucketCall(method: "GET", key: key, headers: headers), onBody: onBody, doing: doing)
        let refusal = BucketRefusal(response)
        if response.status == 404, refusal.code != "NoSuchBucket" { return nil }
        guard response.status == 200 || response.status == 206 else { throw dialect.error(refusal, doing: doing) }
        return response
    }

    package func isPublic(_ key: String) async -> Bool? {
        try? await plain.send(HTTPRequest("GET", dialect.url(key, query: []), timeout: patience.answer)).status == 200
    }

    package func delete(_ keys: [String]) async throws(StorageError) {
        var rest = keys[...]
        while !rest.isEmpty {
            let now = rest.prefix(BucketClient.keysAtOnce)
            rest = rest.dropFirst(now.count)
            let objects = now.map { "<Object><Key>\(XMLElement.escaped($0))</Key></Object>" }.joined()
            let body = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete><Quiet>true</Quiet>\(objects)</Delete>".utf8)
            let headers = [("Content-Type", "application/xml"), ("Content-MD5", Data(Insecure.MD5.hash(data: body)).base64EncodedString())]
            let doing = "deleting \(now.count) objects"
            let response = try await good("POST", nil, query: [("delete", nil)], headers: headers, body: .bytes(body), doing: doing)
            // A key that may not be deleted is told in a good answer.
            if let refused = XMLElement.parse(response.body)?.all("Error").first {
                let words = "\(refused["Key"] ?? "an object") can't be deleted: \(refused["Message"] ?? refused["Code"] ?? "no reason given")"
                throw refused["Code"] == "AccessDenied"
                    ? .unauthorized(words, hint: "give the key the right to delete in \(dialect.bucket)") : .unavailable(words)
            }
        }
    }

    // MARK: Listing

    package func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        var objects: [BucketObject] = []
        var next: String?
        repeat {
            var query: [(String, String?)] = [("list-type", "2"), ("max-keys", "\(BucketClient.keysAtOnce)"), ("encoding-type", "url"), ("prefix", prefix)]
            if let next { query.append(("continuation-token", next)) }
            let response = try await good("GET", nil, query: query, doing: "listing the bucket")
            guard let page = XMLElement.parse(response.body), page.name == "ListBucketResult" else {
                throw .unavailable("listing the bucket: the answer makes no sense")
            }
            for item in page.all("Contents") { objects.append(try BucketClient.object(item, isEncoded: page["EncodingType"] != nil)) }
            guard page["IsTruncated"] == "true" else { return objects }
            next = page["NextContinuationToken"].flatMap { dialect.encodesTokens ? PercentEncoding.decode($0) : $0 }
            // A part must not be taken for the whole.
            if next == nil { throw .unavailable("listing the bucket: the answer does not say where it goes on") }
        } while next != nil
        return objects
    }

    private static func object(_ item: XMLElement, isEncoded: Bool) throws(StorageError) -> BucketObject {
        let key = isEncoded ? item["Key"].flatMap(PercentEncoding.decode) : item["Key"]
        guard let key, let size = item["Size"].flatMap({ Int64($0) }) else {
            throw .unavailable("listing the bucket: an entry makes no sense")
        }
        let tag = (item["ETag"] ?? "").filter { $0 != "\"" }.lowercased()
        // The tag of an object that was put in parts looks like an MD5 with something behind it, or is none.
        let isDigest = item["Type"] ?? "Normal" == "Normal" && tag.utf8.count == 32 && tag.allSatisfy(\.isHexDigit)
        let modified = item["LastModified"].flatMap { try? Date.ISO8601FormatStyle(includingFractionalSeconds: $0.contains(".")).parse($0) }
        return BucketObject(key: key, size: size, md5: isDigest ? tag : nil, modified: modified)
    }

    // MARK: Checks

    func typed(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.contains { $0.name.lowercased() == "content-type" } ? headers : headers + [("Content-Type", "application/octet-stream")]
    }

    func digest(of body: HTTPBody, from start: Int64, length: Int64) throws(StorageError) -> (md5: String, crc: UInt64) {
        var (md5, crc) = (Insecure.MD5(), CRC64())
        let isChecked = dialect.checkSumHeader != nil
        var offset = start
        while offset < start + length {
            guard let piece = body.read(offset, Int(min(1 << 20, start + length - offset))), !piece.isEmpty else {
                throw .damaged("what is to be uploaded can't be read")
            }
            md5.update(data: piece)
            if isChecked { crc.update(piece) }
            offset += Int64(piece.count)
        }
        return (Data(md5.finalize()).base64EncodedString(), crc.value)
    }

    func check(_ response: HTTPResponse, _ crc: UInt64, _ key: String) throws(StorageError) {
        guard let name = dialect.checkSumHeader, let stored = response.header(name), stored != "\(crc)" else { return }
        throw .unavailable("\(key) did not arrive as it was sent")
    }

    // MARK: Requests

    func good(
        _ method: String, _ key: String?, query: [(name: String, value: String?)] = [], headers: [(name: String, value: String)] = [], body: HTTPBody? = nil,
        doing: String
    ) async throws(StorageError) -> HTTPResponse {
        let response = try await answer(BucketCall(method: method, key: key, query: query, headers: headers), body: body, doing: doing)
        guard (200..<300).contains(response.status) else { throw dialect.error(BucketRefusal(response), doing: doing) }
        return response
    }

    func answer(_ call: BucketCall, body: HTTPBody? = nil, onBody: HTTPBodyReceiver? = nil, doing: String) async throws(StorageError) -> HTTPResponse {
        for isSecond in [false, true] {
            let request = signed(call, body, isStreamed: onBody != nil)
            let response: HTTPResponse
            do { response = try await http.send(request, onBody: onBody) } catch {
                if error == .cancelled { throw StorageError(.cancelled, "cancelled") }
                throw .unavailable("\(HTTPOrigin(request.url)?.host ?? "the bucket") can't be reached (\(doing)): \(error)")
            }
            guard response.status == 403, !isSecond, BucketRefusal(response).code == "RequestTimeTooSkewed", takeOver(response.header("Date")) else {
                return response
            }
        }
        throw .unavailable("\(doing): the clocks can't be brought together")
    }

    /// Goes by the service's clock from now on; false where it does not tell.
    private func takeOver(_ date: String?) -> Bool {
        guard let date, let theirs = HTTPDate.parse(date) else { return false }
        signing.withLock { $0.offset = theirs.timeIntervalSince(now()) }
        return true
    }

    private func signed(_ call: BucketCall, _ body: HTTPBody?, isStreamed: Bool) -> HTTPRequest {
        let (time, key) = currentKey()
        let headers = dialect.headers(call, at: time, key: key) + [("User-Agent", "shipkeeper")]
        return HTTPRequest(
            call.method, dialect.url(call.key, query: call.query), headers: headers, body: body,
            timeout: body == nil && !isStreamed ? patience.answer : nil, slowest: HTTPPace(during: patience.stall), mostBody: 64 << 20, isRepeatable: true)
    }

    private func currentKey() -> (time: String, key: SymmetricKey) {
        signing.withLock { signing in
            let time = BucketClient.time(now().addingTimeInterval(signing.offset))
            let day = String(time.prefix(8))
            if signing.day == day, let key = signing.key { return (time, key) }
            let key = dialect.signingKey(at: time)
            (signing.day, signing.key) = (day, key)
            return (time, key)
        }
    }

    /// An instant as signatures write it: `20260131T235959Z`.
    private static func time(_ date: Date) -> String {
        date.formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted).timeZone(separator: .omitted))
    }
}

import Crypto
import Files
import Foundation
package import HTTPClient
import Synchronization

/// Timeouts, waits between tries and sizes of requests to a bucket. The defaults are for production; tests shorten them.
package struct BucketTimeouts: Sendable {
    /// The longest that a request without content may take, from connecting to the end of the answer.
    package var answer: Duration = .seconds(60)
    /// The longest that nothing may move while content is on its way, in whole seconds.
    package var stall: Duration = .seconds(60)
    /// The waits between tries of one request.
    package var waits: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .milliseconds(3200)]
    /// Measures the waits.
    package var clock: any Clock<Duration> = ContinuousClock()
    /// Whether the caller itself reduces its parallel requests on 429 and 503: then these are thrown as `limited` at once, and not retried here.
    package var isPaced = false
    /// Content of more bytes than this is uploaded in parts. At most 5 GB, the limit of a single PUT for S3 and OSS.
    package var largestAtOnce: Int64 = 100_000_000
    /// Bytes of one part, at least 5 MiB for S3 (100 KiB for OSS); neither takes more than 10 000 parts.
    package var partSize: Int64 = 16 << 20

    package init() {}
}

/// A bucket of Aliyun OSS, S3, or a service compatible with S3. Made by the initializers in `AliyunOSS.swift` and `S3.swift`.
///
/// Requests are signed with the service's clock where ours is wrong, and tried again by `BucketTimeouts`. Safe for concurrent calls.
package final class BucketClient: ReadableBucket {
    private struct Signing {
        var day = ""
        var key: SymmetricKey?
        /// What the service's clock is ahead of ours, in seconds.
        var offset: TimeInterval = 0
    }

    private static let keysAtOnce = 1000
    /// Hashed where it is, in no time worth a thread.
    private static let smallBody: Int64 = 1 << 16
    /// The most bytes that are kept of an error message that came instead of the content.
    private static let mostWords = 1 << 16

    let dialect: any BucketProvider
    let patience: BucketTimeouts
    private let plain: any HTTPTransport
    private let http: any HTTPTransport
    private let now: @Sendable () -> Date
    private let signing = Mutex(Signing())

    init(_ dialect: any BucketProvider, http: any HTTPTransport, patience: BucketTimeouts, now: @escaping @Sendable () -> Date) {
        self.dialect = dialect
        self.patience = patience
        self.now = now
        plain = http
        self.http = RetryingTransport(
            http, waits: patience.waits, clock: patience.clock, advice: { [isPaced = patience.isPaced] in BucketErrorResponse.advice($1, isPaced: isPaced) })
    }

    // MARK: Objects

    /// Content above `largestAtOnce` is uploaded in parts, and appears in one step when the last part is there.
    package func put(_ upload: BucketUpload) async throws(StorageError) {
        if upload.body.length > patience.largestAtOnce { return try await putInParts(upload) }
        try await putAtOnce(upload, [])
    }

    /// One conditional request: `x-oss-forbid-overwrite` for OSS, `If-None-Match: *` for S3, which not every compatible service honours.
    /// Content above `largestAtOnce` is uploaded in parts, once it is known that nothing has the key.
    package func putNew(_ upload: BucketUpload) async throws(StorageError) {
        guard upload.body.length > patience.largestAtOnce else { return try await putAtOnce(upload, [dialect.onlyIfNew]) }
        if try await head(upload.key) != nil { throw .stale("uploading \(upload.key): it is there already") }
        try await putInParts(upload)
    }

    private func putAtOnce(_ upload: BucketUpload, _ more: [(name: String, value: String)]) async throws(StorageError) {
        let digest = try await digest(of: upload.body, from: 0, length: upload.body.length)
        let headers = typed(upload.headers) + [("Content-MD5", digest.md5)] + more
        let response = try await good(
            "PUT", upload.key, headers: headers, body: upload.body, onSent: sent(upload, from: 0), doing: "uploading \(upload.key)")
        try check(response, digest.crc.value, upload.key)
    }

    package func get(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("GET", key, doing: "reading \(key)") }

    package func head(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("HEAD", key, doing: "looking at \(key)") }

    private func found(_ method: String, _ key: String, doing: String) async throws(StorageError) -> HTTPResponse? {
        let response = try await answer(BucketCall(method: method, key: key), doing: doing)
        let refusal = BucketErrorResponse(response)
        if refusal.isAbsence(of: method) { return nil }
        guard response.status == 200 else { throw dialect.error(refusal, doing: doing) }
        return response
    }

    package func read(
        _ key: String, from start: Int64, length: Int64? = nil, onBody: @escaping HTTPBodyReceiver
    ) async throws(StorageError) -> HTTPResponse? {
        let doing = "reading \(key)"
        let end = length.map { "\(start + max(1, $0) - 1)" } ?? ""
        let headers = start > 0 || length != nil ? [(name: "Range", value: "bytes=\(start)-\(end)")] : []
        let words = Mutex<[UInt8]>([])
        let receiver: HTTPBodyReceiver = { head, piece in
            if head.status < 300 { return onBody(head, piece) }
            words.withLock { if $0.count < BucketClient.mostWords { $0 += piece } }
            return true
        }
        var response = try await answer(BucketCall(method: "GET", key: key, headers: headers), onBody: receiver, doing: doing)
        if response.status >= 300 { response.body = words.withLock { $0 } }
        let refusal = BucketErrorResponse(response)
        if refusal.isAbsence(of: "GET") { return nil }
        guard [200, 206, 416].contains(response.status) else { throw dialect.error(refusal, doing: doing) }
        return response
    }

    package func isPublic(_ key: String) async -> Bool? {
        try? await plain.send(HTTPRequest("GET", dialect.url(key, query: []), timeout: patience.answer)).status == 200
    }

    /// In requests of up to 1000 keys (DeleteObjects, DeleteMultipleObjects).
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
            // A key that may not be deleted is reported in an answer with status 200.
            if let refused = XMLElement.parse(response.body)?.all("Error").first {
                let words = "\(refused["Key"] ?? "an object") can't be deleted: \(refused["Message"] ?? refused["Code"] ?? "no reason given")"
                throw refused["Code"] == "AccessDenied"
                    ? .unauthorized(words, hint: "give the key the right to delete in \(dialect.bucket)") : .unavailable(words)
            }
        }
    }

    /// Reports how far a stretch of an upload has come; nil where nobody wants to know.
    func sent(_ upload: BucketUpload, from start: Int64) -> (@Sendable (Int64) -> Void)? {
        guard let onProgress = upload.onProgress else { return nil }
        let whole = upload.body.length
        return { onProgress(start + $0, whole) }
    }

    // MARK: Checks

    func typed(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.contains { $0.name.lowercased() == "content-type" } ? headers : headers + [("Content-Type", "application/octet-stream")]
    }

    /// What a stretch of a body is known by on arrival. Read on a thread of its own but for what is in memory and is small.
    /// - Parameter whole: The check sum of all that is before it, which takes the stretch in too: so each byte is read once.
    func digest(of body: HTTPBody, from start: Int64, length: Int64, whole: CRC64 = CRC64()) async throws(StorageError) -> BodyDigest {
        let isChecked = dialect.checkSumHeader != nil
        if case .bytes = body, length <= BucketClient.smallBody {
            return try BodyDigest(body, from: start, length: length, whole: isChecked ? whole : nil, CancelFlag())
        }
        return try await DedicatedThread.run { flag throws(StorageError) in
            try BodyDigest(body, from: start, length: length, whole: isChecked ? whole : nil, flag)
        }
    }

    func check(_ response: HTTPResponse, _ crc: UInt64, _ key: String) throws(StorageError) {
        guard let name = dialect.checkSumHeader, let stored = response.header(name), stored != "\(crc)" else { return }
        throw .unavailable("\(key) did not arrive as it was sent")
    }

    // MARK: Requests

    func good(
        _ method: String, _ key: String?, query: [(name: String, value: String?)] = [], headers: [(name: String, value: String)] = [], body: HTTPBody? = nil,
        onSent: (@Sendable (Int64) -> Void)? = nil, doing: String
    ) async throws(StorageError) -> HTTPResponse {
        let response = try await answer(BucketCall(method: method, key: key, query: query, headers: headers), body: body, onSent: onSent, doing: doing)
        guard (200..<300).contains(response.status) else { throw dialect.error(BucketErrorResponse(response), doing: doing) }
        return response
    }

    func answer(
        _ call: BucketCall, body: HTTPBody? = nil, onBody: HTTPBodyReceiver? = nil, onSent: (@Sendable (Int64) -> Void)? = nil, doing: String
    ) async throws(StorageError) -> HTTPResponse {
        for isSecond in [false, true] {
            var request = signed(call, body, isStreamed: onBody != nil)
            request.onSent = onSent
            let response: HTTPResponse
            do { response = try await http.send(request, onBody: onBody) } catch {
                if error == .cancelled { throw StorageError(.cancelled, "cancelled") }
                throw .unavailable("\(HTTPOrigin(request.url)?.host ?? "the bucket") can't be reached (\(doing)): \(error)")
            }
            guard response.status == 403, !isSecond, BucketErrorResponse(response).code == "RequestTimeTooSkewed", takeOver(response.header("Date")) else {
                return response
            }
        }
        throw .unavailable("\(doing): the clocks can't be brought together")
    }

    /// Uses the service's clock from now on; false where the answer has no date.
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

import Crypto
package import Foundation
package import HTTPClient
import Synchronization

/// A bucket of Aliyun OSS.
package final class AliyunOSS: Bucket {
    /// How requests are paced.
    package struct Patience: Sendable {
        package var answer: Duration = .seconds(60)
        /// The longest that nothing may move while content is on its way, in whole seconds.
        package var stall: Duration = .seconds(60)
        package var waits: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .milliseconds(3200)]
        package var clock: any Clock<Duration> = ContinuousClock()
        /// Contents beyond this go in parts.
        package var largestAtOnce: Int64 = 100_000_000
        package var partSize: Int64 = 16 << 20

        package init() {}
    }

    private struct Signing {
        var day = ""
        var key: SymmetricKey?
        /// What the service's clock is ahead of ours, in seconds.
        var offset: TimeInterval = 0
    }

    private static let keysAtOnce = 1000

    private let address: OSSAddress
    private let signer: OSSSigner
    private let http: any HTTPTransport
    private let patience: Patience
    private let now: @Sendable () -> Date
    private let signing = Mutex(Signing())

    package init(
        _ address: OSSAddress, credentials: OSSCredentials, http: any HTTPTransport, patience: Patience = Patience(),
        now: @escaping @Sendable () -> Date
    ) {
        self.address = address
        self.patience = patience
        self.now = now
        signer = OSSSigner(credentials: credentials, region: address.region)
        self.http = RetryingTransport(http, waits: patience.waits, clock: patience.clock, advice: OSSRefusal.advice)
    }

    // MARK: Objects

    package func put(_ upload: BucketUpload) async throws(StorageError) {
        if upload.body.length > patience.largestAtOnce { return try await putInParts(upload) }
        let digest = try digest(of: upload.body, from: 0, length: upload.body.length)
        let headers = typed(upload.headers) + [("Content-MD5", digest.md5)]
        let response = try await good("PUT", upload.key, headers: headers, body: upload.body, doing: "uploading \(upload.key)")
        try check(response, digest.crc, upload.key)
    }

    package func get(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("GET", key, doing: "reading \(key)") }

    package func head(_ key: String) async throws(StorageError) -> HTTPResponse? { try await found("HEAD", key, doing: "looking at \(key)") }

    private func found(_ method: String, _ key: String, doing: String) async throws(StorageError) -> HTTPResponse? {
        let response = try await answer(method, key, doing: doing)
        if response.status == 404, OSSRefusal(response).code != "NoSuchBucket" { return nil }
        guard response.status == 200 else { throw OSSRefusal(response).error(address, doing: doing) }
        return response
    }

    package func delete(_ keys: [String]) async throws(StorageError) {
        var rest = keys[...]
        while !rest.isEmpty {
            let now = rest.prefix(AliyunOSS.keysAtOnce)
            rest = rest.dropFirst(now.count)
            let objects = now.map { "<Object><Key>\(XMLElement.escaped($0))</Key></Object>" }.joined()
            let body = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete><Quiet>true</Quiet>\(objects)</Delete>".utf8)
            let headers = [("Content-Type", "application/xml"), ("Content-MD5", Data(Insecure.MD5.hash(data: body)).base64EncodedString())]
            _ = try await good(
                "POST", nil, query: [("delete", nil)], headers: headers, body: .bytes(body), doing: "deleting \(now.count) objects")
        }
    }

    // MARK: Listing

    package func list(prefix: String) async throws(StorageError) -> [BucketObject] {
        var objects: [BucketObject] = []
        var next: String?
        repeat {
            var query: [(String, String?)] = [("list-type", "2"), ("max-keys", "\(AliyunOSS.keysAtOnce)"), ("encoding-type", "url"), ("prefix", prefix)]
            if let next { query.append(("continuation-token", next)) }
            let response = try await good("GET", nil, query: query, doing: "listing the bucket")
            guard let page = XMLElement.parse(response.body), page.name == "ListBucketResult" else {
                throw .unavailable("listing the bucket: the answer makes no sense")
            }
            for item in page.all("Contents") { objects.append(try AliyunOSS.object(item)) }
            next = page["IsTruncated"] == "true" ? page["NextContinuationToken"].flatMap(PercentEncoding.decode) : nil
        } while next != nil
        return objects
    }

    private static func object(_ item: XMLElement) throws(StorageError) -> BucketObject {
        guard let key = item["Key"].flatMap(PercentEncoding.decode), let size = item["Size"].flatMap({ Int64($0) }) else {
            throw .unavailable("listing the bucket: an entry makes no sense")
        }
        let tag = (item["ETag"] ?? "").filter { $0 != "\"" }.lowercased()
        // The tag of an object that was put in parts looks like an MD5 with something behind it, or is none.
        let isDigest = item["Type"] ?? "Normal" == "Normal" && tag.utf8.count == 32 && tag.allSatisfy(\.isHexDigit)
        let modified = item["LastModified"].flatMap { try? Date.ISO8601FormatStyle(includingFractionalSeconds: $0.contains(".")).parse($0) }
        return BucketObject(key: key, size: size, md5: isDigest ? tag : nil, modified: modified)
    }

    // MARK: In parts

    private func putInParts(_ upload: BucketUpload) async throws(StorageError) {
        let doing = "uploading \(upload.key)"
        let begun = try await good(
            "POST", upload.key, query: [("uploads", nil)], headers: typed(upload.headers), body: .bytes([]), doing: doing)
        guard let id = XMLElement.parse(begun.body)?["UploadId"] else { throw .unavailable("\(doing): the answer makes no sense") }
        do throws(StorageError) {
            try await putParts(upload, id, doing)
        } catch {
            // Parts that belong to nothing are paid for.
            _ = try? await good("DELETE", upload.key, query: [("uploadId", id)], doing: doing)
            throw error
        }
    }

    private func putParts(_ upload: BucketUpload, _ id: String, _ doing: String) async throws(StorageError) {
        var parts = ""
        var start: Int64 = 0
        var number = 1
        while start < upload.body.length {
            let length = min(patience.partSize, upload.body.length - start)
            let digest = try digest(of: upload.body, from: start, length: length)
            let response = try await good(
                "PUT", upload.key, query: [("partNumber", "\(number)"), ("uploadId", id)],
                headers: [("Content-Type", "application/octet-stream"), ("Content-MD5", digest.md5)], body: upload.body.part(from: start, length: length),
                doing: doing)
            try check(response, digest.crc, upload.key)
            guard let tag = response.header("ETag") else { throw .unavailable("\(doing): a part was answered without its tag") }
            parts += "<Part><PartNumber>\(number)</PartNumber><ETag>\(XMLElement.escaped(tag))</ETag></Part>"
            (start, number) = (start + length, number + 1)
        }
        let body = Array("<CompleteMultipartUpload>\(parts)</CompleteMultipartUpload>".utf8)
        let response = try await good(
            "POST", upload.key, query: [("uploadId", id)], headers: [("Content-Type", "application/xml")], body: .bytes(body), doing: doing)
        try check(response, try digest(of: upload.body, from: 0, length: upload.body.length).crc, upload.key)
    }

    // MARK: Checks

    private func typed(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.contains { $0.name.lowercased() == "content-type" } ? headers : headers + [("Content-Type", "application/octet-stream")]
    }

    private func digest(of body: HTTPBody, from start: Int64, length: Int64) throws(StorageError) -> (md5: String, crc: UInt64) {
        var (md5, crc) = (Insecure.MD5(), CRC64())
        var offset = start
        while offset < start + length {
            guard let piece = body.read(offset, Int(min(1 << 20, start + length - offset))), !piece.isEmpty else {
                throw .damaged("what is to be uploaded can't be read")
            }
            md5.update(data: piece)
            crc.update(piece)
            offset += Int64(piece.count)
        }
        return (Data(md5.finalize()).base64EncodedString(), crc.value)
    }

    private func check(_ response: HTTPResponse, _ crc: UInt64, _ key: String) throws(StorageError) {
        guard let stored = response.header("x-oss-hash-crc64ecma"), stored != "\(crc)" else { return }
        throw .unavailable("\(key) did not arrive as it was sent")
    }

    // MARK: Requests

    private func good(
        _ method: String, _ key: String?, query: [(String, String?)] = [], headers: [(name: String, value: String)] = [], body: HTTPBody? = nil, doing: String
    ) async throws(StorageError) -> HTTPResponse {
        let response = try await answer(method, key, query: query, headers: headers, body: body, doing: doing)
        guard (200..<300).contains(response.status) else { throw OSSRefusal(response).error(address, doing: doing) }
        return response
    }

    private func answer(
        _ method: String, _ key: String?, query: [(String, String?)] = [], headers: [(name: String, value: String)] = [], body: HTTPBody? = nil, doing: String
    ) async throws(StorageError) -> HTTPResponse {
        for isSecond in [false, true] {
            let request = signed(method, key, query, headers, body)
            let response: HTTPResponse
            do { response = try await http.send(request) } catch {
                if error == .cancelled { throw StorageError(.cancelled, "cancelled") }
                throw .unavailable("\(HTTPOrigin(request.url)?.host ?? "the bucket") can't be reached (\(doing)): \(error)")
            }
            guard response.status == 403, !isSecond, OSSRefusal(response).code == "RequestTimeTooSkewed", takeOver(response.header("Date")) else {
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

    private func signed(
        _ method: String, _ key: String?, _ query: [(String, String?)], _ headers: [(name: String, value: String)], _ body: HTTPBody?
    ) -> HTTPRequest {
        let (time, signingKey) = currentKey()
        var all = headers + [("x-oss-content-sha256", OSSSigner.unsigned), ("x-oss-date", time)]
        if let token = signer.credentials.token { all.append(("x-oss-security-token", token)) }
        let signable = OSSSignable(method: method, bucket: address.bucket, key: key, query: query.map { ($0, $1) }, headers: all)
        all.append(("Authorization", signer.authorization(signable, at: time, key: signingKey)))
        all.append(("User-Agent", "shipkeeper"))
        return HTTPRequest(
            method, address.url(key, query: query), headers: all, body: body, timeout: body == nil ? patience.answer : nil,
            slowest: HTTPPace(during: patience.stall), mostBody: 64 << 20, isRepeatable: true)
    }

    private func currentKey() -> (time: String, key: SymmetricKey) {
        signing.withLock { signing in
            let time = OSSSigner.time(now().addingTimeInterval(signing.offset))
            let day = String(time.prefix(8))
            if signing.day == day, let key = signing.key { return (time, key) }
            let key = signer.signingKey(at: time)
            (signing.day, signing.key) = (day, key)
            return (time, key)
        }
    }
}

extension HTTPBody {
    /// Up to so many bytes from an offset; nil where they can't be read.
    func read(_ offset: Int64, _ most: Int) -> [UInt8]? {
        switch self {
        case .bytes(let bytes): Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + most)])
        case .stream(let stream): stream.read(offset, most)
        }
    }

    /// A stretch of the body.
    func part(from start: Int64, length: Int64) -> HTTPBody {
        .stream(HTTPBodyStream(length: length) { read(start + $0, $1) })
    }
}

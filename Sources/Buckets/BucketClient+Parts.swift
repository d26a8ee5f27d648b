import Crypto
import Files
import Foundation
import HTTPClient

extension BucketClient {
    /// Uploads a large content part by part; nothing is to be seen of it before all are there.
    func putInParts(_ upload: BucketUpload) async throws(StorageError) {
        let doing = "uploading \(upload.key)"
        let begun = try await good(
            "POST", upload.key, query: [("uploads", nil)], headers: typed(upload.headers), body: .bytes([]), doing: doing)
        guard let id = XMLElement.parse(begun.body)?["UploadId"] else { throw .unavailable("\(doing): the answer is invalid") }
        do throws(StorageError) {
            try await putParts(upload, id, doing)
        } catch {
            // Parts that belong to nothing are paid for; they go though the work that put them there has been cancelled.
            _ = await Task { try? await good("DELETE", upload.key, query: [("uploadId", id)], doing: doing) }.value
            throw error
        }
    }

    private func putParts(_ upload: BucketUpload, _ id: String, _ doing: String) async throws(StorageError) {
        var parts = ""
        var whole = CRC64()
        var start: Int64 = 0
        var number = 1
        while start < upload.body.length {
            let length = min(patience.partSize, upload.body.length - start)
            let digest = try await digest(of: upload.body, from: start, length: length, whole: whole)
            whole = digest.whole
            let response = try await good(
                "PUT", upload.key, query: [("partNumber", "\(number)"), ("uploadId", id)],
                headers: [("Content-Type", "application/octet-stream"), ("Content-MD5", digest.md5)], body: upload.body.part(from: start, length: length),
                onSent: sent(upload, from: start), doing: doing)
            try check(response, digest.crc.value, upload.key)
            guard let tag = response.header("ETag") else { throw .unavailable("\(doing): a part was answered without its tag") }
            parts += "<Part><PartNumber>\(number)</PartNumber><ETag>\(XMLElement.escaped(tag))</ETag></Part>"
            (start, number) = (start + length, number + 1)
            upload.onProgress?(start, upload.body.length)
        }
        let body = Array("<CompleteMultipartUpload>\(parts)</CompleteMultipartUpload>".utf8)
        let call = BucketCall(method: "POST", key: upload.key, query: [("uploadId", id)], headers: [("Content-Type", "application/xml")])
        let response = try await answer(call, body: .bytes(body), doing: doing)
        let refusal = BucketErrorResponse(response)
        guard response.status == 200 else {
            // After a lost answer the second try finds the parts put together already.
            if refusal.code == "NoSuchUpload", try await isStored(upload, whole) { return }
            throw dialect.error(refusal, doing: doing)
        }
        // Putting the parts together may fail after the answer has begun as a good one.
        if let failed = XMLElement.parse(response.body), failed.name == "Error" {
            throw .unavailable("\(doing): \(failed["Message"] ?? failed["Code"] ?? "the parts were not put together")")
        }
        try check(response, whole.value, upload.key)
    }

    private func isStored(_ upload: BucketUpload, _ whole: CRC64) async throws(StorageError) -> Bool {
        guard let stored = try await head(upload.key), stored.header("Content-Length") == "\(upload.body.length)" else { return false }
        try check(stored, whole.value, upload.key)
        return true
    }
}

/// What a stretch of a body is known by on arrival.
struct BodyDigest: Sendable {
    private static let pieceSize: Int64 = 1 << 20

    /// In base64.
    let md5: String
    let crc: CRC64
    /// The check sum of all from the body's start to the stretch's end.
    let whole: CRC64

    /// Reads it. Blocks.
    /// - Parameter whole: Of what is before it; nil where no check sums are wanted.
    init(_ body: HTTPBody, from start: Int64, length: Int64, whole: CRC64?, _ flag: CancelFlag) throws(StorageError) {
        var (md5, crc, sum) = (Insecure.MD5(), CRC64(), whole ?? CRC64())
        var offset = start
        while offset < start + length {
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            guard let piece = body.read(offset, Int(min(BodyDigest.pieceSize, start + length - offset))), !piece.isEmpty else {
                throw .unavailable("what is to be uploaded can't be read")
            }
            md5.update(data: piece)
            if whole != nil {
                crc.update(piece)
                if start > 0 || length < body.length { sum.update(piece) }
            }
            offset += Int64(piece.count)
        }
        self.md5 = Data(md5.finalize()).base64EncodedString()
        self.crc = crc
        self.whole = start > 0 || length < body.length ? sum : crc
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

import Buckets
import Foundation
import HTTPClient

/// Brings contents to the Hub before a commit names them: small text with the commit itself, everything else by LFS.
struct HubUpload: Sendable {
    private static let partsAtOnce = 3

    let calls: HubAPIClient

    private var address: HubAddress { calls.address }

    /// How an object goes into the commit.
    enum Way: Sendable {
        /// The head holds just this already.
        case unchanged
        case regular
        case large
    }

    /// What the Hub says of an object before it is sent.
    struct Announced: Sendable {
        var way: Way
        /// Whether the head holds something of that name.
        var isThere: Bool
    }

    /// Asks the Hub how it wants each of the objects.
    func announce(_ objects: [HubObject]) async throws(StorageError) -> [String: Announced] {
        let files = objects.map { HubMessages.Preupload.File(path: $0.name, size: $0.size, sample: Data($0.sample).base64EncodedString()) }
        let doing = "announcing the upload"
        let response = try await calls.post(
            address.api("preupload/\(HubAddress.encoded(address.revision))"), HubMessages.Preupload(files: files), doing: doing)
        let answer = try calls.decode(HubMessages.PreuploadAnswer.self, response, doing: doing)
        var announced: [String: Announced] = [:]
        for object in objects {
            guard let file = answer.files.first(where: { $0.path == object.name }) else {
                throw .unavailable("\(doing): \(address.host) did not answer for \(object.name)")
            }
            if file.shouldIgnore == true {
                throw .refused("the dataset's own .gitignore leaves out \(object.name)", hint: "remove that line there")
            }
            // Object storage takes no empty files.
            let isLarge = file.uploadMode == "lfs" && object.size > 0
            let own = isLarge ? object.sha256 : object.gitID
            guard let own else { throw .refused("\(address.host) wants \(object.name), \(object.size) bytes, as text in the commit") }
            let isSame = file.oid == own
            announced[object.name] = Announced(way: isSame ? .unchanged : isLarge ? .large : .regular, isThere: file.oid != nil)
        }
        return announced
    }

    /// Uploads large objects. Returns once the Hub has confirmed each.
    func send(_ objects: [HubObject], _ onProgress: StoreProgress?) async throws(StorageError) {
        let total = objects.reduce(0) { $0 + $1.size }
        let counter = UploadCounter(total: total, onProgress)
        do {
            try await send(objects, counter)
        } catch {
            // A signed address is valid for minutes: one that has expired meanwhile is requested again, once.
            guard error.kind == .unauthorized else { throw error }
            try await send(objects, counter)
        }
    }

    private func send(_ objects: [HubObject], _ counter: UploadCounter) async throws(StorageError) {
        let doing = "asking where to upload"
        let request = HubMessages.Batch(
            ref: .init(name: address.revision), objects: objects.map { .init(oid: $0.sha256, size: $0.size) })
        let response = try await calls.post(
            address.lfs("objects/batch"), request, type: HubAPIClient.lfsJSON, accept: HubAPIClient.lfsJSON, doing: doing)
        let answer = try calls.decode(HubMessages.BatchAnswer.self, response, doing: doing)
        for (index, object) in objects.enumerated() {
            guard let place = answer.objects.first(where: { $0.oid == object.sha256 }) else {
                throw .unavailable("\(doing): \(address.host) did not answer for \(object.name)")
            }
            if let error = place.error { throw .refused("\(address.host) refuses \(object.name): \(error.message ?? "error \(error.code ?? 0)")") }
            guard let actions = place.actions, let upload = actions.upload else { continue }
            if let chunk = upload.header?["chunk_size"] {
                try await sendParts(object, upload, chunk, counter.parts(of: index))
            } else {
                _ = try await put(object.body(), to: upload.href, counter.parts(of: index).part(0))
            }
            counter.finished(index, object.size)
            if let verify = actions.verify {
                let url = address.rewritten(verify.href)
                _ = try await calls.post(
                    url, HubMessages.Batch.Object(oid: object.sha256, size: object.size), type: HubAPIClient.lfsJSON, accept: HubAPIClient.lfsJSON,
                    doing: "confirming the upload")
            }
        }
    }

    /// Sends to a signed address: without the token, and with the length in front, for object storage takes no chunks.
    private func put(_ body: HTTPBody, to url: String, _ onSent: @escaping @Sendable (Int64) -> Void) async throws(StorageError) -> HTTPResponse {
        let request = HTTPRequest(
            "PUT", address.rewritten(url), headers: [("User-Agent", HubAPIClient.userAgent)], body: body, timeout: nil,
            slowest: HTTPPace(during: calls.patience.stall), isRepeatable: true, onSent: onSent)
        let response = try await calls.answer(request, doing: "uploading")
        if response.status == 403 { throw .unauthorized("the signed address for the upload is not valid any more") }
        guard (200..<300).contains(response.status) else { throw calls.refusal(response, from: url, doing: "uploading") }
        return response
    }

    // MARK: In parts

    private func sendParts(
        _ object: HubObject, _ upload: HubMessages.BatchAnswer.Action, _ chunk: String, _ counter: UploadCounter.Parts
    ) async throws(StorageError) {
        let urls = (upload.header ?? [:]).compactMap { key, url in Int(key).map { (number: $0, url: url) } }.sorted { $0.number < $1.number }
        guard let size = Int64(chunk), size > 0, Int64(urls.count) == object.size / size + (object.size % size == 0 ? 0 : 1),
            urls.map(\.number) == Array(1...max(1, urls.count))
        else {
            throw .unavailable("\(address.host) gave \(urls.count) parts of \(chunk) bytes for \(object.size) bytes")
        }
        let parts = try await putAll(urls, size: size, object, counter)
        let url = address.rewritten(upload.href)
        // The address is signed too: no token, even where it is the Hub's.
        let request = HTTPRequest(
            "POST", url,
            headers: [("User-Agent", HubAPIClient.userAgent), ("Accept", HubAPIClient.lfsJSON), ("Content-Type", HubAPIClient.lfsJSON)],
            body: .bytes(HubMessages.encode(HubMessages.Complete(oid: object.sha256, parts: parts))), timeout: calls.patience.commit, isRepeatable: true)
        _ = try await calls.send(request, doing: "putting the parts of the upload together")
    }

    private func putAll(
        _ urls: [(number: Int, url: String)], size: Int64, _ object: HubObject, _ counter: UploadCounter.Parts
    ) async throws(StorageError) -> [HubMessages.Complete.Part] {
        var parts: [HubMessages.Complete.Part] = []
        var rest = urls[...]
        while !rest.isEmpty {
            let now = rest.prefix(HubUpload.partsAtOnce)
            rest = rest.dropFirst(now.count)
            let results = await withTaskGroup(of: Result<HubMessages.Complete.Part, StorageError>.self) { group in
                for (number, url) in now {
                    let start = Int64(number - 1) * size
                    let length = min(size, object.size - start)
                    group.addTask {
                        await part(number, url, object.body(from: start, length: length), counter.part(number))
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for result in results { parts.append(try result.get()) }
        }
        return parts.sorted { $0.partNumber < $1.partNumber }
    }

    private func part(
        _ number: Int, _ url: String, _ body: HTTPBody, _ onSent: @escaping @Sendable (Int64) -> Void
    ) async -> Result<HubMessages.Complete.Part, StorageError> {
        do throws(StorageError) {
            let response = try await put(body, to: url, onSent)
            guard let etag = response.header("ETag") else { throw .unavailable("a part of the upload was answered without its tag") }
            return .success(.init(partNumber: number, etag: etag))
        } catch {
            return .failure(error)
        }
    }
}

import Buckets
import Crypto
import Files
import Foundation
import HTTPClient
import Synchronization

/// Brings an object's content into a file: continues where a cut connection left off, and checks every byte.
struct HubDownload: Sendable {
    /// Tries in a row that brought nothing at all.
    private static let fruitlessTries = 5

    let calls: HubAPIClient

    private var address: HubAddress { calls.address }

    /// What the Hub itself says of an object, in the answer that leads to the content. The CDN's own tag is another thing.
    fileprivate struct Label: Sendable {
        /// 64 digits for a large file, 40 for a regular one.
        var digest: String?
        var size: Int64?
    }

    /// How a try ended that brought no whole file.
    private enum Trouble: Error {
        /// Another try may go better.
        case passing(StorageError)
        /// The same; but if it stays so, the content is gone.
        case missing(StorageError)
        case final(StorageError)
    }

    func open(_ name: String, at version: StoreVersion, scratch: Folder, _ onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        // A file that came with errors is fetched once more: the network may have been at fault.
        if let file = try await fetch(name, version, scratch, onProgress, isLast: false) { return file }
        if let file = try await fetch(name, version, scratch, onProgress, isLast: true) { return file }
        throw .damaged("\(name) came with errors twice")
    }

    /// Nil when what came is not what the Hub says it is.
    private func fetch(
        _ name: String, _ version: StoreVersion, _ scratch: Folder, _ onProgress: StoreProgress?, isLast: Bool
    ) async throws(StorageError) -> OpenFile? {
        let file = try await scratch.makeNameless()
        let sink = DownloadSink(file, onProgress)
        let label = try await fill(sink, name, version)
        if let flaw = try await flaw(name, sink, label) {
            if isLast { throw .damaged(flaw) }
            return nil
        }
        do { try file.seek(to: 0) } catch { throw StorageError(error) }
        return file
    }

    private func fill(_ sink: DownloadSink, _ name: String, _ version: StoreVersion) async throws(StorageError) -> Label {
        var label = Label(digest: version.digests[name], size: version.objects[name])
        var fruitless = 0
        while true {
            let before = sink.count
            let reason: StorageError
            let isGone: Bool
            do throws(Trouble) { return try await continueFetching(name, version, sink, &label) } catch {
                switch error {
                case .final(let words): throw words
                case .passing(let words): (reason, isGone) = (words, false)
                case .missing(let words): (reason, isGone) = (words, true)
                }
            }
            fruitless = sink.count > before ? 0 : fruitless + 1
            if fruitless >= HubDownload.fruitlessTries { throw isGone ? .damaged(reason.message) : reason }
            do { try await calls.patience.clock.sleep(for: calls.patience.waits.first ?? .seconds(1)) } catch { throw StorageError(.cancelled, "cancelled") }
        }
    }

    /// One request, from where the file ends.
    private func continueFetching(
        _ name: String, _ version: StoreVersion, _ sink: DownloadSink, _ label: inout Label
    ) async throws(Trouble) -> Label {
        let doing = "downloading \(name)"
        let start = sink.count
        if let size = label.size, start >= size, size > 0 { return label }
        sink.begin()
        let found = Mutex(label)
        let first = request(address.resolve(name, at: version.id), from: start)
        let result: (response: HTTPResponse, request: HTTPRequest)
        do throws(HTTPFailure) {
            result = try await calls.http.send(first, onBody: { sink.take($0, $1, from: start) }) { sent, answer, next in
                // Only the Hub's own answers identify the content: a CDN's tag is another thing.
                if address.isHub(sent.url) { found.withLock { $0.read(answer) } }
                return request(address.rewritten(next), from: start)
            }
        } catch {
            if let failure = sink.failure { throw .final(StorageError(failure)) }
            if error == .cancelled { throw .final(StorageError(.cancelled, "cancelled")) }
            if error == .declined { throw .passing(.unavailable("\(doing): the answer does not continue where the last one ended")) }
            throw .passing(HubErrorMapping.error(error, from: first.url, doing: doing))
        }
        if address.isHub(result.request.url) { found.withLock { $0.read(result.response) } }
        label = found.withLock { $0 }
        if let trouble = trouble(result.response, from: result.request.url, doing: doing) { throw trouble }
        if let size = label.size, sink.count < size {
            throw .passing(.unavailable("\(doing): the connection ended after \(sink.count) of \(size) bytes"))
        }
        return label
    }

    /// What an answer other than a good one means. Nothing but a wrong digest proves that a backup is damaged.
    private func trouble(_ response: HTTPResponse, from url: String, doing: String) -> Trouble? {
        if response.status == 200 || response.status == 206 { return nil }
        let error = calls.refusal(response, from: url, doing: doing)
        guard address.isHub(url) else {
            if case .limited = error.kind { return .final(error) }
            return response.status == 404 ? .missing(error) : .passing(error)
        }
        switch error.kind {
        case .unauthorized, .missing, .limited, .full: return .final(error)
        case .damaged where response.status == 404: return .missing(error)
        case .damaged, .refused, .unavailable, .stale, .cancelled: return .passing(.unavailable(error.message))
        }
    }

    private func request(_ url: String, from start: Int64) -> HTTPRequest {
        var headers = calls.headers(for: url) + [("Accept-Encoding", "identity")]
        if start > 0 { headers.append(("Range", "bytes=\(start)-")) }
        return HTTPRequest("GET", url, headers: headers, timeout: nil, slowest: HTTPPace(during: calls.patience.stall))
    }

    /// What is wrong with what came; nil when every byte is right.
    private func flaw(_ name: String, _ sink: DownloadSink, _ label: Label) async throws(StorageError) -> String? {
        if let size = label.size, size != sink.count {
            return "\(name) came with \(sink.count) bytes, and \(address.host) says it has \(size)"
        }
        guard let wanted = label.digest else { return nil }
        let got = wanted.count == 40 ? try await sink.gitID() : sink.sha256
        return got == wanted ? nil : "the content of \(name) is not what \(address.host) says it is (\(wanted.prefix(12))… wanted, \(got.prefix(12))… got)"
    }
}

extension HubDownload.Label {
    mutating func read(_ answer: HTTPResponse) {
        if let tag = answer.header("X-Linked-Etag") ?? answer.header("ETag") {
            let digits = tag.replacing("W/", with: "").filter { $0 != "\"" }
            if [40, 64].contains(digits.count) { digest = digits }
        }
        if let linked = answer.header("X-Linked-Size").flatMap({ Int64($0) }) {
            size = linked
        } else if answer.status == 200, let length = answer.header("Content-Length").flatMap({ Int64($0) }) {
            size = length
        }
    }
}

extension DownloadSink {
    /// The id that git gives the content: for regular files, which are small.
    fileprivate func gitID() async throws(StorageError) -> String {
        try await DedicatedThread.run { [file, count] flag throws(StorageError) in
            var git = Insecure.SHA1()
            git.update(data: Array("blob \(count)\0".utf8))
            var offset: Int64 = 0
            do throws(FileError) {
                while offset < count, !flag.isSet, case let bytes = try file.read(1 << 20, at: offset), !bytes.isEmpty {
                    git.update(data: bytes)
                    offset += Int64(bytes.count)
                }
            } catch {
                throw StorageError(error)
            }
            return git.finalize().hex
        }
    }
}

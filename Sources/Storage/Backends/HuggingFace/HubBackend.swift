package import Buckets
package import Files
package import Foundation
package import HTTPClient

/// A backend in a dataset of the Hugging Face Hub. Contents go to the Hub's storage when they are saved, and appear with the commit that publishes them, all
/// in one step. Every call suspends for the network. A list costs a request for each page of the Hub, of about 1000 files.
///
/// With `free_space`, the contents of removed objects are deleted from the Hub's storage; their names stay in the history, which is never squashed here:
/// that would move the head, and nobody could tell it from another writer.
package struct HubBackend: Backend {
    private let settings: HuggingFace.Settings
    let calls: HubAPIClient
    let history: HubHistory
    let dataset: HubDataset

    /// No request is sent yet.
    /// - Parameter now: The wall clock.
    package init(_ settings: HuggingFace.Settings, http: any HTTPTransport, patience: HubTimeouts = HubTimeouts(), now: @escaping @Sendable () -> Date) {
        self.settings = settings
        let address = HubAddress(endpoint: settings.endpoint, dataset: settings.dataset, revision: settings.revision)
        calls = HubAPIClient(address: address, token: settings.token, http: http, patience: patience, now: now)
        history = HubHistory(calls: calls)
        dataset = HubDataset(settings, calls)
    }

    package var traits: BackendTraits { BackendTraits(.whenPublished, removal: settings.freeSpace == .off ? .never : .afterVerifying) }
    var freesSpace: Bool { settings.freeSpace != .off }

    // MARK: Reading

    /// All pages are of the commit that was the newest when the list began.
    package func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {
        try await files(prefix) { page in
            if !page.isEmpty { onPage(page.map(StoredObject.init)) }
        }
    }

    func files(_ prefix: String, onPage: ([HubMessages.TreeItem]) -> Void) async throws(StorageError) {
        let commit = try await newest().id
        let folder = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { "/" + HubAddress.encoded(String($0)) }.joined()
        let url = calls.address.api("tree/\(HubAddress.encoded(commit))\(folder)?recursive=true&expand=false")
        do throws(StorageError) {
            try await calls.pages(url, of: HubMessages.TreeItem.self, doing: "listing the dataset's files") { items in
                onPage(items.filter { $0.type == "file" && $0.path.utf8.starts(with: prefix.utf8) && $0.path != ".gitattributes" })
                return true
            }
        } catch {
            // The Hub's word for a folder that is not there.
            guard error.kind == .damaged, !folder.isEmpty else { throw error }
        }
    }

    func newest() async throws(StorageError) -> HubMessages.Commit {
        try await dataset.creatingIfTold { () async throws(StorageError) in try await history.newest() }
    }

    package func status(_ name: String) async throws(StorageError) -> StoredObject? { try await find([name]).first.map(StoredObject.init) }

    /// Those of the names that are there, by the newest commit.
    func find(_ names: [String]) async throws(StorageError) -> [HubMessages.TreeItem] {
        var (found, rest) = ([HubMessages.TreeItem](), names.filter { (try? BackendName.check($0)) != nil }[...])
        while !rest.isEmpty {
            let doing = "looking at the dataset's files"
            let url = calls.address.api("paths-info/\(HubAddress.encoded(calls.address.revision))")
            let response = try await calls.post(url, HubMessages.Paths(paths: Array(rest.prefix(HubBackend.mostPaths))), doing: doing)
            found += try calls.decode([HubMessages.TreeItem].self, response, doing: doing).filter { $0.type == "file" }
            rest = rest.dropFirst(HubBackend.mostPaths)
        }
        return found
    }

    private static let mostPaths = 500

    package func load(
        _ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(StorageError) -> Int64? {
        guard (try? BackendName.check(name)) != nil else { return nil }
        if length == 0 { return try await status(name).map { _ in 0 } }
        let stretch = Stretch(from: start, length: length, receive)
        let range = "bytes=\(start)-\(length.map { "\(start + $0 - 1)" } ?? "")"
        func request(_ url: String) -> HTTPRequest {
            var headers = calls.headers(for: url) + [("Accept-Encoding", "identity")]
            if start > 0 || length != nil { headers.append(("Range", range)) }
            return HTTPRequest("GET", url, headers: headers, timeout: nil, slowest: HTTPPace(during: calls.patience.stall))
        }
        let (first, doing) = (request(calls.address.resolve(name, at: calls.address.revision)), "reading \(name)")
        let result: (response: HTTPResponse, request: HTTPRequest)
        do throws(HTTPFailure) {
            result = try await calls.http.send(first, onBody: { stretch.take($0, $1) }) { _, _, next in request(calls.address.rewritten(next)) }
        } catch {
            // Where everything is sent, it is stopped once there is enough.
            if stretch.isWhole { return stretch.count }
            throw HubErrorMapping.error(error, from: first.url, doing: doing)
        }
        switch result.response.status {
        case 200, 206: return stretch.count
        // The object ends before that.
        case 416: return 0
        case 404 where calls.address.isHub(result.request.url):
            let error = calls.refusal(result.response, from: result.request.url, doing: doing)
            // The Hub's word for a file that is not there.
            guard error.kind == .damaged else { throw error }
            return nil
        default: throw calls.refusal(result.response, from: result.request.url, doing: doing)
        }
    }

    // MARK: Looking around

    package func space() async throws(StorageError) -> StoreSpace? { try await dataset.space() }

    /// Checks the network, the clock, the token and the dataset, then tries to write, read and delete on a temporary branch.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        await HubDiagnostics(calls: calls, history: history, quota: settings.quota).run(scratch)
    }
}

extension StoredObject {
    fileprivate init(_ item: HubMessages.TreeItem) {
        self.init(name: item.path, size: item.lfs?.size ?? item.size, mark: item.lfs?.oid ?? item.oid)
    }
}

import Buckets
import HTTPClient
import Synchronization

/// A dataset as a place: whether it is there, may be written to, and how full it is.
final class HubDataset: Sendable {
    private let settings: HuggingFace.Settings
    private let calls: HubAPIClient
    private let mayWrite = Mutex(false)

    init(_ settings: HuggingFace.Settings, _ calls: HubAPIClient) { (self.settings, self.calls) = (settings, calls) }

    /// Asks something of the dataset. A missing one is created (private) where the settings say so, and asked once more.
    func creatingIfTold<Answer: Sendable>(_ ask: () async throws(StorageError) -> Answer) async throws(StorageError) -> Answer {
        do { return try await ask() } catch {
            guard error.kind == .missing, settings.create, try await !exists() else { throw error }
            try await create()
            return try await ask()
        }
    }

    /// What the Hub counts as used (`usedStorage`), which may be minutes old; nil where it does not say.
    func space() async throws(StorageError) -> StoreSpace? {
        let (info, _) = try await calls.get(
            calls.address.api() + "?expand=usedStorage&expand=private", as: HubMessages.RepoInfo.self, doing: "asking for the dataset's size")
        guard let used = info.usedStorage else { return nil }
        return StoreSpace(used: used, limit: settings.quota, isPublic: info.private == false)
    }

    /// Asks once whether this token may write, before anything is sent.
    func checkMayWrite() async throws(StorageError) {
        if mayWrite.withLock({ $0 }) { return }
        let url = calls.address.api("auth-check/write")
        _ = try await calls.send(
            HTTPRequest("GET", url, headers: calls.headers(for: url), timeout: calls.patience.answer), doing: "asking whether this token may write")
        mayWrite.withLock { $0 = true }
    }

    /// Whether the dataset itself is there, if not the branch.
    private func exists() async throws(StorageError) -> Bool {
        let url = calls.address.api()
        return try await calls.answer(HTTPRequest("GET", url, headers: calls.headers(for: url)), doing: "looking for the dataset").status == 200
    }

    private func create() async throws(StorageError) {
        let url = settings.endpoint + "/api/repos/create"
        let creation = HubMessages.Creation(name: calls.address.name, organization: calls.address.namespace)
        let request = HTTPRequest(
            "POST", url, headers: calls.headers(for: url, type: HubAPIClient.json), body: .bytes(HubMessages.encode(creation)), timeout: calls.patience.answer)
        let response = try await calls.answer(request, doing: "creating the dataset")
        switch response.status {
        case 200..<300: return
        case 409:
            // Ours, if the answer to an earlier try was lost; else it exists and can't be seen.
            guard (try? await HubHistory(calls: calls).head()) == nil else { return }
            throw .missing(
                "the dataset \(settings.dataset) exists, but this token may not see it",
                hint: "give the token access to it at \(settings.endpoint)/settings/tokens")
        case 401, 402, 403:
            throw .unauthorized(
                "the dataset \(settings.dataset) does not exist, and this token may not create it",
                hint: "create it (private) at \(settings.endpoint)/new-dataset, or use a token that may")
        default: throw calls.refusal(response, from: url, doing: "creating the dataset")
        }
    }
}

package import Buckets
package import Files
package import Foundation
package import HTTPClient
import Synchronization

/// A store in a dataset of the Hugging Face Hub: a version is a commit.
package final class HuggingFace: ObjectStore {
    /// How old versions free their space.
    package enum FreeSpace: String, CaseIterable, Sendable {
        /// They stay in the history for ever.
        case off
        /// The contents of versions that are no longer kept are deleted; their commits stay and lead to nothing.
        case delete
        /// The history becomes one commit, and with it every version but the newest goes.
        case squash
    }

    package struct Settings: Sendable {
        /// `namespace/name`.
        package var dataset: String
        package var token: String
        /// A branch.
        package var revision: String
        /// Whether a missing dataset is created. It will be private.
        package var create: Bool
        /// Without a slash at its end.
        package var endpoint: String
        package var freeSpace: FreeSpace
        /// What the account may store, in bytes.
        package var quota: Int64?

        package init(
            dataset: String, token: String, revision: String = "main", create: Bool = false, endpoint: String? = nil, freeSpace: FreeSpace = .off,
            quota: Int64? = nil
        ) {
            self.dataset = dataset
            self.token = token
            self.revision = revision
            self.create = create
            self.endpoint = endpoint ?? HubAddress.standardEndpoint
            self.freeSpace = freeSpace
            self.quota = quota
        }
    }

    package static let standardEndpoint = HubAddress.standardEndpoint

    private let settings: Settings
    private let calls: HubAPIClient
    private let history: HubHistory
    private let mayWrite = Mutex(false)

    package init(_ settings: Settings, http: any HTTPTransport, patience: HubTimeouts = HubTimeouts()) {
        self.settings = settings
        let address = HubAddress(endpoint: settings.endpoint, dataset: settings.dataset, revision: settings.revision)
        calls = HubAPIClient(address: address, token: settings.token, http: http, patience: patience)
        history = HubHistory(calls: calls)
    }

    // MARK: Reading

    package func head() async throws(StorageError) -> StoreVersion? {
        do { return try await history.head() } catch {
            guard error.kind == .missing, settings.create, try await !exists() else { throw error }
            try await create()
            return try await history.head()
        }
    }

    package func versions() async throws(StorageError) -> [StoreVersion] {
        let versions = try await history.versions()
        guard settings.freeSpace == .delete, versions.count > 1 else { return versions }
        return try await HubGarbageCollection(calls: calls).readable(versions)
    }

    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        let size = version.objects[name]
        if let size {
            try await DedicatedThread.run { _ throws(StorageError) in
                guard let space = try? scratch.space(), space.bytes < size + 1_000_000 else { return }
                throw .full("not enough space at \(scratch.path) for \(name): \(size / 1_000_000 + 1) MB needed, \(space.bytes / 1_000_000) MB free")
            }
        }
        let file = try await HubDownload(calls: calls).open(name, at: version, scratch: scratch, onProgress)
        // Also where git's pointer was uploaded as the content, it is none.
        return try await DedicatedThread.run { [settings] _ throws(StorageError) in try LFSPointer.checked(file, name, in: settings.dataset) }
    }

    package func space() async throws(StorageError) -> StoreSpace? {
        let (info, _) = try await calls.get(
            calls.address.api() + "?expand=usedStorage&expand=private", as: HubMessages.RepoInfo.self, doing: "asking for the dataset's size")
        guard let used = info.usedStorage else { return nil }
        return StoreSpace(used: used, limit: settings.quota, isPublic: info.private == false)
    }

    // MARK: Writing

    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        let all = try await DedicatedThread.run { flag throws(StorageError) in
            var all: [HubObject] = []
            for object in objects { all.append(try HubObject(object, flag)) }
            return all
        }
        try await checkMayWrite()
        let upload = HubUpload(calls: calls)
        let ways = try await upload.ways(all)
        let changed = all.filter { ways[$0.name] != .unchanged }
        let head = try await history.head()
        if changed.isEmpty, let head, all.allSatisfy({ head.objects[$0.name] == $0.size }) { return head }
        guard head?.id == expected else { throw .stale("another client has written to \(settings.dataset) since we last looked") }
        try await upload.send(changed.filter { ways[$0.name] == .large }, onProgress)
        return try await HubCommit(calls: calls, history: history).make(
            changed.map { ($0, ways[$0.name] ?? .large) }, all: all, parent: expected, title: title)
    }

    /// Asks once whether this token may write, before anything is sent.
    private func checkMayWrite() async throws(StorageError) {
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
            guard (try? await history.head()) == nil else { return }
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

    // MARK: Space

    package var removal: StoreRemoval { settings.freeSpace == .off ? .never : .afterVerifying }

    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        guard let head = try await history.head(), let newest = kept.first else { return 0 }
        // What was looked at may not be what is there now.
        guard newest.digests.allSatisfy({ head.digests[$0.key] == $0.value || head.digests[$0.key] == nil && head.objects[$0.key] != nil }) else { return 0 }
        let gone = versions.filter { $0.id != head.id }
        guard !gone.isEmpty else { return 0 }
        switch settings.freeSpace {
        case .off: return 0
        case .delete: return try await HubGarbageCollection(calls: calls).delete(gone, keeping: kept + [head])
        // A squash leaves nothing but the newest.
        case .squash where kept.count > 1: return try await HubGarbageCollection(calls: calls).delete(gone, keeping: kept + [head])
        case .squash:
            try await HubGarbageCollection(calls: calls).squash()
            return gone.count
        }
    }

    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        await HubDiagnostics(calls: calls, history: history, quota: settings.quota).run(scratch)
    }
}

package import Buckets
package import Files
package import Foundation
package import HTTPClient

/// A store in a dataset of the Hugging Face Hub: a version is a commit. Every call suspends for the network. See "Hub API Endpoints" in the
/// documentation of the Hub.
package final class HuggingFace: ObjectStore {
    /// How old versions free their space.
    package enum FreeSpace: String, CaseIterable, Sendable {
        /// They stay in the history.
        case off
        /// The LFS contents of versions that are no longer kept are deleted; their commits stay, and their files can't be downloaded any more.
        case delete
        /// The history is squashed to one commit, which removes every version but the newest.
        case squash
    }

    /// Where the dataset is and what may be done with it. Not checked here.
    package struct Settings: Sendable {
        /// `namespace/name`.
        package var dataset: String
        /// An access token with write permission. It is sent to the Hub only, not to its storage or CDN, and redacted from error messages.
        package var token: String
        /// The branch; with `create`, a missing dataset gets `main` only.
        package var revision: String
        /// Whether a missing dataset is created. It will be private.
        package var create: Bool
        /// Without a slash at its end.
        package var endpoint: String
        /// How old versions free their space; `off` by default.
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

    /// `https://huggingface.co`.
    package static let standardEndpoint = HubAddress.standardEndpoint

    private let settings: Settings
    private let calls: HubAPIClient
    private let history: HubHistory
    private let dataset: HubDataset

    /// No request is sent yet.
    /// - Parameter now: The wall clock.
    package init(_ settings: Settings, http: any HTTPTransport, patience: HubTimeouts = HubTimeouts(), now: @escaping @Sendable () -> Date) {
        self.settings = settings
        let address = HubAddress(endpoint: settings.endpoint, dataset: settings.dataset, revision: settings.revision)
        calls = HubAPIClient(address: address, token: settings.token, http: http, patience: patience, now: now)
        history = HubHistory(calls: calls)
        dataset = HubDataset(settings, calls)
    }

    // MARK: Reading

    /// A missing dataset is created (private) where the settings say so, and then has a version without a backup.
    /// - Throws: `missing` where the dataset or the branch does not exist, or this token may not see it.
    package func head() async throws(StorageError) -> StoreVersion? {
        try await dataset.creatingIfTold { () async throws(StorageError) in try await history.head() }
    }

    /// Reads the newest 5000 commits of the branch, and the files of up to 200 that others have made. Versions whose contents were deleted are
    /// left out with `FreeSpace.delete`.
    package func versions() async throws(StorageError) -> [StoreVersion] {
        let versions = try await history.versions()
        guard settings.freeSpace == .delete, versions.count > 1 else { return versions }
        return try await HubGarbageCollection(calls: calls).readable(versions)
    }

    /// Downloads into a nameless file in `scratch`, continues after broken connections, and checks the digest that the Hub names.
    /// - Throws: `full` where `scratch` has no room for it; `refused` where the object is a git-lfs pointer instead of the content.
    package func open(_ name: String, at version: StoreVersion, scratch: Folder, onProgress: StoreProgress?) async throws(StorageError) -> OpenFile {
        let size = version.objects[name]
        if let size {
            try await DedicatedThread.run { _ throws(StorageError) in
                guard let space = try? scratch.space(), space.bytes < size + 1_000_000 else { return }
                throw .full("not enough space at \(scratch.path) for \(name): \(size / 1_000_000 + 1) MB needed, \(space.bytes / 1_000_000) MB free")
            }
        }
        let file = try await HubDownload(calls: calls).open(name, at: version, scratch: scratch, onProgress)
        // A git-lfs pointer that was uploaded as the content is refused too.
        return try await DedicatedThread.run { [settings] _ throws(StorageError) in try LFSPointer.checked(file, name, in: settings.dataset) }
    }

    package func space() async throws(StorageError) -> StoreSpace? { try await dataset.space() }

    // MARK: Writing

    /// Uploads large contents by LFS, then makes one commit. After a lost answer the history is read to find out whether it was made.
    /// - Throws: `unauthorized` before anything is uploaded where the token may not write; `stale` where the head is not `expected`.
    package func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, title: String, onProgress: StoreProgress?
    ) async throws(StorageError) -> StoreVersion {
        let all = try await DedicatedThread.run { flag throws(StorageError) in
            var all: [HubObject] = []
            for object in objects { all.append(try HubObject(object, flag)) }
            return all
        }
        try await dataset.checkMayWrite()
        let upload = HubUpload(calls: calls)
        let ways = try await upload.announce(all).mapValues(\.way)
        let changed = all.filter { ways[$0.name] != .unchanged }
        let head = try await history.head()
        if changed.isEmpty, let head, all.allSatisfy({ head.objects[$0.name] == $0.size }) { return head }
        guard head?.id == expected else { throw .stale("another client has written to \(settings.dataset) since we last looked") }
        try await upload.send(changed.filter { ways[$0.name] == .large }, onProgress)
        return try await HubCommit(calls: calls, history: history).make(
            changed.map { ($0, ways[$0.name] ?? .large) }, all: all, parent: expected, title: title)
    }

    // MARK: Space

    package var removal: StoreRemoval { settings.freeSpace == .off ? .never : .afterVerifying }

    /// Frees space by the setting `freeSpace`; with `off` it does nothing. Squashing falls back to deleting where more than one version is kept.
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

    /// Checks the network, the clock, the token and the dataset, then tries to write, read and delete on a temporary branch.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        await HubDiagnostics(calls: calls, history: history, quota: settings.quota).run(scratch)
    }
}

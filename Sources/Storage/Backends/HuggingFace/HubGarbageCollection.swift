import Buckets

/// Frees the space of old versions. What goes here can't be brought back.
struct HubGarbageCollection: Sendable {
    private static let mostPerCall = 1000
    private static let mostObjects = 100_000

    let calls: HubAPIClient

    private var address: HubAddress { calls.address }

    private func objects() async throws(StorageError) -> [HubMessages.LargeFile] {
        try await calls.all(
            address.api("lfs-files"), of: HubMessages.LargeFile.self, most: HubGarbageCollection.mostObjects, doing: "listing the dataset's stored objects")
    }

    /// The versions whose contents are still stored.
    func readable(_ versions: [StoreVersion]) async throws(StorageError) -> [StoreVersion] {
        let stored = Set(try await objects().flatMap { [$0.fileOid, $0.oid].compactMap(\.self) })
        let known = Set(versions.flatMap { Array($0.digests.values) })
        // The Hub may name objects by ids of its own, and then it can't be determined.
        guard !stored.isDisjoint(with: known) else { return versions }
        return versions.filter { version in
            version.digests.allSatisfy { stored.contains($0.value) || HubGarbageCollection.isInline(version.objects[$0.key]) }
        }
    }

    /// Small text is in the commit itself.
    private static func isInline(_ size: Int64?) -> Bool { (size ?? 0) < 1024 }

    /// Deletes the contents that these versions hold and none that is kept.
    func delete(_ gone: [StoreVersion], keeping versions: [StoreVersion]) async throws(StorageError) -> Int {
        let kept = Set(versions.flatMap { Array($0.digests.values) })
        return try await delete(contents: Set(gone.flatMap { Array($0.digests.values) }).subtracting(kept), keeping: kept)
    }

    /// Deletes contents by their digests.
    /// - Returns: How many were there.
    @discardableResult
    func delete(contents wanted: Set<String>, keeping kept: Set<String> = []) async throws(StorageError) -> Int {
        // Which of an object's two ids is its content's digest is the Hub's affair: one must be wanted gone, and neither kept.
        let found = try await objects().filter { object in
            let ids = Set([object.fileOid, object.oid].compactMap(\.self))
            return !ids.isDisjoint(with: wanted) && ids.isDisjoint(with: kept)
        }
        var rest = found.map(\.fileOid)[...]
        while !rest.isEmpty {
            let now = Array(rest.prefix(HubGarbageCollection.mostPerCall))
            rest = rest.dropFirst(now.count)
            _ = try await calls.post(
                address.api("lfs-files/batch"), HubMessages.Deletions(deletions: .init(sha: now, rewriteHistory: false)), doing: "deleting old backups")
        }
        return found.count
    }

    func squash() async throws(StorageError) {
        _ = try await calls.post(
            address.api("super-squash/\(HubAddress.encoded(address.revision))"), ["message": "Keep the newest backup only"], doing: "squashing the history")
    }
}

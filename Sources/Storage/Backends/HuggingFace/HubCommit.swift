import Buckets
import Files
import Foundation
import HTTPClient

/// Makes several objects visible in one step, and finds out what became of a step whose answer was lost.
struct HubCommit: Sendable {
    private static let rounds = 5

    let calls: HubAPIClient
    let history: HubHistory

    private var address: HubAddress { calls.address }

    /// - Parameter parent: The head that the commit is for: another one makes it fail.
    /// - Returns: The version that holds the objects.
    func make(
        _ objects: [(object: HubObject, way: HubUpload.Way)], all: [HubObject], parent: String?, title: String
    ) async throws(StorageError) -> StoreVersion {
        let body = try await DedicatedThread.run { _ throws(StorageError) in try HubCommit.lines(objects, all, parent, title) }
        let now = calls.now()
        return try await make(body) { id in
            StoreVersion(
                id: id, date: now, objects: Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.size) }),
                digests: Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.sha256) }))
        } landed: { () async throws(StorageError) in
            try await landed(all, parent)
        }
    }

    /// - Parameters:
    ///   - body: The lines of the commit; see `HubCommitLine`.
    ///   - committed: The result by the id of the new commit.
    ///   - landed: Finds the result of a try whose answer was lost; nil while the head is still the parent. Throws `stale` when it is another client's.
    func make<Made: Sendable>(
        _ body: [UInt8], committed: (String) -> Made, landed: () async throws(StorageError) -> Made?
    ) async throws(StorageError) -> Made {
        var last = StorageError.unavailable("the commit did not come about")
        for round in 0..<HubCommit.rounds {
            if round > 0 {
                do { try await calls.patience.clock.sleep(for: calls.patience.commitWait) } catch { throw StorageError(.cancelled, "cancelled") }
            }
            do throws(StorageError) {
                return committed(try await post(body))
            } catch {
                last = error
                guard error.kind == .unavailable || error.kind == .stale else { throw error }
                // It is not known yet whether it has arrived.
                if let landed = try await landed() { return landed }
            }
        }
        guard last.kind == .stale else { throw last }
        // Refused again and again though nothing has moved.
        throw .unauthorized(
            "the token may not commit to \(address.dataset) directly: perhaps it may only open pull requests",
            hint: "give it write access to the contents of the dataset at \(address.endpoint)/settings/tokens")
    }

    private func post(_ body: [UInt8]) async throws(StorageError) -> String {
        let url = address.api("commit/\(HubAddress.encoded(address.revision))")
        // Not repeatable: whether one whose answer was lost has landed is looked up instead.
        let request = HTTPRequest(
            "POST", url, headers: calls.headers(for: url, type: "application/x-ndjson"), body: .bytes(body), timeout: calls.patience.commit, isRepeatable: false
        )
        let response = try await calls.answer(request, doing: "committing")
        switch response.status {
        case 200..<300: break
        case 409: throw .unavailable("another commit to \(address.dataset) is being made")
        case 412: throw .stale("another client has written to \(address.dataset) meanwhile")
        default: throw calls.refusal(response, from: url, doing: "committing")
        }
        return try calls.decode(HubMessages.CommitAnswer.self, response, doing: "committing").commitOid
    }

    /// The head, if it holds the objects; nil while it is still the parent.
    /// - Throws: `stale` when someone else's commit is there.
    private func landed(_ objects: [HubObject], _ parent: String?) async throws(StorageError) -> StoreVersion? {
        guard let head = try await history.head(), head.id != parent else { return nil }
        if try await holds(objects, head.id) { return head }
        throw .stale("another client has written to \(address.dataset) meanwhile")
    }

    private func holds(_ objects: [HubObject], _ commit: String) async throws(StorageError) -> Bool {
        let doing = "checking whether the commit has landed"
        let response = try await calls.post(
            address.api("paths-info/\(HubAddress.encoded(commit))"), HubMessages.Paths(paths: objects.map(\.name)), doing: doing)
        let items = try calls.decode([HubMessages.TreeItem].self, response, doing: doing)
        return objects.allSatisfy { object in
            items.contains { $0.path == object.name && ($0.lfs?.oid ?? $0.oid) == ($0.lfs == nil ? object.gitID : object.sha256) }
        }
    }

    // MARK: Lines

    /// Reads what goes into the commit as text. Blocks.
    private static func lines(
        _ objects: [(object: HubObject, way: HubUpload.Way)], _ all: [HubObject], _ parent: String?, _ title: String
    ) throws(StorageError) -> [UInt8] {
        var lines = [HubCommitLine.header(title: title, description: HubDescription.text(all), parent: parent)]
        for (object, way) in objects {
            switch way {
            case .unchanged: break
            case .large: lines.append(.large(object.name, sha256: object.sha256, size: object.size))
            case .regular: lines.append(.regular(object.name, try object.contents()))
            }
        }
        return HubCommitLine.body(lines)
    }
}

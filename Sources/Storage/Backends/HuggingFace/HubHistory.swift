import Buckets
import Files
import Foundation
import HTTPClient

/// What the dataset's commits hold.
struct HubHistory: Sendable {
    /// The most commits that are looked through.
    private static let mostCommits = 5000
    /// Of commits by others the content must be asked for one by one.
    private static let mostForeign = 200
    private static let mostFiles = 10_000
    /// Enough to find out that there is something.
    private static let mostNested = 1000

    let calls: HubAPIClient

    private var address: HubAddress { calls.address }

    func head() async throws(StorageError) -> StoreVersion? { try await version(try await newest()) }

    /// The newest commit of the branch.
    func newest() async throws(StorageError) -> HubMessages.Commit {
        let revision = HubAddress.encoded(address.revision)
        let (commits, _) = try await calls.get(address.api("commits/\(revision)?limit=1"), as: [HubMessages.Commit].self, doing: "asking for the newest commit")
        // Every branch has a commit: this is not the Hub's answer.
        guard let newest = commits.first else { throw .unavailable("\(address.host) knows no commit of \(address.dataset), not even its first") }
        return newest
    }

    /// The version that a commit is, by what the Hub says of its files. What is in folders counts where the top holds no backup.
    func version(_ commit: HubMessages.Commit) async throws(StorageError) -> StoreVersion {
        var items = try await list(commit, recursively: false, most: HubHistory.mostFiles)
        if items.contains(where: { $0.type == "directory" }), !items.contains(where: { $0.type == "file" && PlaceRule.meaning($0.path) == .backup }) {
            items = try await list(commit, recursively: true, most: HubHistory.mostNested)
        }
        var version = StoreVersion(id: commit.id, date: HubMessages.date(commit.date) ?? .distantPast, objects: [:])
        let telling = Set(PlaceRule.telling(items.filter { $0.type == "file" }.map(\.path), in: .own).map { ByteKey($0) })
        for item in items where item.type == "file" && telling.contains(ByteKey(item.path)) {
            version.objects[item.path] = item.lfs?.size ?? item.size
            version.digests[item.path] = item.lfs?.oid
        }
        return version
    }

    private func list(_ commit: HubMessages.Commit, recursively: Bool, most: Int) async throws(StorageError) -> [HubMessages.TreeItem] {
        try await calls.all(
            address.api("tree/\(HubAddress.encoded(commit.id))?recursive=\(recursively)&expand=false"), of: HubMessages.TreeItem.self, most: most,
            doing: "listing the dataset's files")
    }

    /// All versions, newest first. Of our own commits the description says what they hold; others are asked for.
    func versions() async throws(StorageError) -> [StoreVersion] {
        let revision = HubAddress.encoded(address.revision)
        let commits = try await calls.all(
            address.api("commits/\(revision)?limit=1000"), of: HubMessages.Commit.self, most: HubHistory.mostCommits, doing: "listing the dataset's commits")
        var versions: [StoreVersion] = []
        var foreign = 0
        for commit in commits {
            if let own = HubDescription.parse(commit.message ?? ""), !own.objects.isEmpty {
                versions.append(
                    StoreVersion(id: commit.id, date: HubMessages.date(commit.date) ?? .distantPast, objects: own.objects, digests: own.digests))
            } else if foreign < HubHistory.mostForeign {
                foreign += 1
                versions.append(try await version(commit))
            }
        }
        return versions
    }
}

/// What a commit of ours holds, written into its description: so that listing a history is one request.
enum HubDescription {
    private static let mark = "shipkeeper-object:"

    static func text(_ objects: [HubObject]) -> String {
        objects.map { "\(mark) \($0.sha256) \($0.size) \($0.name)" }.joined(separator: "\n")
    }

    /// Nil for a description that is not ours.
    static func parse(_ text: String) -> (objects: [String: Int64], digests: [String: String])? {
        var (objects, digests): ([String: Int64], [String: String]) = ([:], [:])
        for line in text.split(separator: "\n") where line.hasPrefix(mark) {
            let words = line.dropFirst(mark.count).split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[0].count == 64, let size = Int64(words[1]) else { return nil }
            objects[String(words[2])] = size
            digests[String(words[2])] = String(words[0])
        }
        return objects.isEmpty ? nil : (objects, digests)
    }
}

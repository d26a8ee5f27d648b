package import Backups
package import JobKit
import Storage

/// What this container knows of a repository, kept in the state file.
///
/// The head is what we last restored or stored: a repository with another backup has been written by somebody else. Backups are
/// locked until a restore of this boot has ended well, so that trouble at boot can't overwrite a good backup.
package struct RepositoryLedger: Sendable {
    private let values: any KeyValues
    private let owner: String
    private let bootID: String

    package init(repository: String, values: any KeyValues, bootID: String) {
        self.values = values
        owner = "repository/\(repository)"
        self.bootID = bootID
    }

    init(repository: String, _ context: RunContext) {
        self.init(repository: repository, values: context.values, bootID: context.bootID)
    }

    private static let none = "none"

    /// The head as we know it; nil for an empty repository.
    func head() async throws(JobError) -> String? {
        let head = try await values.value("head", of: owner)
        return head == RepositoryLedger.none ? nil : head
    }

    /// The checksum of the archive in that head; nil where it holds none.
    func checksum() async throws(JobError) -> String? { try await values.value("checksum", of: owner) }

    /// Whether backups are allowed: a restore of this boot has ended as `restored` or `empty`.
    package func isUnlocked() async throws(JobError) -> Bool { try await values.value("unlocked_in_boot", of: owner) == bootID }

    /// A restore has ended well.
    func unlock(head: String?, checksum: String?) async throws(JobError) {
        try await values.set(
            ["head": head ?? RepositoryLedger.none, "checksum": checksum, "unlocked_in_boot": bootID, "requested": nil, "yielding": nil], of: owner)
    }

    /// A restore has begun: until it ends well, nothing may be stored.
    func lock() async throws(JobError) { try await values.set(["unlocked_in_boot": locked], of: owner) }

    /// Whether a restore of this boot has begun and not ended well.
    func isLocked() async throws(JobError) -> Bool { try await values.value("unlocked_in_boot", of: owner) == locked }

    private var locked: String { "locked:\(bootID)" }

    /// What is stored is of one tree: another one would take its place under the same names.
    func paths() async throws(JobError) -> String? { try await values.value("paths", of: owner) }

    /// An archive with this checksum is about to be stored: if we die in between, we know it for ours.
    func storing(checksum: String) async throws(JobError) { try await values.set(["pending": checksum], of: owner) }

    func pending() async throws(JobError) -> String? { try await values.value("pending", of: owner) }

    /// A backup has been stored: from now on the tree descends from it.
    func stored(
        head: String, checksum: String, fingerprint: String?, content: String?, tree: String?, paths: String
    ) async throws(JobError) {
        try await values.set(
            [
                "head": head, "checksum": checksum, "fingerprint": fingerprint, "content": content, "tree": tree, "paths": paths, "pending": nil,
            ], of: owner)
    }

    func noteFingerprint(_ fingerprint: String) async throws(JobError) {
        try await values.set(["fingerprint": fingerprint], of: owner)
    }

    func fingerprint() async throws(JobError) -> String? { try await values.value("fingerprint", of: owner) }
    func content() async throws(JobError) -> String? { try await values.value("content", of: owner) }

    /// Which live tree descends from the head: where it is and which folder on disk.
    func tree() async throws(JobError) -> String? { try await values.value("tree", of: owner) }

    func setTree(_ tree: String?) async throws(JobError) {
        try await values.set(["tree": tree, "fingerprint": nil, "content": nil], of: owner)
    }

    /// The newest backup where another container has stored it after a restore of this boot has ended well, by its archive's checksum.
    package func overtaker(in archives: ArchiveRepository) async throws(JobError) -> String? {
        guard try await isUnlocked() else { return nil }
        let known = ArchiveRepository.Known(head: try await head(), checksum: try await checksum(), pending: try await pending())
        do throws(BackupError) {
            guard let newest = try await archives.head(), !newest.objects.isEmpty, try await !archives.isOurs(newest, known) else { return nil }
            return try await archives.checksum(of: newest) ?? newest.id
        } catch {
            throw JobError("\(error)", hint: error.storage?.hint)
        }
    }

    // MARK: A certain backup

    /// The backup that a person wants restored; it counts in this boot only.
    func requested() async throws(JobError) -> String? {
        guard let text = try await values.value("requested", of: owner), text.hasPrefix("\(bootID) ") else { return nil }
        return String(text.dropFirst(bootID.count + 1))
    }

    /// The next restore of this boot brings this backup back, and no other.
    package func request(_ version: String?) async throws(JobError) {
        try await values.set(["requested": version.map { "\(bootID) \($0)" }], of: owner)
    }

    /// From now on until the next restore has ended well, a backup that goes beside another container's is none that has failed.
    package func yield(_ isYielding: Bool) async throws(JobError) { try await values.set(["yielding": isYielding ? bootID : nil], of: owner) }

    func isYielding() async throws(JobError) -> Bool { try await values.value("yielding", of: owner) == bootID }

    // MARK: Space

    /// When old backups were last removed, in seconds since 1970.
    func prunedAt() async throws(JobError) -> Double { try await values.value("pruned_at", of: owner).flatMap { Double($0) } ?? 0 }

    func notePruned(at seconds: Double) async throws(JobError) { try await values.set(["pruned_at": "\(seconds)"], of: owner) }
}

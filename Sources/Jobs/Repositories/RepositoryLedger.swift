import JobKit

/// What this container knows of a repository, kept in the state file.
///
/// The head is what we last restored or stored: a repository with another head has been written by somebody else. Backups are
/// locked until a restore of this boot has ended well, so that trouble at boot can't overwrite a good backup.
struct RepositoryLedger {
    private let values: any KeyValues
    private let owner: String
    private let bootID: String

    init(repository: String, _ context: RunContext) {
        values = context.values
        owner = "repository/\(repository)"
        bootID = context.bootID
    }

    private static let none = "none"

    /// The head as we know it; nil for an empty repository.
    func head() async throws(JobError) -> String? {
        let head = try await values.value("head", of: owner)
        return head == RepositoryLedger.none ? nil : head
    }

    /// Whether backups are allowed: a restore of this boot has ended as `restored` or `empty`.
    func isUnlocked() async throws(JobError) -> Bool { try await values.value("unlocked_in_boot", of: owner) == bootID }

    /// A restore has ended well.
    func unlock(head: String?) async throws(JobError) {
        try await values.set(["head": head ?? RepositoryLedger.none, "unlocked_in_boot": bootID], of: owner)
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
    func stored(head: String, fingerprint: String?, content: String?, tree: String?, paths: String) async throws(JobError) {
        try await values.set(
            ["head": head, "fingerprint": fingerprint, "content": content, "tree": tree, "paths": paths, "pending": nil], of: owner)
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
}

package import Backups
import Buckets
import Foundation
package import JobKit

/// The lineage of one repository, kept in the state file as one JSON value, and the request for the next restore.
///
/// Jobs on one repository never run at once, so that reading, changing and writing the lineage needs no lock.
package struct LineageStore: Sendable {
    private enum Key {
        static let lineage = "lineage"
        static let request = "request"
        static let prunedAt = "pruned_at"
        static let space = "space"
        static let restored = "restored"
    }

    /// The record's content: a repository with another location counts as another one.
    private struct Record: Codable {
        var location: String
        var lineage: Lineage
    }

    /// What the next runs of a boot must do, requested manually or by a handover.
    private struct Request: Codable {
        var boot: String
        /// The version to restore; nil for the newest.
        var version: String?
        /// Whether a backup that goes next to another container's newest is as it should be.
        var isHandover: Bool
    }

    private let values: any KeyValues
    private let owner: String
    private let location: String
    /// The id of this boot of the container: requests and unlocking end with it.
    package let bootID: String

    /// - Parameter values: The values in the state file, which are shared by all jobs on the repository.
    package init(_ repository: Repository, values: any KeyValues, bootID: String) {
        self.values = values
        owner = "repository/\(repository.name)"
        location = repository.location
        self.bootID = bootID
    }

    init(_ repository: Repository, _ context: RunContext) { self.init(repository, values: context.values, bootID: context.bootID) }

    /// What is known; an empty lineage where nothing is, where the repository has another location now, and where the record can't be decoded.
    /// - Throws: Where the state file can't be read.
    package func load() async throws(JobError) -> Lineage {
        guard let record: Record = try await read(Key.lineage), record.location == location else { return Lineage() }
        return record.lineage
    }

    /// - Throws: Where the state file can't be written.
    func save(_ lineage: Lineage) async throws(JobError) { try await write(Record(location: location, lineage: lineage), Key.lineage) }

    /// Reads, changes and writes; returns the new value.
    @discardableResult
    func update(_ change: (inout Lineage) -> Void) async throws(JobError) -> Lineage {
        var lineage = try await load()
        change(&lineage)
        try await save(lineage)
        return lineage
    }

    /// The newest backup where another container has stored it after a restore of this boot has ended well: its archive's checksum, or its
    /// id. Nil where the newest is ours.
    package func newerForeignBackup(in archives: any BackupRepository) async throws(JobError) -> String? {
        let lineage = try await load()
        guard lineage.isUnlocked(in: bootID) else { return nil }
        do throws(BackupError) {
            let head = try await archives.lineageHead(try await archives.head(), unlessKnownTo: lineage)
            guard let head, head.holdsBackup, !lineage.descends(from: head) else { return nil }
            return head.checksum ?? head.id
        } catch {
            throw JobError("\(error)", hint: error.storage?.hint)
        }
    }

    // MARK: Requests

    /// Requests that the next restore of this boot restores this version, and no other; nil for the newest.
    /// - Throws: Where the state file can't be read or written.
    package func request(_ version: String?) async throws(JobError) {
        let isHandover = try await isHandover()
        try await write(Request(boot: bootID, version: version, isHandover: isHandover), Key.request)
    }

    /// The version that the next restore is to bring back; nil for the newest.
    func requested() async throws(JobError) -> String? { try await currentRequest()?.version }

    /// Whether, until the next restore has ended well, a backup that is stored next to another container's newest counts as a success.
    /// - Throws: Where the state file can't be read or written.
    package func setHandover(_ isHandover: Bool) async throws(JobError) {
        try await write(Request(boot: bootID, version: try await requested(), isHandover: isHandover), Key.request)
    }

    func isHandover() async throws(JobError) -> Bool { try await currentRequest()?.isHandover == true }

    /// A restore has ended well: there is no request any more.
    func clearRequest() async throws(JobError) { try await values.set([Key.request: nil], of: owner) }

    private func currentRequest() async throws(JobError) -> Request? {
        let request: Request? = try await read(Key.request)
        return request?.boot == bootID ? request : nil
    }

    // MARK: What files hold

    /// A tree that a restore from here has put in place in this boot's container.
    private struct Restored: Codable {
        var location: String
        var tree: BackupRequest.RestoredTree
    }

    /// The tree that a restore has put in place, where nothing was stored since.
    func restored() async throws(JobError) -> BackupRequest.RestoredTree? {
        guard let restored: Restored = try await read(Key.restored), restored.location == location else { return nil }
        return restored.tree
    }

    func note(restored tree: BackupRequest.RestoredTree) async throws(JobError) { try await write(Restored(location: location, tree: tree), Key.restored) }

    /// What files hold is known from the last backup now.
    func clearRestored() async throws(JobError) { try await values.set([Key.restored: nil], of: owner) }

    // MARK: Space

    /// When old backups were last removed, in seconds since 1970.
    func prunedAt() async throws(JobError) -> Double { try await values.value(Key.prunedAt, of: owner).flatMap { Double($0) } ?? 0 }

    func notePruned(at seconds: Double) async throws(JobError) { try await values.set([Key.prunedAt: "\(seconds)"], of: owner) }

    /// The space that the repository last reported; nil where it never did.
    func space() async throws(JobError) -> BackupResult.Space? { try await read(Key.space) }

    func note(_ space: BackupResult.Space) async throws(JobError) { try await write(space, Key.space) }

    // MARK: JSON

    private func read<Value: Decodable>(_ key: String) async throws(JobError) -> Value? {
        guard let text = try await values.value(key, of: owner) else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    private func write(_ value: some Encodable, _ key: String) async throws(JobError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text: String
        do { text = String(decoding: try encoder.encode(value), as: UTF8.self) } catch { throw JobError("the repository's record can't be written: \(error)") }
        try await values.set([key: text], of: owner)
    }
}

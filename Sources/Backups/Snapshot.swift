package import Foundation
import Storage

/// A state of a repository: a backup, or what is the newest there and is none.
package struct Snapshot: Hashable, Sendable {
    /// Different for every one of a repository; opaque.
    package let id: String
    /// When it was stored, for people and retention. It may be wrong; the order in which a repository names them is what counts.
    package let date: Date
    /// Whether it is a backup.
    package let holdsBackup: Bool
    /// Bytes that it takes as it is stored: of those that share what they hold, what this one has added. Nil where that is not known.
    package let storedBytes: Int64?
    /// What it is known by whatever its id becomes: the same for the same content. Nil where it holds no backup, and where finding it out takes a request;
    /// see `BackupRepository.checksum`.
    package let checksum: String?
    /// Objects next to it that are not part of it, with their sizes in bytes.
    package let otherObjects: [String: Int64]
    /// What an archive is found by; nil in other formats.
    let version: StoreVersion?

    /// A backup.
    package init(id: String, date: Date, storedBytes: Int64?, checksum: String? = nil, otherObjects: [String: Int64] = [:]) {
        (self.id, self.date, self.storedBytes, self.checksum, self.otherObjects, version) = (id, date, storedBytes, checksum, otherObjects, nil)
        holdsBackup = true
    }

    /// A version of a store that may hold an archive.
    init(_ version: StoreVersion) {
        (id, date, self.version) = (version.id, version.date, version)
        storedBytes = version.objects[ArchiveNames.archive]
        checksum = version.digests[ArchiveNames.archive]
        otherObjects = version.objects.filter { $0.key != ArchiveNames.archive }
        holdsBackup = storedBytes != nil
    }

    /// The id for messages: where the id is a digest, as restic's are, its first 8 digits, as restic shows them; else those of its checksum; else the last part
    /// of its id, or the id's first 12 characters. `find` accepts all of them. None looks like a time, as an id may.
    package var shortID: String {
        if BackupID.isDigest(id) { return String(id.prefix(8)) }
        return checksum.map { String($0.prefix(8)) } ?? BackupID.short(id)
    }

    /// Whether it is that backup: by the content, for ids change when a history is squashed.
    func isBackup(_ reference: Lineage.Reference) -> Bool { id == reference.id || (reference.checksum != nil && checksum == reference.checksum) }
}

extension Lineage.Reference {
    /// The id for messages; see `Snapshot.shortID`.
    package var shortID: String { BackupID.short(id) }
}

/// The part of a backup's id that is enough to identify it.
enum BackupID {
    /// Whether it is a SHA-256 in hexadecimal digits.
    static func isDigest(_ id: String) -> Bool { id.utf8.count == 64 && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }

    static func short(_ id: String) -> String { lastPart(of: id) ?? String(id.prefix(isDigest(id) ? 8 : 12)) }

    /// The random part of an id that begins with an instant; nil for an id of another form.
    static func lastPart(of id: String) -> String? {
        let parts = id.split(separator: "-")
        return parts.count > 1 ? parts.last.map(String.init) : nil
    }
}

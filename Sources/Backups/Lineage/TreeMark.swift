package import Foundation

/// The mark of a live tree: which tree it is, and which backup of each repository it descends from.
///
/// It is a small file in every folder of the tree, never stored in a backup. With it a container that has lost its state knows that a
/// tree which outlived it is newer than the newest backup.
package struct TreeMark: Hashable, Sendable, Codable {
    /// What the tree descends from in one repository. Checksums are SHA-256 in lower-case hexadecimal digits.
    package struct Entry: Hashable, Sendable, Codable {
        /// The checksum of the archive that the tree descends from; nil while only `pending` is known.
        package var checksum: String?
        /// The checksum of an archive of this tree that was about to be stored.
        package var pending: String?
        /// When that backup was made, or the one that is pending.
        package var at: Date?
        /// Whether it was incomplete.
        package var isIncomplete: Bool

        package init(checksum: String?, pending: String? = nil, at: Date?, isIncomplete: Bool = false) {
            self.checksum = checksum
            self.pending = pending
            self.at = at
            self.isIncomplete = isIncomplete
        }
    }

    /// Distinguishes this tree from any other at its place: 128 random bits, opaque.
    package var token: String
    /// By the repository's location, a text that names it for all containers.
    package private(set) var backups: [String: Entry]
    /// The parts of the tree that existed when the mark was written, as the archive names them.
    package var parts: [String]
    /// Checksums of the last 100 earlier backups that the tree descends from, in any repository; the newest come last.
    package private(set) var ancestors: [String] = []

    /// How many of them are remembered.
    private static let mostAncestors = 100

    /// The mark of a new tree unless a token is given.
    package init(token: String = TreeMark.newToken(), backups: [String: Entry] = [:], parts: [String] = []) {
        self.token = token
        self.backups = backups
        self.parts = parts
    }

    /// A new random token.
    package static func newToken() -> String {
        String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    /// The tree descends from this backup of a repository now.
    package mutating func descend(from entry: Entry, in location: String) {
        if let before = backups[location]?.checksum, before != entry.checksum, !ancestors.contains(before) {
            ancestors = (ancestors + [before]).suffix(TreeMark.mostAncestors)
        }
        backups[location] = entry
    }

    /// An archive of this tree is about to be stored: whether or not it is, the tree is as new as that.
    package mutating func announce(_ checksum: String, at now: Date, in location: String) {
        var entry = backups[location] ?? Entry(checksum: nil, at: nil)
        // What was announced before may have been stored after all.
        if let before = entry.pending, before != checksum, !ancestors.contains(before) {
            ancestors = (ancestors + [before]).suffix(TreeMark.mostAncestors)
        }
        entry.pending = checksum
        entry.at = now
        backups[location] = entry
    }

    /// Merges another part's mark: the tree descends from the backups of both.
    mutating func merge(_ other: TreeMark) {
        for (location, entry) in other.backups {
            guard var own = backups[location], own != entry else {
                backups[location] = entry
                continue
            }
            let isNewer = (entry.at ?? .distantPast) > (own.at ?? .distantPast)
            let (newer, older) = isNewer ? (entry, own) : (own, entry)
            own = newer
            own.pending = newer.pending ?? older.pending ?? older.checksum
            backups[location] = own
        }
        parts += other.parts.filter { !parts.contains($0) }
        ancestors = (ancestors + other.ancestors.filter { !ancestors.contains($0) }).suffix(TreeMark.mostAncestors)
    }

    /// A mark as it was found.
    package struct Reading: Hashable, Sendable {
        /// The marks of all parts, merged.
        package var mark: TreeMark
        /// Parts that were there when it was written and are not any more.
        package var missing: [String]

        package init(mark: TreeMark, missing: [String] = []) {
            self.mark = mark
            self.missing = missing
        }
    }

    /// Whether the tree descends from a repository's head.
    ///
    /// An archive is known by its checksum, whichever repository holds it. An earlier one counts where it is not newer than what the tree
    /// descends from now. Where the tree has never been in this repository, it is newer than the head when another repository's backup that
    /// it descends from is.
    package func descends(from head: Lineage.Head, in location: String) -> Bool {
        if let checksum = head.checksum, backups.values.contains(where: { $0.checksum == checksum || $0.pending == checksum }) { return true }
        guard let newest = backups.values.compactMap(\.at).max(), newest >= head.date else { return false }
        return backups[location]?.checksum == nil || head.checksum.map(ancestors.contains) ?? false
    }
}

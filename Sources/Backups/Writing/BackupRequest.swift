package import Files
package import Foundation

/// What a backup has come to.
package enum BackupOutcome: Sendable {
    /// The tree is as it was when it was last stored whole; nothing was packed.
    case unchanged(Lineage.Fingerprint)
    /// The newest backup holds just what was packed; nothing was stored.
    case same(SnapshotReport, Lineage.Fingerprint, Lineage.Head?)
    case stored(Snapshot, SnapshotReport, Lineage.Fingerprint)
}

/// How a backup is to be made.
package struct BackupRequest: Sendable {
    package var packing: BackupPacking
    /// A folder with room for what is packed.
    package var scratch: String
    /// Part of the name under which a tree is stored that may not take the newest one's place.
    package var aside: String
    package var now: Date
    /// Whether a tree may be stored that holds nothing where the newest backup holds files.
    package var mayBeEmpty: Bool
    /// A folder that stays while the container does, for what is known of files; nil for none.
    package var cache: String?
    /// The tree that a restore from this repository has put in place in this container, where nothing was stored since.
    package var restored: RestoredTree?

    /// A tree that a restore has put in place.
    package struct RestoredTree: Hashable, Codable, Sendable {
        /// What the snapshot is known by; see `Snapshot.checksum`.
        package var tree: String
        /// Files whose status has changed since are not known any more. By the clock of the tree's file system.
        package var before: FileTime

        package init(tree: String, before: FileTime) { (self.tree, self.before) = (tree, before) }
    }

    package init(
        packing: BackupPacking = BackupPacking(), scratch: String, aside: String, now: Date, mayBeEmpty: Bool = false, cache: String? = nil,
        restored: RestoredTree? = nil
    ) {
        self.packing = packing
        self.cache = cache
        self.restored = restored
        self.scratch = scratch
        self.aside = aside
        self.now = now
        self.mayBeEmpty = mayBeEmpty
    }
}

/// How a tree is packed; formats without archives ignore it.
package struct BackupPacking: Sendable {
    /// Whether a small change of the tree changes the archive only nearby.
    package var isRsyncable: Bool
    /// 1 (fast) to 9 (small).
    package var level: Int32

    package init(isRsyncable: Bool = true, level: Int32 = 6) {
        self.isRsyncable = isRsyncable
        self.level = level
    }
}

/// The names of the `archive` format, as the scripts use them that people migrate from. Changing one makes stored backups unreadable.
package enum ArchiveNames {
    /// The archive: a gzipped tar.
    package static let archive = "latest_backup.tar.gz"
    /// The archive's SHA-256 in hexadecimal digits.
    package static let checksum = "latest_backup.sha256"
    /// How the name of a tree begins that was not allowed to take the newest one's place.
    package static let aside = "conflict_"
    /// Members below this name are the program's own and are not restored into the tree.
    package static let own = ".shipkeeper"
}

/// Names that a restore uses next to what it replaces.
enum RestoreNames {
    /// The file that distinguishes a tree that we restored or stored from any other at its place.
    static let token = ".shipkeeper-tree"
    /// The file of 0.1.0 that names the backup a tree descends from.
    static let base = ".shipkeeper-base"

    /// Whether a name directly below a tree is ours: a restore's, the tree's token, or its descent.
    static func isOwn(_ name: some CustomStringConvertible) -> Bool {
        let text = name.description
        return text.hasPrefix(".tree.restore-") || text.hasPrefix(".tree.before-") || text == token || text == base
    }
}

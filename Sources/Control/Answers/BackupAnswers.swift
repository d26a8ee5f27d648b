package import Foundation

/// What a repository holds.
package struct BackupsAnswer: ValueAnswer {
    package struct Backup: Codable, Sendable {
        package var id: String
        /// The beginning that identifies it.
        package var short: String
        package var at: Date
        package var archiveBytes: Int64
        package var sha256: String?
        /// What it holds; nil where this container has not stored it, or no program runs.
        package var files: Int?
        package var bytes: Int64?
        /// Whether it stays: by the retention rule, or because it is pinned.
        package var isKept: Bool
        /// Why it stays: `latest`, `daily`, `pinned` and the like.
        package var reasons: [String]
        /// Why a restore could not use it, as the running program noted it.
        package var damage: String?

        package init(
            id: String, short: String, at: Date, archiveBytes: Int64, sha256: String?, files: Int?, bytes: Int64?, reasons: [String], damage: String?
        ) {
            self.id = id
            self.short = short
            self.at = at
            self.archiveBytes = archiveBytes
            self.sha256 = sha256
            self.files = files
            self.bytes = bytes
            isKept = !reasons.isEmpty
            self.reasons = reasons
            self.damage = damage
        }
    }

    package var repository: String
    /// Newest first.
    package var backups: [Backup]

    package init(repository: String, backups: [Backup]) {
        self.repository = repository
        self.backups = backups
    }
}

/// What a verification has found.
package struct VerifyAnswer: ValueAnswer {
    package var repository: String
    package var id: String
    package var at: Date
    /// Whether every byte is as it was stored, and all can be unpacked.
    package var isWhole: Bool
    package var files: Int?
    package var bytes: Int64?
    /// What is odd and does no harm.
    package var notes: [String]
    /// Why it can't be restored.
    package var problem: String?

    package init(repository: String, id: String, at: Date, isWhole: Bool, files: Int? = nil, bytes: Int64? = nil, notes: [String] = [], problem: String? = nil)
    {
        self.repository = repository
        self.id = id
        self.at = at
        self.isWhole = isWhole
        self.files = files
        self.bytes = bytes
        self.notes = notes
        self.problem = problem
    }
}

/// What was unpacked into a folder.
package struct UnpackAnswer: ValueAnswer {
    package var repository: String
    package var id: String
    package var at: Date
    package var folder: String
    package var files: Int
    package var bytes: Int64
    /// Members that were left out, with the reason.
    package var skipped: [String]

    package init(repository: String, id: String, at: Date, folder: String, files: Int, bytes: Int64, skipped: [String]) {
        self.repository = repository
        self.id = id
        self.at = at
        self.folder = folder
        self.files = files
        self.bytes = bytes
        self.skipped = skipped
    }
}

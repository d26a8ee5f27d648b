/// How a recipe has backups stored.
package enum BackupFormat: String, CaseIterable, Sendable {
    case restic, archive

    /// The password of backups that are encrypted.
    package static let password = "RESTIC_PASSWORD"

    var secrets: [Variable] {
        switch self {
        case .restic:
            [
                Variable(
                    BackupFormat.password, "a-long-random-text",
                    Text(
                        "encrypts the backups; openssl rand -hex 32 makes one. Keep a copy outside of this platform: without it, backups can't be read",
                        "加密备份；用 openssl rand -hex 32 生成。在平台之外另存一份：没有它，备份就读不出来"), canBeMade: true)
            ]
        case .archive: []
        }
    }

    /// What a repository says of it, a line each.
    var keys: [String] {
        switch self {
        case .restic: ["format: restic", "password: \"${\(BackupFormat.password)}\""]
        case .archive: ["format: archive"]
        }
    }

    /// What stands above a repository, a line each.
    var comments: [String] {
        switch self {
        case .restic:
            ["# Backups are encrypted with the secret \(BackupFormat.password). Keep a copy of it outside of this platform: without it, backups can't be read."]
        case .archive: []
        }
    }
}

package import Control
package import Foundation
import JobKit
import Settings

/// The backups of a repository, as they are listed.
package struct RepositoryBackups: Sendable {
    package struct Backup: Sendable {
        package var id: String
        /// The beginning of the id, by which people name it.
        package var short: String
        package var at: Date
        package var archiveBytes: Int64
        /// What it holds, where this container has stored it.
        package var size: RestorePreviewAnswer.Size?
        /// Why a restore could not use it; nil where none has tried or it could.
        package var damage: String?

        package init(id: String, short: String, at: Date, archiveBytes: Int64, size: RestorePreviewAnswer.Size? = nil, damage: String? = nil) {
            self.id = id
            self.short = short
            self.at = at
            self.archiveBytes = archiveBytes
            self.size = size
            self.damage = damage
        }
    }

    package var repository: String
    /// Newest first.
    package var backups: [Backup]
    /// Why they are not known.
    package var problem: String?

    package init(repository: String, backups: [Backup], problem: String? = nil) {
        self.repository = repository
        self.backups = backups
        self.problem = problem
    }
}

/// The list of all backups, each with a form that restores it. A value.
struct BackupsPage {
    let context: PageContext
    let repositories: [RepositoryBackups]

    var values: Values {
        var values = context.common
        values["repositories"] = repositories.map { repository -> Values in
            var values: Values = ["name": repository.repository, "backups": repository.backups.map { backup($0, repository.repository) }]
            values["problem"] = repository.problem
            return values
        }
        return values
    }

    private func backup(_ backup: RepositoryBackups.Backup, _ repository: String) -> Values {
        var values: Values = [
            "id": backup.id, "short": backup.short, "repository": repository, "stamp": context.stamp(backup.at), "time": context.time(backup.at),
            "archive": context.root + "api/" + DownloadOperation.address(.init(backup: backup.id, repository: repository)),
        ]
        values["facts"] = [
            context.ago(backup.at), ByteSizeText.readable(backup.archiveBytes),
            backup.size.map { "\($0.files) \(context.text($0.files == 1 ? .file : .files)), \(ByteSizeText.readable($0.bytes))" },
        ].compactMap(\.self)
        values["damage"] = backup.damage
        return values
    }
}

/// How far a restore in place is. A value.
struct RestorePage {
    let context: PageContext
    let answer: RestoreAnswer

    var values: Values {
        var values = context.common
        let (tone, english, chinese) =
            switch answer.state {
            case .idle: ("idle", "none since the start", "启动以来没有恢复")
            case .running: ("busy", "running", "进行中")
            case .succeeded: ("good", "succeeded", "成功")
            case .failed: ("bad", "failed", "失败")
            case .refused: ("bad", "refused", "被拒绝")
            }
        values["tone"] = tone
        values["state"] = context.language == .english ? english : chinese
        values["lines"] = answer.lines.map(context.plain)
        values["percent"] = answer.progress?.percent.map { Int($0) }
        values["progress"] = answer.progress?.text()
        return values
    }
}

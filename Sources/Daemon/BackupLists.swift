import Backups
import Control
import JobKit
import Jobs
import Web

/// Lists what repositories hold, not more often than a while: each list asks their servers, and a page may be loaded again and again.
actor BackupLists {
    private static let keptFor = Duration.seconds(60)

    private let clock: any WallClock
    private let list: @Sendable () async -> [RepositoryBackups]
    private var known: (lists: [RepositoryBackups], at: Duration)?
    private var asking: Task<[RepositoryBackups], Never>?

    init(clock: any WallClock, list: @escaping @Sendable () async -> [RepositoryBackups]) {
        self.clock = clock
        self.list = list
    }

    /// As of now, or of a moment ago.
    func newest() async -> [RepositoryBackups] {
        if let known, clock.uptime - known.at < BackupLists.keptFor { return known.lists }
        if let asking { return await asking.value }
        let task = Task { [list] in await list() }
        asking = task
        let lists = await task.value
        known = (lists, clock.uptime)
        asking = nil
        return lists
    }
}

extension RepositoryPlans {
    /// All repositories with their backups, newest first.
    /// - Parameter clean: Takes secrets out of an error's words.
    func lists(
        notes: @Sendable (_ repository: String) async -> BackupNotesAnswer?, clean: (String) -> String
    ) async -> [RepositoryBackups] {
        var lists: [RepositoryBackups] = []
        for (name, repository) in repositories.sorted(by: { $0.key < $1.key }) {
            do throws(BackupError) {
                let versions = try await repository.backups.snapshots()
                let known = await notes(name)
                lists.append(
                    RepositoryBackups(
                        repository: name,
                        backups: versions.map { version in
                            .init(
                                id: version.id, short: version.shortID, at: version.date, archiveBytes: version.storedBytes ?? 0,
                                size: known?.sizes[version.id], damage: known?.damaged[version.id])
                        }))
            } catch {
                lists.append(RepositoryBackups(repository: name, backups: [], problem: clean("\(error)")))
            }
        }
        return lists
    }
}

package import Backups
import Buckets
package import Config
package import Control
import Files
import Foundation
package import InPlaceRestore
package import JobKit
package import Jobs
package import Scheduler
import Settings
import TimeZones

/// What a configuration says of repositories, and of the jobs that restore from them and store in them.
package struct RepositoryPlans: Sendable {
    package let configuration: Configuration

    package init(configuration: Configuration) { self.configuration = configuration }

    /// The names of those that can be used.
    package var repositories: [String: Repository] { configuration.repositories.compactMapValues { $0.value as? Repository } }

    package struct Use: Sendable {
        package var job: String
        package var isBackup: Bool
        package var isEnabled: Bool
        package var repository: Repository
        package var source: BackupSource
        /// For a restore: how long newer backups of another container are taken over.
        package var handover = Duration.zero
    }

    /// Jobs that restore from a repository or store in one.
    package var uses: [Use] {
        configuration.jobs.compactMap { job in
            guard case .job(let kind) = job.work else { return nil }
            let isEnabled = job.definition.disabled == nil
            switch kind {
            case let restore as RestoreJob:
                guard let repository = restore.settings.repository, let source = restore.settings.source else { return nil }
                return Use(
                    job: job.definition.name, isBackup: false, isEnabled: isEnabled, repository: repository, source: source, handover: restore.settings.handover
                )
            case let backup as BackupJob:
                guard let repository = backup.settings.repository, let source = backup.settings.source else { return nil }
                return Use(job: job.definition.name, isBackup: true, isEnabled: isEnabled, repository: repository, source: source)
            default: return nil
            }
        }
    }

    /// The repository of that name, or the only one.
    package func repository(_ name: String?) throws(JobError) -> Repository {
        let known = repositories.keys.sorted()
        if let name {
            if let found = repositories[name] { return found }
            if let missing = configuration.repositories[name]?.missingSecrets, !missing.isEmpty { throw RepositoryPlans.without(missing, name) }
            let nearest = NearestWord.find(name, in: known).map { "did you mean \"\($0)\"?" }
            throw JobError("no repository is named \"\(name)\"", hint: nearest ?? (known.isEmpty ? nil : "declared are \(known.joined(separator: ", "))"))
        }
        if known.count == 1, let only = repositories[known[0]] { return only }
        if known.isEmpty {
            if let (name, resource) = configuration.repositories.first, !resource.missingSecrets.isEmpty {
                throw RepositoryPlans.without(resource.missingSecrets, name)
            }
            throw JobError("the configuration declares no repository", hint: "add one under \"repositories\"")
        }
        throw JobError("there are several repositories: \(known.joined(separator: ", "))", hint: "name one with --repository")
    }

    private static func without(_ secrets: [String], _ name: String) -> JobError {
        JobError("the repository \"\(name)\" needs the secret \(secrets.joined(separator: ", ")), which is not set", hint: "set it in the container's secrets")
    }

    /// What is known of a repository's backups besides what the repository says; nil where there is no such repository or nothing is known.
    package func notes(_ name: String, values: any KeyValues, runs: any RunStore, bootID: String) async -> BackupNotesAnswer? {
        guard let repository = repositories[name], let lineage = try? await LineageStore(repository, values: values, bootID: bootID).load() else { return nil }
        return BackupNotesAnswer(
            damaged: lineage.damaged, pinned: lineage.pin?.reference.id,
            lastWhole: lineage.lastWhole.flatMap { $0.id == lineage.knownHead ? nil : $0.id }, sizes: await sizes(in: repository, runs))
    }

    /// What restoring a certain backup in place would replace by what. Nothing is downloaded.
    package func preview(_ selector: String, _ name: String?, store: any RunStore) async throws(JobError) -> RestorePreviewAnswer {
        let repository = try repository(name)
        let source = try restoreUse(from: repository, selector).source
        let version = try await RepositoryPlans.find(selector, in: repository)
        let current = await source.size()
        return RestorePreviewAnswer(
            repository: repository.name, id: version.id, at: version.date, archiveBytes: version.storedBytes ?? 0,
            backup: await sizes(in: repository, store)[version.id], paths: source.places,
            current: current.map { .init(files: $0.files, bytes: $0.bytes) })
    }

    /// What the backups of a repository hold, by their ids, as far as this container has stored them.
    package func sizes(in repository: Repository, _ store: any RunStore) async -> [String: RestorePreviewAnswer.Size] {
        var sizes: [String: RestorePreviewAnswer.Size] = [:]
        for use in uses where use.isBackup && use.repository.name == repository.name {
            for run in (try? await store.runs(of: use.job, limit: 1000)) ?? [] {
                guard case .backup(let result)? = run.result, result.outcome == .stored, let id = result.version else { continue }
                sizes[id] = .init(files: result.files, bytes: result.bytes)
            }
        }
        return sizes
    }

    /// The job that restores from a repository.
    private func restoreUse(from repository: Repository, _ selector: String) throws(JobError) -> Use {
        if let use = uses.first(where: { $0.repository.name == repository.name && $0.isEnabled && !$0.isBackup }) { return use }
        throw JobError(
            "no job restores from \"\(repository.name)\"",
            hint: "add one of type restore, or unpack elsewhere: shipkeeper restore --at \(selector) --to FOLDER")
    }

    /// How a certain backup is brought back by the running program.
    package func plan(_ selector: String, _ name: String?, values: any KeyValues, bootID: String) async -> Result<RestorePlan, JobError> {
        do throws(JobError) {
            let repository = try repository(name)
            if ContainerEnvironment.isSafeMode {
                throw JobError(
                    "in safe mode nothing is restored in place",
                    hint:
                        "restore it elsewhere: shipkeeper restore --at \(selector) --to FOLDER; or take \(ContainerEnvironment.safeModeVariable) away and restart"
                )
            }
            let mine = uses.filter { $0.repository.name == repository.name && $0.isEnabled }
            let restore = try restoreUse(from: repository, selector)
            let (restores, backups) = (mine.filter { !$0.isBackup }, mine.filter(\.isBackup))
            let version = try await RepositoryPlans.find(selector, in: repository)
            let records = LineageStore(repository, values: values, bootID: bootID)
            return .success(
                RestorePlan(
                    restoreJob: restore.job, backupJobs: backups.filter { $0.source.readable == restore.source.readable }.map(\.job),
                    whyNotAside: RepositoryPlans.whyNotAside(restores, backups),
                    version: version.id, displayText: "the backup of \(ShownTime.text(version.date)) (\(version.shortID))",
                    request: { version throws(JobError) in try await records.request(version) },
                    yield: { isYielding throws(JobError) in try await records.setHandover(isYielding) }))
        } catch {
            return .failure(error)
        }
    }

    /// What is not stored next to it would be lost, and what is not restored would be stored over what is newer.
    private static func whyNotAside(_ restores: [Use], _ backups: [Use]) -> String? {
        if restores.count > 1 { return "\(restores.map(\.job).joined(separator: " and ")) restore from the same repository" }
        if backups.isEmpty { return "no job backs up what is there now" }
        guard let other = backups.first(where: { $0.source.readable != restores.first?.source.readable }) else { return nil }
        return "\(other.job) stores other paths than \(restores.first?.job ?? "") restores"
    }

    package static func find(_ selector: String, in repository: Repository) async throws(JobError) -> Snapshot {
        do throws(BackupError) {
            let archives = repository.backups
            return try archives.find(selector, among: try await archives.snapshots())
        } catch {
            if case .noSuchBackup = error {
                throw JobError(
                    "\(error) in \"\(repository.name)\"", hint: "\"shipkeeper backups\" lists them; an id's first letters will do, or a day such as 2026-11-22")
            }
            throw JobError("\(error)", hint: error.storage?.hint)
        }
    }
}

import Backups
import Config
import Files
import Foundation
import JobKit
import Jobs
import Logs
import Scheduler
import Settings
import Store
import TimeZones

/// Looks next to the backups for the state of an earlier container, and takes it over: before anything is decided in a container that has no state.
///
/// What it takes over counts as if the state file had survived at the time of that backup: schedules continue by their catch-up rules.
struct StateImport: Sendable {
    /// What was taken over, and what was found and not taken over, in words.
    struct Result: Sendable {
        var taken: (TravellingState.Taken, repository: String)?
        var refusals: [String] = []
    }

    private enum Finding {
        case taken(TravellingState.Taken)
        case refused(String)
        /// There is a state by now, or nobody waits any more.
        case over
    }

    let plans: RepositoryPlans
    let store: StateFile
    /// A folder for what is downloaded.
    let scratch: String
    /// Asked before a state is taken over: false once nobody waits for it any more.
    let mayTake: @Sendable () -> Bool

    /// The first repository that a job restores from and that has a state of ours.
    func run() async -> Result {
        var result = Result()
        var seen = Set<String>()
        for use in plans.uses where !use.isBackup && use.isEnabled && seen.insert(use.repository.name).inserted {
            do throws(BackupError) {
                for state in try await use.repository.backups.states() {
                    switch try await take(state, use.repository) {
                    case .taken(let taken): result.taken = (taken, use.repository.name)
                    case .refused(let why): result.refusals.append(why)
                    case .over: return result
                    }
                    if result.taken != nil { return result }
                }
            } catch {
                result.refusals.append("\(use.repository.name): \(error)")
            }
        }
        return result
    }

    private func take(_ state: Snapshot, _ repository: Repository) async throws(BackupError) -> Finding {
        let folder: Folder
        let name: RawName = "imported.db"
        do throws(FileError) {
            folder = try Folder.make("\(scratch)/import-\(UInt64.random(in: 0 ... .max))", mode: 0o700)
        } catch {
            throw .file(error)
        }
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let what = "the state of \(ShownTime.text(state.date)) next to the backups in \"\(repository.name)\""
        do throws(BackupError) { try await repository.backups.readState(state, to: name, in: folder) } catch {
            guard case .archive = error else { throw error }
            return .refused("\(what) is damaged (\(error))")
        }
        let backups = try await checksums(of: repository)
        let paths = Set(plans.uses.filter { $0.repository.name == repository.name }.map(\.source.readable))
        guard mayTake() else { return .over }
        do throws(TravellingState.Refusal) {
            let taken = try await store.take(copy: folder.path(of: name)) { paths.contains($0.paths) && backups.contains($0.backup) }
            return .taken(taken)
        } catch {
            switch error {
            case .inUse: return .over
            case .newer: return .refused("\(what) was written by a newer shipkeeper; install that to have its history")
            case .damaged: return .refused("\(what) is damaged")
            case .others(let mark): return .refused("\(what) belongs to other data\(mark.map { ": \($0.paths)" } ?? "")")
            case .store(let error): return .refused("\(what) can't be taken over: \(error.message)")
            }
        }
    }

    /// What the backups are known by that are there.
    private func checksums(of repository: Repository) async throws(BackupError) -> Set<String> {
        let backups = repository.backups
        var found = Set<String>()
        for snapshot in [try await backups.head()].compactMap(\.self) + (try await backups.snapshots()) {
            if let checksum = try await backups.checksum(of: snapshot) { found.insert(checksum) }
        }
        return found
    }
}

extension Daemon {
    /// How long a new container waits for the state of an earlier one before it begins without.
    private static let importPatience = Duration.seconds(10)

    private enum ImportPhase {
        case looking, taking, over
    }

    /// Where the container is new, takes over what an earlier one has recorded.
    func importState(into store: StateFile) async {
        let plans = RepositoryPlans(configuration: current.value)
        guard plans.uses.contains(where: { !$0.isBackup && $0.isEnabled }), !ContainerEnvironment.isSafeMode, !stopping.isContinued,
            stopping.takeover.processes.isEmpty, await store.isEmpty()
        else { return }
        await holdingPort(because: "the program's history is being fetched") { await importState(plans, store) }
    }

    private func importState(_ plans: RepositoryPlans, _ store: StateFile) async {
        let phase = SharedValue(ImportPhase.looking)
        let (ends, end) = AsyncStream.makeStream(of: StateImport.Result?.self)
        let work = StateImport(plans: plans, store: store, scratch: state.scratch) {
            var may = false
            phase.update { phase in
                if phase == .looking { (phase, may) = (.taking, true) }
            }
            return may
        }
        // A disk that hangs keeps it for ever: it is not waited for.
        let looking = Task { end.yield(await work.run()) }
        let giveUp: @Sendable () -> Void = {
            var isOver = false
            phase.update { phase in
                if phase == .looking { (phase, isOver) = (.over, true) }
            }
            // What is being taken over is a matter of milliseconds.
            if isOver { end.yield(nil) }
        }
        importEnd.value = giveUp
        let timer = Task { [clock] in
            try? await clock.sleep(for: Daemon.importPatience)
            if !Task.isCancelled { giveUp() }
        }
        var result: StateImport.Result?
        for await ended in ends {
            result = ended
            break
        }
        timer.cancel()
        looking.cancel()
        importEnd.value = nil
        for why in result?.refusals ?? ["the backups could not be reached in time"] {
            container.note("history of an earlier container is not taken over: \(why)", .warning)
        }
        if let (taken, repository) = result?.taken {
            container.note(
                "took over the history of an earlier container, up to its backup of \(ShownTime.text(taken.mark.at)) in \"\(repository)\": "
                    + taken.runs.counted("run"))
        }
    }

    /// Writes a copy of the state for a backup.
    static func write(_ wanted: StateCopies.Wanted, of store: StateFile) async throws(JobError) {
        do throws(StoreError) {
            try await store.writeCopy(
                to: wanted.path, .init(run: wanted.run, outcome: wanted.isWhole ? .succeeded : .incomplete, report: wanted.report),
                .init(backup: wanted.backup, paths: wanted.paths, at: wanted.at))
        } catch {
            throw JobError(error.message)
        }
    }
}

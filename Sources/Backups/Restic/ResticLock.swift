import Buckets
import Files
import Foundation
import Glibc
import Restic
import Storage
import Synchronization

/// A lock file of restic's kind: restic does not remove anything while we write, and we write nothing while it removes.
///
/// Containers of ours are kept apart by the head that a publication expects; between them a lock only says that something is being removed just now. A lock of
/// ours that has not been refreshed for three minutes is that of a container which is gone: its age is told by the backend's clock, which is the same for all.
/// Where the backend has commits there are no locks: restic can't write there, and a commit is one step.
final class ResticLock: Sendable {
    /// How long a lock of ours counts that is not refreshed, in seconds.
    static let lease = 180.0
    private static let refreshEvery = Duration.seconds(40)
    /// Of this start of the program. Jobs on one repository never run at once: another lock with it is one that could not be removed.
    private static let instance = String(UInt64.random(in: 0 ... .max), radix: 36)

    private struct State {
        /// The lock file that is there.
        var name: String?
        /// When it was last known to be there.
        var refreshed = ContinuousClock.now
        var isReleased = false
    }

    private let files: ResticFiles
    private let isExclusive: Bool
    private let now: @Sendable () -> Date
    private let state = Mutex(State())
    private let refreshing = Mutex<Task<Void, Never>?>(nil)

    private init(_ files: ResticFiles, isExclusive: Bool, now: @escaping @Sendable () -> Date) {
        (self.files, self.isExclusive, self.now) = (files, isExclusive, now)
    }

    /// Holds a lock while `body` runs.
    /// - Throws: `store` with `unavailable` where another program has locked the repository in a way that can't be shared.
    static func holding<Value>(
        _ files: ResticFiles, exclusively isExclusive: Bool, now: @escaping @Sendable () -> Date, _ body: (ResticLock?) async throws(BackupError) -> Value
    ) async throws(BackupError) -> Value {
        guard files.backend.traits.appearance == .whenSaved else { return try await body(nil) }
        let lock = ResticLock(files, isExclusive: isExclusive, now: now)
        let result: Result<Value, BackupError>
        do throws(BackupError) {
            try await lock.acquire()
            result = .success(try await body(lock))
        } catch {
            result = .failure(error)
        }
        await lock.release()
        return try result.get()
    }

    /// Throws where the lock may not be held any more, so that others may think it stale.
    func check() throws(BackupError) {
        let age = state.withLock { ContinuousClock.now - $0.refreshed }
        if age > .seconds(ResticLock.lease / 2) { throw .store(.unavailable("the lock of the repository could not be refreshed")) }
    }

    // MARK: Steps

    private func acquire() async throws(BackupError) {
        try await write()
        let others = try await others()
        if let reason = others.compactMap(\.reason).first { throw .store(.unavailable(reason)) }
        let task = Task { [weak self] in
            while !Task.isCancelled {
                do { try await Task.sleep(for: ResticLock.refreshEvery) } catch { return }
                guard let self else { return }
                // What can't be refreshed is noticed by `check`.
                try? await self.write()
            }
        }
        refreshing.withLock { $0 = task }
    }

    /// Writes a new lock file, and removes the one before.
    private func write() async throws(BackupError) {
        let lock = LockFile(
            time: FileTime(now()), isExclusive: isExclusive, host: ProcessInfo.processInfo.hostName, user: ResticNames.user, process: getpid(),
            owner: getuid(), group: getgid(), instance: ResticLock.instance)
        let start = ContinuousClock.now
        let object = try await files.save(lock.json, below: "locks")
        let (before, isReleased) = state.withLock { state in
            let before = state.name
            state.name = object.name
            state.refreshed = start
            return (before, state.isReleased)
        }
        if let before, before != object.name { try await remove([before]) }
        if isReleased { try await remove([object.name]) }
    }

    private func release() async {
        let task = refreshing.withLock { $0 }
        task?.cancel()
        await task?.value
        let name = state.withLock { state in
            state.isReleased = true
            return state.name
        }
        guard let name else { return }
        // Also when the run was cancelled: in a task of its own.
        await Task.detached { [files] in try? await files.backend.remove([name]) }.value
    }

    private func remove(_ names: [String]) async throws(BackupError) {
        do { try await files.backend.remove(names) } catch { throw .store(error) }
    }

    private struct Other {
        var name: String
        /// Why it can't be shared; nil where it can, or counts no more.
        var reason: String?
    }

    /// The locks of others. Those of ours that are stale are removed.
    private func others() async throws(BackupError) -> [Other] {
        let own = state.withLock { $0.name }
        let objects = try await files.list("locks")
        // The backend's clock now.
        let here = objects.first { $0.name == own }?.modified ?? now()
        var (found, stale) = ([Other](), [String]())
        for (name, json) in try await files.json(of: objects.map(\.name).filter { $0 != own }) {
            guard let lock = try? LockFile(json: json) else { continue }
            let age = objects.first { $0.name == name }?.modified.map { here.timeIntervalSince($0) } ?? Double(FileTime(here).seconds - lock.time.seconds)
            let isOurs = lock.user == ResticNames.user
            let isOfEndedProcess =
                lock.host == ProcessInfo.processInfo.hostName && lock.process != getpid() && kill(lock.process, 0) != 0 && errno == ESRCH
            if isOfEndedProcess || lock.instance == ResticLock.instance || age > (isOurs ? ResticLock.lease : Double(LockFile.staleAfter)) {
                if isOurs { stale.append(name) }
                continue
            }
            guard lock.isExclusive || isExclusive else { continue }
            let who = isOurs ? "another container" : "restic (\(lock.user) at \(lock.host), process \(lock.process))"
            found.append(
                Other(name: name, reason: "\(who) has locked the repository\(lock.isExclusive ? " to remove something" : ""); try again when it is done"))
        }
        if !stale.isEmpty { try await remove(stale) }
        return found
    }
}

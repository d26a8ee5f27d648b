package import Backups
import Buckets
import Config
package import Control
import Files
import Foundation
import JobKit
package import Jobs
import TimeZones

/// Reads backups for those who ask the running program. Long work is done by one at a time: each needs room on the disk.
actor BackupReader: BackupReading {
    /// Of a download, in bytes.
    private static let piece = 1 << 20

    private let plans: @Sendable () -> RepositoryPlans
    private let notes: @Sendable (String) async -> BackupNotesAnswer?
    private let redacted: @Sendable (String) -> String
    /// A folder for downloads.
    private let scratch: String
    private var isBusy = false

    init(
        scratch: String, plans: @escaping @Sendable () -> RepositoryPlans, notes: @escaping @Sendable (String) async -> BackupNotesAnswer?,
        redacted: @escaping @Sendable (String) -> String
    ) {
        self.scratch = scratch
        self.plans = plans
        self.notes = notes
        self.redacted = redacted
    }

    func list(_ name: String?) async throws(OperationError) -> BackupsAnswer {
        let repository = try repository(name)
        let notes = await notes(repository.name)
        do throws(BackupError) { return repository.answer(try await repository.backups.snapshots(), notes) } catch { throw refused(error) }
    }

    func verify(_ selector: String, _ name: String?) async throws(OperationError) -> VerifyAnswer {
        let (repository, version) = try await find(selector, name)
        let source = plans().source(of: repository)
        return try await alone { () async throws(BackupError) -> VerifyAnswer in
            var answer = await repository.verification(of: version, holding: source, scratch: self.scratch)
            answer.problem = answer.problem.map(self.redacted)
            return answer
        }
    }

    func archive(_ selector: String, _ name: String?) async throws(OperationError) -> AnswerStream {
        let (repository, version) = try await find(selector, name)
        let (file, bytes) = try await alone { () async throws(BackupError) -> (OpenFile, Int64) in
            let folder: Folder
            do throws(FileError) { folder = try Folder.make(self.scratch, mode: 0o700) } catch { throw .file(error) }
            let name = "download-\(UInt64.random(in: 0 ... .max)).tar.gz"
            _ = try await repository.backups.export(version, to: name, in: folder) { _ in }
            do throws(FileError) {
                // Nobody else has to find it, and it is gone however this program ends.
                let file = try folder.file(RawName(name))
                try folder.remove(RawName(name))
                return (file, try file.status().size)
            } catch {
                throw .file(error)
            }
        }
        let fileName = "\(repository.name)-\(version.shortID).tar.gz".filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return AnswerStream(fileName: fileName, length: bytes) { write in
            var offset: Int64 = 0
            while offset < bytes {
                let (start, most) = (offset, Int(min(Int64(BackupReader.piece), bytes - offset)))
                let piece = try await DedicatedThread.run { _ throws(BackupError) in
                    do throws(FileError) { return try file.read(most, at: start) } catch { throw .file(error) }
                }
                guard !piece.isEmpty else { throw JobError("the archive has become shorter") }
                try await write(piece)
                offset += Int64(piece.count)
            }
        }
    }

    func unpack(_ selector: String, _ name: String?, into target: String, only path: String?) async throws(OperationError) -> UnpackAnswer {
        let (repository, version) = try await find(selector, name)
        let unpacked = try await alone { () async throws(BackupError) -> Result<Unpacked, OperationError> in
            let folder: Folder
            do throws(FileError) {
                folder = try Folder.make(target)
                guard try folder.names().isEmpty else {
                    return .failure(.refused(JobError("\(target) is not empty", hint: "name an empty or a new folder")))
                }
            } catch {
                throw .file(error)
            }
            return .success(try await repository.backups.unpack(version, into: folder, only: path))
        }
        let report = try unpacked.get()
        guard report.members > 0 else { throw .refused(JobError("the backup of \(ShownTime.text(version.date)) holds no \(path ?? "files")")) }
        return UnpackAnswer(
            repository: repository.name, id: version.id, at: version.date, folder: target, files: report.files, bytes: report.bytes,
            skipped: report.skipped)
    }

    // MARK: Finding

    private func repository(_ name: String?) throws(OperationError) -> Repository {
        let plans = plans()
        if let name, plans.configuration.repositories[name] == nil { throw .noSuchRepository(name) }
        if plans.configuration.repositories.isEmpty { throw .noSuchRepository(nil) }
        do throws(JobError) { return try plans.repository(name) } catch { throw .refused(error) }
    }

    private func find(_ selector: String, _ name: String?) async throws(OperationError) -> (Repository, Snapshot) {
        let repository = try repository(name)
        do throws(BackupError) {
            let archives = repository.backups
            return (repository, try archives.find(selector, among: try await archives.snapshots()))
        } catch {
            if case .noSuchBackup = error { throw .noSuchBackup(redacted("\(error) in \"\(repository.name)\"")) }
            throw refused(error)
        }
    }

    private func refused(_ error: BackupError) -> OperationError { .refused(JobError(redacted("\(error)"), hint: error.storage?.hint.map(redacted))) }

    private func alone<Value: Sendable>(_ work: @Sendable () async throws(BackupError) -> Value) async throws(OperationError) -> Value {
        guard !isBusy else { throw .refused(JobError("another backup is being read", hint: "wait for its end")) }
        isBusy = true
        defer { isBusy = false }
        do throws(BackupError) { return try await work() } catch { throw refused(error) }
    }
}

extension RepositoryPlans {
    /// What a restore job would look for in a repository's backups; nil where none restores from it.
    package func source(of repository: Repository) -> BackupSource? { uses.first { !$0.isBackup && $0.repository.name == repository.name }?.source }
}

extension Repository {
    /// The list of its backups.
    /// - Parameter notes: What the running program knows of them; nil where none runs.
    package func answer(_ versions: [Snapshot], _ notes: BackupNotesAnswer?) -> BackupsAnswer {
        let reasons = backups.keepReasons(of: versions, pinned: notes?.pinned, lastComplete: notes?.lastWhole)
        return BackupsAnswer(
            repository: name,
            backups: versions.map { version in
                let size = notes?.sizes[version.id]
                return .init(
                    id: version.id, short: version.shortID, at: version.date, archiveBytes: version.storedBytes ?? 0,
                    sha256: version.checksum, files: size?.files, bytes: size?.bytes,
                    reasons: (reasons[version.id] ?? []).map(\.rawValue), damage: notes?.damaged[version.id])
            })
    }

    /// Does all that a restore of a backup does but write.
    /// - Parameters:
    ///   - source: What it must hold; nil where that is not known.
    ///   - scratch: A folder for the download.
    package func verification(
        of version: Snapshot, holding source: BackupSource?, scratch: String, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async -> VerifyAnswer {
        do throws(BackupError) {
            let contents = try await backups.verify(version, holding: source, scratch: scratch, onProgress: onProgress)
            return VerifyAnswer(
                repository: name, id: version.id, at: version.date, isWhole: true, files: contents.files, bytes: contents.bytes, notes: contents.notes)
        } catch {
            return VerifyAnswer(repository: name, id: version.id, at: version.date, isWhole: false, problem: "\(error)")
        }
    }
}

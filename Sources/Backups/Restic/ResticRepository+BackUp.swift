import Buckets
import Files
import Foundation
import Restic
import Storage
import Synchronization

extension ResticRepository {
    private static var rounds: Int { 4 }

    /// Stores what the repository does not hold yet, then the snapshot. The order is that of restic: packs, indexes, snapshot, so that whatever ends it, what is
    /// found is whole.
    package func backUp(
        _ source: BackupSource, _ lineage: Lineage, _ request: BackupRequest, onProgress: @escaping BackupProgressReceiver,
        onPacked: @Sendable (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(BackupError) -> BackupOutcome {
        var last = StorageError.stale("the repository changes faster than this backup could be stored")
        var carried: StoredPacks?
        for _ in 0..<ResticRepository.rounds {
            let token: PublishToken?
            do { token = try await backend.head() } catch { throw .store(error) }
            let opened = try await access.open()
            var all: [ResticSnapshot] = []
            if let opened { all = try await access.snapshots(opened) }
            let head = head(of: all)
            let newest = opened == nil ? try await earlierHead() : head?.1
            let known = try await lineageHead(newest, unlessKnownTo: lineage)
            let isOurs = lineage.descends(from: known)
            let scan = try await TreeScan.scan(source)
            let fingerprint = Lineage.Fingerprint(tree: scan.fingerprint, content: nil)
            if opened != nil, let last = lineage.unchanged(fingerprint.tree, since: known) { return .unchanged(last) }
            if !request.mayBeEmpty {
                let before = head.map { ResticRepository.before($0.0) } ?? (newest?.holdsBackup == true ? .unknown : nil)
                try scan.refuseEmpty(lineage, after: isOurs ? before : nil)
            }
            let (files, created): (ResticFiles, [SavedObject])
            if let opened { (files, created) = (opened, []) } else { (files, created) = try await access.create(at: request.now) }
            // What is sealed with another key is of no use any more.
            let uploads = carried.flatMap { $0.files.key == files.key ? $0 : nil } ?? StoredPacks(files)
            carried = uploads
            let attempt = ResticBackup(
                repository: self, files: files, created: created, token: token, head: head?.0, known: known, isOurs: isOurs, scan: scan, request: request,
                lineage: lineage, fingerprint: fingerprint)
            do throws(StaleOr) {
                return try await attempt.run(uploads, onProgress, onPacked)
            } catch {
                guard case .stale(let error) = error else { throw error.failure }
                last = error
            }
        }
        throw .store(last)
    }

    private static func before(_ snapshot: ResticSnapshot) -> TreeScan.Before { snapshot.file.summary.map { $0.files > 0 ? .something : .unknown } ?? .unknown }
}

/// Why one attempt to publish has ended.
enum StaleOr: Error {
    /// Another writer was faster.
    case stale(StorageError)
    case failed(BackupError)

    var failure: BackupError {
        switch self {
        case .stale(let error): .store(error)
        case .failed(let error): error
        }
    }
}

/// One attempt to store a tree on top of a head.
private struct ResticBackup {
    private static let databasePatience = 10.0

    let repository: ResticRepository
    let files: ResticFiles
    let created: [SavedObject]
    let token: PublishToken?
    let head: ResticSnapshot?
    let known: Lineage.Head?
    let isOurs: Bool
    let scan: TreeScan
    let request: BackupRequest
    let lineage: Lineage
    let fingerprint: Lineage.Fingerprint

    func run(
        _ carried: StoredPacks, _ onProgress: @escaping BackupProgressReceiver,
        _ onPacked: (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(StaleOr) -> BackupOutcome {
        let result: Result<BackupOutcome, StaleOr>
        do throws(BackupError) {
            result = try await ResticLock.holding(files, exclusively: false, now: { [request] in request.now }) { _ throws(BackupError) in
                try await ScratchFolder.with(below: request.scratch) { folder throws(BackupError) in
                    do throws(StaleOr) { return .success(try await store(folder, carried, onProgress, onPacked)) } catch { return .failure(error) }
                }
            }
        } catch {
            throw .failed(error)
        }
        return try result.get()
    }

    private func store(
        _ scratch: Folder, _ carried: StoredPacks, _ onProgress: @escaping BackupProgressReceiver,
        _ onPacked: (SnapshotReport, Lineage.Head?) async throws(BackupError) -> Void
    ) async throws(StaleOr) -> BackupOutcome {
        let stored: ResticTreeWriter.Stored
        let cache = request.cache.flatMap { try? Folder.make($0, mode: 0o700) }
        do throws(BackupError) {
            stored = try await write(scratch, carried, cache, onProgress)
            let tree = stored.tree.description
            if carried.packs.isEmpty, lineage.holds(content: tree, checksum: tree, known) {
                KnownFiles.commit(in: cache)
                return .same(stored.report, fingerprint(of: stored.report), known)
            }
            if Task.isCancelled { throw .cancelled }
            if isOurs { try await onPacked(stored.report, known) }
        } catch {
            throw .failed(error)
        }
        let snapshot = try await publish(stored, carried)
        KnownFiles.commit(in: cache)
        if !isOurs { throw .failed(.setAside(setAside(snapshot), incomplete: stored.report.incomplete)) }
        return .stored(Snapshot(snapshot), stored.report, fingerprint(of: stored.report))
    }

    private func fingerprint(of report: SnapshotReport) -> Lineage.Fingerprint {
        var fingerprint = fingerprint
        fingerprint.content = report.content
        return fingerprint
    }

    // MARK: Writing

    private func write(
        _ scratch: Folder, _ carried: StoredPacks, _ cache: Folder?, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> ResticTreeWriter.Stored {
        var index = try await files.index().index
        if !carried.packs.isEmpty {
            // Whoever was faster may have removed what no index names.
            let packs = try await files.packs()
            if files.backend.traits.appearance == .whenSaved { carried.keep { entry in packs[entry.pack].map(entry.fits) ?? false } }
            index.add(IndexFile(packs: carried.packs))
        }
        let (scan, files, threads) = (scan, files, repository.threads)
        let (head, restored) = (isOurs ? head : nil, request.restored)
        let written = try await DedicatedThread.run { [index] flag throws(BackupError) in
            do {
                let loader = PackLoader(files.backend, flag)
                let reader = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
                let top = try head.map { try ResticLayout.top(of: $0.file, reader) }
                let restoredFiles = restored.flatMap { restored in
                    BlobID(hex: restored.tree).map { RestoredFiles(tree: PreviousTree(reader, $0), before: restored.before) }
                }
                let blobs = try BlobWriter(key: files.key, index: index, threads: threads) { pack in try carried.store(pack, flag) }
                let known = KnownFiles(in: cache, of: files.key.fingerprint, restored: restoredFiles)
                let writer = ResticTreeWriter(
                    scan: scan, scratch: scratch, blobs: blobs, databasePatience: ResticBackup.databasePatience, known: known,
                    previous: PreviousTree(reader, top), flag: flag, onProgress: onProgress)
                let written = try writer.write()
                known.finish()
                return written
            } catch {
                throw flag.isSet ? .cancelled : BackupError(restic: error)
            }
        }
        carried.add(written.packs)
        return written
    }

    // MARK: Publishing

    private func publish(
        _ stored: ResticTreeWriter.Stored, _ carried: StoredPacks
    ) async throws(StaleOr) -> ResticSnapshot {
        let report = stored.report
        let file = SnapshotFile(
            time: FileTime(request.now), tree: stored.tree, paths: scan.source.places, host: ProcessInfo.processInfo.hostName, user: ResticNames.user,
            tags: isOurs ? [] : [ResticNames.asideTag], parent: head?.id, program: "shipkeeper",
            summary: .init(files: report.files, bytes: report.bytes, added: stored.added, stored: report.archiveBytes))
        do throws(BackupError) {
            var saved = created + carried.saved
            for index in IndexFile.files(carried.packs) { saved.append(try await files.save(index.json, below: "index")) }
            let object = try files.sealed(file.json, below: "snapshots")
            let title = "\(isOurs ? "" : "Not the newest: ")Backup of \(request.now.formatted(.iso8601)): \(report.files) files, \(report.bytes) bytes"
            do throws(StorageError) {
                _ = try await files.backend.publish(Publication(saved, then: [object], title: title, at: request.now), expecting: token)
            } catch {
                throw .store(error)
            }
            guard let id = ResticFiles.id(of: object.name) else { throw .unexpected("the snapshot has no id") }
            return ResticSnapshot(id: id, file: file)
        } catch {
            if case .store(let error) = error, error.kind == .stale { throw .stale(error) }
            throw .failed(error)
        }
    }

    private func setAside(_ snapshot: ResticSnapshot) -> StorageError {
        let words =
            lineage.knownHead == nil
            ? "the repository holds a backup that this container has not restored"
            : "another container has stored a backup since this container last looked"
        return .stale("\(words); this container's data was stored next to it as the snapshot \(snapshot.id.short), with the tag \(ResticNames.asideTag)")
    }
}

import Buckets
import Files
import Foundation
import Restic
import Storage
import Synchronization

extension ResticRepository {
    /// Forgets snapshots that the retention rule does not keep, and removes what nothing refers to any more. Packs that hold something which is still needed stay
    /// as they are until what is not needed is more than a twentieth of the repository; then they are rewritten without it.
    ///
    /// Killed at any point, it leaves a repository that is whole, with something in it that the next time removes.
    package func prune(
        scratch: String, protected: [Lineage.Reference] = [], onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> Int {
        guard removal != .never, let files = try await access.open() else { return 0 }
        return try await ResticLock.holding(files, exclusively: true, now: { Date() }) { lock throws(BackupError) in
            let token: PublishToken?
            do throws(StorageError) { token = try await backend.head() } catch { throw BackupError.store(error) }
            let all = try await access.snapshots(files)
            let gone = forgotten(all, protected: protected)
            guard !gone.isEmpty else { return 0 }
            if removal == .afterVerifying, let newest = head(of: all)?.1 { _ = try await verify(newest, scratch: scratch, onProgress: onProgress) }
            let prune = ResticPrune(files: files, threads: threads, lock: lock)
            try await prune.run(removing: gone, keeping: all.filter { !gone.contains($0) }, expecting: token, at: Date())
            return gone.filter(\.isBackup).count
        }
    }

    /// Those that go. The newest backup stays, and the newest of those that were set aside.
    private func forgotten(_ all: [ResticSnapshot], protected: [Lineage.Reference]) -> [ResticSnapshot] {
        let backups = all.filter(\.isBackup)
        let kept = kept(of: backups.map { Snapshot($0) }, protected: protected)
        let aside = all.filter(\.isAside)
        let oldest = backups.last { kept.contains($0.id.description) }?.file.time
        // What was set aside stays as long as backups of its time do.
        let oldAside = aside.filter { snapshot in oldest.map { snapshot.file.time < $0 } ?? false }
        return backups.filter { !kept.contains($0.id.description) } + oldAside
    }
}

/// Removes snapshots, and what nothing refers to any more.
struct ResticPrune {
    /// Packs are rewritten once what is not needed is more than this part of the repository.
    private static let mostUnused = 0.05

    let files: ResticFiles
    let threads: Int
    let lock: ResticLock?

    /// What becomes of the packs of a repository.
    struct Plan: Hashable {
        /// Nothing in them is needed.
        var unneeded: [BlobID] = []
        /// What is needed of them is rewritten.
        var rewritten: [BlobID] = []
        /// Blobs of those that are rewritten.
        var moved: [BlobKey] = []
        /// What the new indexes say of packs that stay.
        var stay: [IndexFile.Entry] = []

        var removed: [BlobID] { unneeded + rewritten }
    }

    /// - Parameter kept: The snapshots that stay.
    func run(
        removing gone: [ResticSnapshot], keeping kept: [ResticSnapshot], expecting token: PublishToken?, at now: Date
    ) async throws(BackupError) {
        let (index, indexes) = try await files.index()
        let packs = try await files.packs()
        let used = try await used(by: kept, index)
        let plan = ResticPrune.plan(indexes.values.flatMap(\.packs), packs, used)
        let (moved, saved) = try await move(plan.moved, index)
        var names = gone.map { SnapshotFile.name($0.id) }
        var new = saved
        let isRewritten = !plan.removed.isEmpty
        if isRewritten {
            for file in IndexFile.files(plan.stay + moved) { new.append(try await files.save(file.json, below: "index")) }
        }
        let kept = Set(new.map(\.name))
        let (oldIndexes, oldPacks) = (indexes.keys.filter { isRewritten && !kept.contains($0) }.sorted(), plan.removed.map(Pack.name))
        try lock?.check()
        // With commits all of it is one step. Without, each step comes once the one before is done: nothing that is found may refer to what is gone.
        let isOneStep = files.backend.traits.appearance == .whenPublished
        if isOneStep { names += oldIndexes + oldPacks }
        let title = "Remove \(gone.count) snapshots"
        do throws(StorageError) {
            _ = try await files.backend.publish(Publication(new, removing: names, title: title, at: now), expecting: token)
        } catch {
            throw .store(error)
        }
        if isOneStep { return }
        try await remove(oldIndexes)
        try await remove(oldPacks)
    }

    private func remove(_ names: [String]) async throws(BackupError) {
        for start in stride(from: 0, to: names.count, by: 500) {
            try lock?.check()
            do { try await files.backend.remove(Array(names[start..<min(names.count, start + 500)])) } catch { throw .store(error) }
        }
    }

    /// Pure.
    /// - Parameters:
    ///   - entries: What all indexes say.
    ///   - packs: The packs that are there, with their sizes in bytes.
    ///   - used: The blobs that snapshots which stay refer to.
    static func plan(_ entries: [IndexFile.Entry], _ packs: [BlobID: Int64], _ used: Set<BlobKey>) -> Plan {
        var plan = Plan()
        var seen = Set<BlobID>()
        // Of a blob that several packs hold, the first copy counts.
        var placed = Set<BlobKey>()
        var partly: [(entry: IndexFile.Entry, needed: [BlobKey], unused: Int64)] = []
        for entry in entries where packs[entry.pack].map(entry.fits) ?? false && seen.insert(entry.pack).inserted {
            let needed = entry.blobs.filter { used.contains($0.key) && placed.insert($0.key).inserted }
            if needed.isEmpty {
                plan.unneeded.append(entry.pack)
            } else if needed.count == entry.blobs.count {
                plan.stay.append(entry)
            } else {
                partly.append((entry, needed.map(\.key), Int64(entry.blobs.reduce(0) { $0 + $1.length } - needed.reduce(0) { $0 + $1.length })))
            }
        }
        // What no index names: a backup that was cut short has left it.
        plan.unneeded += packs.keys.filter { !seen.contains($0) }
        let total = packs.filter { !plan.unneeded.contains($0.key) }.values.reduce(0, +)
        var unused = partly.reduce(0) { $0 + $1.unused }
        // Those first that give most.
        for (entry, needed, waste) in partly.sorted(by: { ($0.unused, $0.entry.pack) > ($1.unused, $1.entry.pack) }) {
            if Double(unused) > mostUnused * Double(total) {
                plan.rewritten.append(entry.pack)
                plan.moved += needed
                unused -= waste
            } else {
                plan.stay.append(entry)
            }
        }
        plan.stay.sort { $0.pack < $1.pack }
        plan.unneeded.sort()
        return plan
    }

    /// All blobs that snapshots refer to.
    /// - Throws: `archive` where a tree of one of them can't be read: then nothing is removed.
    private func used(by snapshots: [ResticSnapshot], _ index: BlobIndex) async throws(BackupError) -> Set<BlobKey> {
        try await DedicatedThread.run { [files] flag throws(BackupError) in
            do {
                let loader = PackLoader(files.backend, flag)
                let reader = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
                var used = Set<BlobKey>()
                var waiting = snapshots.map(\.file.tree)
                while let tree = waiting.popLast() {
                    guard used.insert(BlobKey(tree, .tree)).inserted else { continue }
                    for node in try reader.tree(tree).nodes {
                        switch node.kind {
                        case .file(_, let content): for id in content { used.insert(BlobKey(id, .data)) }
                        case .folder(let below?): waiting.append(below)
                        case .folder, .symbolicLink, .fifo, .socket, .device, .characterDevice: break
                        }
                    }
                }
                return used
            } catch {
                throw flag.isSet ? .cancelled : BackupError(restic: error)
            }
        }
    }

    /// Writes blobs into new packs.
    private func move(_ blobs: [BlobKey], _ index: BlobIndex) async throws(BackupError) -> ([IndexFile.Entry], [SavedObject]) {
        if blobs.isEmpty { return ([], []) }
        let packs = StoredPacks(files)
        let entries = try await DedicatedThread.run { [files, threads] flag throws(BackupError) in
            do {
                let loader = PackLoader(files.backend, flag)
                let reader = try BlobReader(key: files.key, index: index) { try loader.load($0, $1) }
                let writer = try BlobWriter(key: files.key, index: BlobIndex(), threads: threads) { pack in try packs.store(pack, flag) }
                for blob in blobs { _ = try writer.add(try reader.content(blob.id, blob.kind), blob.kind) }
                return try writer.finish()
            } catch {
                throw flag.isSet ? .cancelled : BackupError(restic: error)
            }
        }
        return (entries, packs.saved)
    }
}

import Archive
import Crypto
package import Files
import Foundation
import TimeZones

/// Restores a tree: unpacks it next to the live one, verifies it, and only then swaps it in. The old tree is kept next to the new one until
/// `PreRestoreCopies.remove`.
package struct TreeRestorer: Sendable {
    let repository: any BackupRepository
    let source: BackupSource
    /// Different for every restore; part of the names next to the live tree.
    let id: String
    private let owner: FileOwner
    /// The mark that the new tree gets in the old one's place; nil for none.
    private var mark: TreeMark?

    /// - Parameters:
    ///   - id: Different for every restore, of characters that may be in a file name: part of the names next to the live tree.
    ///   - owner: Whether files get the owner that the archive names.
    package init(repository: any BackupRepository, source: BackupSource, id: String, owner: FileOwner = .stored) {
        self.repository = repository
        self.owner = owner
        self.source = source
        self.id = id
    }

    /// The same restorer, whose restored tree gets a mark.
    package func bearing(_ mark: TreeMark) -> TreeRestorer {
        var restorer = self
        restorer.mark = mark
        return restorer
    }

    /// A newer backup that could not be restored.
    package struct Fallback: Sendable {
        /// The version that could not be restored.
        package var version: Snapshot
        /// Always `archive`: other errors end the restore.
        package var reason: BackupError
    }

    /// How a restore went that has put a tree in place.
    package struct Report: Sendable {
        /// The version that was restored.
        package var version: Snapshot
        /// The head when the restore began: what the tree descends from, if no other client has written since.
        package var head: Snapshot?
        /// Regular files.
        package var files: Int
        /// Bytes of content, without holes.
        package var bytes: Int64
        /// Members that were left out, with the reason.
        package var skipped: [String]
        /// How the tree was put in its place, for the log: `renamed`, `exchanged`, `moved entry by entry`.
        package var way: String
        /// When it was there, by the clock of its file system; nil where that is not known.
        package var finished: FileTime?
        /// Newer backups that were tried before this one, newest first; empty where the newest was restored.
        package var fallbacks: [Fallback] = []
        /// The fallbacks and other facts as messages for the operator.
        package var notes: [String]
    }

    /// How a restore has ended, where it did not fail.
    package enum Outcome: Sendable {
        /// The live tree has been replaced.
        case restored(Report)
        /// The repository has answered and holds nothing; its head, where it has versions.
        case empty(head: Snapshot?)
    }

    /// Finishes or removes what an interrupted restore left. Call it before anything uses the tree. The disk work is done on a thread of its own.
    /// - Returns: What was done, as messages for the log; empty where there was nothing to do.
    package func recover() async throws(BackupError) -> [String] {
        try await DedicatedThread.run { _ throws(BackupError) in
            var done: [String] = []
            for place in source.located() {
                do throws(FileError) { done += try TreeSwap.recover(parent: Folder.open(place.parent), name: place.name) } catch {
                    if !error.isMissing, !error.isNoFolder { throw .file(error) }
                }
            }
            return done
        }
    }

    /// Restores the newest version that is whole. Damaged ones are skipped, and named in the report. Suspends for the network; the disk work is
    /// on a thread of its own.
    /// - Throws: `nothingGood` where there are versions and none can be restored, `notInBackup`, `notEnoughSpace`, `mountBelow`, `store`,
    ///   `file`, `cancelled`. The live tree is untouched then, except for a `file` error of the swap itself, which `recover` resolves.
    package func restore(onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Outcome {
        guard let head = try await repository.head() else { return .empty(head: nil) }
        var failed: [Fallback] = []
        var tried = Set<String>()
        if head.holdsBackup {
            if let report = try await attempt(head, head, &failed, onProgress) { return .restored(report) }
            tried.insert(head.id)
        }
        let versions = try await repository.snapshots()
        if versions.isEmpty, failed.isEmpty {
            guard !head.otherObjects.isEmpty else { return .empty(head: head) }
            let names = head.otherObjects.keys.sorted().prefix(5).joined(separator: ", ")
            throw .nothingGood([
                "the repository holds \(names), but no \(repository.backupName): give the newest backup there that name, or name an empty place"
            ])
        }
        for version in versions
        where !tried.contains(version.id) && version.checksum.map({ $0 != head.checksum }) ?? true {
            if let report = try await attempt(version, head, &failed, onProgress) { return .restored(report) }
        }
        throw .nothingGood((tried.isEmpty ? ["the newest version holds no backup"] : []) + failed.map(\.description))
    }

    /// Restores this version and no other; a damaged one is thrown as `archive`.
    package func restore(_ version: Snapshot, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Report {
        try await restore(version, head: try await repository.head(), onProgress)
    }

    /// Nil, with the reason noted, where the version is damaged.
    private func attempt(
        _ version: Snapshot, _ head: Snapshot, _ failed: inout [Fallback], _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> Report? {
        do {
            var report = try await restore(version, head: head, onProgress)
            report.fallbacks = failed
            report.notes = failed.map { "a newer backup could not be used: \($0.description)" } + report.notes
            return report
        } catch {
            guard case .archive(let reason) = error, !reason.isOfFiles else { throw error }
            failed.append(Fallback(version: version, reason: error))
            return nil
        }
    }

    private func restore(
        _ version: Snapshot, head: Snapshot?, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> Report {
        let staging = try makeStaging()
        let (parent, name, folder) = (staging.parent, staging.name, staging.folder)
        return try await ScratchFolder.removing(name, in: parent) { () async throws(BackupError) in
            try await restore(version, head, by: folder, onProgress)
        }
    }

    private func restore(
        _ version: Snapshot, _ head: Snapshot?, by folder: Folder, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> Report {
        let tree = try await repository.open(version, scratch: folder, onProgress: onProgress)
        return try await DedicatedThread.run { flag throws(BackupError) in
            let extraction = TreeExtraction(
                tree: tree, flag: flag, owner: owner, source: source,
                onProgress: { onProgress(BackupProgress(.unpacking, files: $0, bytes: $1, ofBytes: tree.storedBytes)) })
            let result = try extraction.run(into: folder)
            // From here on it is known that every byte is as it was stored.
            onProgress(BackupProgress(.replacing, files: result.report.files))
            mark?.stage(on: result.present, in: folder)
            let removed = try prepare(folder)
            if flag.isSet { throw .cancelled }
            let ways = try swap(result.present, folder, flag)
            let finished = try? folder.create("finished").status().changed
            let missing = result.missing.filter { !source.optional.contains($0.member) }
            return Report(
                version: version, head: head, files: result.report.files, bytes: result.report.bytes, skipped: result.report.skipped + removed, way: ways,
                finished: finished,
                notes: result.notes + missing.map { "the archive holds no \($0.readable); what is there stays" })
        }
    }

    /// Removes locks from the new tree, and returns once that is on the disk: after a power cut, names without contents must not be found in
    /// the live tree's place. Returns what was left out.
    private func prepare(_ folder: Folder) throws(BackupError) -> [String] {
        do throws(FileError) {
            let removed = try VolatileRemoval.run(in: folder)
            try folder.syncFileSystem()
            let named = removed.prefix(20).map { "\($0): a lock or shared memory of processes that are no more" }
            return named + (removed.count > named.count ? ["and \(removed.count - named.count) more of that kind"] : [])
        } catch {
            throw .file(error)
        }
    }

    // MARK: Steps

    private struct Staging {
        var folder: Folder
        var parent: Folder
        var name: RawName
    }

    private func makeStaging() throws(BackupError) -> Staging {
        let mounts = MountTable()
        for item in source.located() {
            if let mount = mounts.mount(below: item.place) { throw .mountBelow(path: item.place, mount: mount) }
        }
        do throws(FileError) { return try makeStaging(mounts) } catch { throw .file(error) }
    }

    /// Next to the live tree; inside it where it is a mount of its own or its parent can't be written.
    private func makeStaging(_ mounts: MountTable) throws(FileError) -> Staging {
        let inside = RestoreNames.staging(RestoreNames.inside, id)
        guard let first = source.located().first else { return try makeStaging(inside, in: Folder.open(source.base)) }
        if mounts.isMount(first.place), let target = try? Folder.open(first.place) { return try makeStaging(inside, in: target) }
        do throws(FileError) { return try makeStaging(RestoreNames.staging(first.name, id), in: Folder.make(first.parent)) } catch {
            guard error.needsMoving, let target = try? Folder.open(first.place) else { throw error }
            return try makeStaging(inside, in: target)
        }
    }

    private func makeStaging(_ name: RawName, in parent: Folder) throws(FileError) -> Staging {
        try parent.removeTree(name)
        try parent.makeFolder(name)
        return Staging(folder: try parent.folder(name), parent: parent, name: name)
    }

    private func swap(_ items: [BackupSource.Item], _ staging: Folder, _ flag: CancelFlag) throws(BackupError) -> String {
        do throws(FileError) {
            var ways = Set<String>()
            for item in items {
                let folder = try staging.folder(below: item.member.dropLast())
                guard let tree = item.member.last else { continue }
                let parent = try Folder.make(item.parent)
                // Where nothing has changed since the last restore, the old tree need not be kept.
                let isSame = TreeComparison.areSame(item.name, in: parent, tree, in: folder, flag)
                let swap = try TreeSwap.run(TreeSwap(parent: parent, name: item.name, id: id, with: tree, in: folder))
                if isSame, let kept = swap.kept { try? kept.folder.removeTreeKeepingTime(kept.name) }
                ways.insert(swap.way.rawValue)
            }
            return ways.sorted().joined(separator: ", ")
        } catch {
            throw .file(error)
        }
    }
}

/// Old trees that restores have kept next to the live one.
package enum PreRestoreCopies {
    /// Removes them, once a good backup of the new tree has been made. Errors are ignored: the next backup tries again. The disk work is done on
    /// a thread of its own.
    /// - Returns: How many were removed.
    package static func remove(of source: BackupSource) async -> Int {
        await DedicatedThread.run { _ in
            source.located().reduce(0) { count, place in
                guard let parent = try? Folder.open(place.parent) else { return count }
                return count + ((try? TreeSwap.removeKept(parent: parent, name: place.name)) ?? 0)
            }
        } ?? 0
    }
}

extension TreeRestorer.Fallback: CustomStringConvertible {
    package var description: String { "\(ShownTime.text(version.date)): \(reason)" }
}

extension ArchiveError {
    /// A problem of this machine's files, not of the archive.
    fileprivate var isOfFiles: Bool {
        switch self {
        case .file, .tooLarge, .cancelled: true
        case .damaged, .refused: false
        }
    }
}

import Archive
import Crypto
package import Files
import Foundation
package import Storage
import TimeZones

/// Brings a stored tree back: unpacked beside the live one, verified, and only then put in its place.
package struct TreeRestorer: Sendable {
    let repository: ArchiveRepository
    let source: BackupSource
    /// Differs for every restore; part of the names beside the live tree.
    let id: String
    private let owner: FileOwner
    /// What the new tree says of itself from the moment it is in the old one's place; nil for nothing.
    private var mark: TreeMark?

    package init(repository: ArchiveRepository, source: BackupSource, id: String, owner: FileOwner = .stored) {
        self.repository = repository
        self.owner = owner
        self.source = source
        self.id = id
    }

    /// The same, and the tree that it puts in place bears a mark.
    package func bearing(_ mark: TreeMark) -> TreeRestorer {
        var restorer = self
        restorer.mark = mark
        return restorer
    }

    /// A newer backup that could not be restored.
    package struct Fallback: Sendable {
        package var version: StoreVersion
        package var reason: BackupError
    }

    package struct Report: Sendable {
        package var version: StoreVersion
        /// The head when the restore began: what the tree descends from, if nobody has written since.
        package var head: StoreVersion?
        package var files: Int
        package var bytes: Int64
        /// Members that were left out, with the reason.
        package var skipped: [String]
        /// How the tree was put in its place.
        package var way: String
        /// Newer backups that were tried before this one, newest first; empty where the newest was restored.
        package var fallbacks: [Fallback] = []
        /// The same in words, and other things worth a word.
        package var notes: [String]
    }

    package enum Outcome: Sendable {
        case restored(Report)
        /// The repository has answered and holds nothing; its head, where it has versions.
        case empty(head: StoreVersion?)
    }

    /// Finishes or clears what an earlier restore left when it was cut short.
    package func recover() async throws(BackupError) -> [String] {
        try await DedicatedThread.run { _ throws(BackupError) in
            var done: [String] = []
            for place in source.items {
                do throws(FileError) { done += try TreeSwap.recover(parent: Folder.open(place.parent), name: place.name) } catch {
                    if !error.isMissing, !error.isNoFolder { throw .file(error) }
                }
            }
            return done
        }
    }

    /// Restores the newest version that is whole. Damaged ones are passed over, and named in the report.
    package func restore(onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Outcome {
        guard let head = try await repository.head() else { return .empty(head: nil) }
        var failed: [Fallback] = []
        var tried = Set<String>()
        if head.objects[ArchiveNames.archive] != nil {
            if let report = try await attempt(head, head, &failed, onProgress) { return .restored(report) }
            tried.insert(head.id)
        }
        let versions = try await repository.backups()
        if versions.isEmpty, failed.isEmpty {
            guard !head.objects.isEmpty else { return .empty(head: head) }
            let names = head.objects.keys.sorted().prefix(5).joined(separator: ", ")
            throw .nothingGood([
                "the repository holds \(names), but no \(ArchiveNames.archive): give the newest backup there that name, or name an empty place"
            ])
        }
        for version in versions
        where !tried.contains(version.id) && version.digests[ArchiveNames.archive].map({ $0 != head.digests[ArchiveNames.archive] }) ?? true {
            if let report = try await attempt(version, head, &failed, onProgress) { return .restored(report) }
        }
        throw .nothingGood((tried.isEmpty ? ["the newest version holds no backup"] : []) + failed.map(\.description))
    }

    /// Restores one version and no other.
    package func restore(_ version: StoreVersion, onProgress: @escaping BackupProgressReceiver) async throws(BackupError) -> Report {
        try await restore(version, head: try await repository.head(), onProgress)
    }

    /// Nil, with the reason noted, where the version is damaged.
    private func attempt(
        _ version: StoreVersion, _ head: StoreVersion, _ failed: inout [Fallback], _ onProgress: @escaping BackupProgressReceiver
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
        _ version: StoreVersion, head: StoreVersion?, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> Report {
        let staging = try makeStaging()
        let (parent, name, folder) = (staging.parent, staging.name, staging.folder)
        return try await ScratchFolder.removing(name, in: parent) { () async throws(BackupError) in
            try await restore(version, head, by: folder, onProgress)
        }
    }

    private func restore(
        _ version: StoreVersion, _ head: StoreVersion?, by folder: Folder, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> Report {
        let archive = try await repository.fetch(version, scratch: folder, onProgress: onProgress)
        return try await DedicatedThread.run { flag throws(BackupError) in
            let extraction = ArchiveExtraction(
                archive: archive, flag: flag, owner: owner, source: source,
                onProgress: { onProgress(BackupProgress(.unpacking, files: $0, bytes: $1, ofBytes: archive.size)) })
            let result = try extraction.run(into: folder)
            // From here on it is known that every byte is as it was stored.
            onProgress(BackupProgress(.replacing, files: result.report.files))
            mark?.stage(on: result.present, in: folder)
            let removed = try prepare(folder)
            if flag.isSet { throw .cancelled }
            let ways = try swap(result.present, folder, flag)
            let missing = result.missing.filter { !source.optional.contains($0.member) }
            return Report(
                version: version, head: head, files: result.report.files, bytes: result.report.bytes, skipped: result.report.skipped + removed, way: ways,
                notes: result.notes + missing.map { "the archive holds no \($0.readable); what is there stays" })
        }
    }

    /// Takes locks out of the new tree, and returns once that is on the disk: after a power cut names without contents must not be found in
    /// the live tree's place. Gives what was left out.
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
        for item in source.items {
            if let mount = mounts.mount(below: item.place) { throw .mountBelow(path: item.place, mount: mount) }
        }
        do throws(FileError) { return try makeStaging(mounts) } catch { throw .file(error) }
    }

    /// Beside the live tree; inside it where it is a mount of its own or what is around it can't be written.
    private func makeStaging(_ mounts: MountTable) throws(FileError) -> Staging {
        let inside = RestoreNames.staging(RestoreNames.inside, id)
        guard let first = source.items.first else { return try makeStaging(inside, in: Folder.open(source.base)) }
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
                // Where nothing has changed since the last restore, the tree that gives way is no loss.
                let isSame = TreeComparison.areSame(item.name, in: parent, tree, in: folder, flag)
                let swap = try TreeSwap.run(TreeSwap(parent: parent, name: item.name, id: id, with: tree, in: folder))
                if isSame, let kept = swap.kept { try? kept.folder.removeTree(kept.name) }
                ways.insert(swap.way.rawValue)
            }
            return ways.sorted().joined(separator: ", ")
        } catch {
            throw .file(error)
        }
    }
}

/// Old trees that restores have kept beside the live one.
package enum PreRestoreCopies {
    /// Removes them: a good backup of what came after has been made. Gives their number.
    package static func remove(of source: BackupSource) async -> Int {
        await DedicatedThread.run { _ in
            source.items.reduce(0) { count, place in
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
    /// Trouble with this machine's files, not with the archive.
    fileprivate var isOfFiles: Bool {
        switch self {
        case .file, .tooLarge, .cancelled: true
        case .damaged, .refused: false
        }
    }
}

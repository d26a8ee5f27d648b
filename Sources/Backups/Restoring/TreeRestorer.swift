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

    package init(repository: ArchiveRepository, source: BackupSource, id: String, owner: FileOwner = .stored) {
        self.repository = repository
        self.owner = owner
        self.source = source
        self.id = id
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

    /// How far a restore has come.
    package enum Progress: Sendable {
        case downloading(done: Int64, total: Int64)
        case unpacking(files: Int, bytes: Int64)
    }

    /// Finishes or clears what an earlier restore left when it was cut short.
    package func recover() async throws(BackupError) -> [String] {
        try await OwnThread.run { _ throws(BackupError) in
            var done: [String] = []
            for place in source.items {
                guard let parent = try? Folder.open(place.parent) else { continue }
                do throws(FileError) { done += try TreeSwap.recover(parent: parent, name: place.name) } catch { throw .file(error) }
            }
            return done
        }
    }

    /// Restores the newest version that is whole. Damaged ones are passed over, and named in the report.
    package func restore(onProgress: @escaping @Sendable (Progress) -> Void) async throws(BackupError) -> Outcome {
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
    package func restore(_ version: StoreVersion, onProgress: @escaping @Sendable (Progress) -> Void) async throws(BackupError) -> Report {
        try await restore(version, head: try await repository.head(), onProgress)
    }

    /// Nil, with the reason noted, where the version is damaged.
    private func attempt(
        _ version: StoreVersion, _ head: StoreVersion, _ failed: inout [Fallback], _ onProgress: @escaping @Sendable (Progress) -> Void
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
        _ version: StoreVersion, head: StoreVersion?, _ onProgress: @escaping @Sendable (Progress) -> Void
    ) async throws(BackupError) -> Report {
        let staging = try makeStaging()
        let (parent, name, folder) = (staging.parent, staging.name, staging.folder)
        return try await ScratchFolder.removing(name, in: parent) { () async throws(BackupError) in
            try await restore(version, head, by: folder, onProgress)
        }
    }

    private func restore(
        _ version: StoreVersion, _ head: StoreVersion?, by folder: Folder, _ onProgress: @escaping @Sendable (Progress) -> Void
    ) async throws(BackupError) -> Report {
        let archive = try await repository.fetch(version, scratch: folder) { onProgress(.downloading(done: $0, total: $1)) }
        return try await OwnThread.run { flag throws(BackupError) in
            try ScratchFolder.checkSpace(of: folder, needed: archive.unpackedSize)
            let reading = try archive.read(flag) { reader in
                let room = (try? folder.space().bytes) ?? .max
                let extractor = TreeExtractor(
                    into: folder, limits: ExtractionLimits(bytes: room), owner: owner, onProgress: { onProgress(.unpacking(files: $0.files, bytes: $0.bytes)) })
                return try extractor.extract(reader)
            }
            // From here on it is known that every byte is as it was stored.
            var notes = reading.notes
            do throws(FileError) { try removeVolatile(folder) } catch { throw .file(error) }
            if flag.isSet { throw .cancelled }
            let ways = try swap(folder, &notes)
            return Report(
                version: version, head: head, files: reading.value.files, bytes: reading.value.bytes, skipped: reading.value.skipped, way: ways, notes: notes)
        }
    }

    // MARK: Steps

    private func makeStaging() throws(BackupError) -> (folder: Folder, parent: Folder, name: RawName) {
        do {
            let mounts = MountTable()
            for item in source.items {
                if let mount = mounts.mount(below: item.place) { throw BackupError.mountBelow(path: item.place, mount: mount) }
            }
            let (parent, name) = try stagingPlace(mounts)
            try parent.removeTree(name)
            try parent.makeFolder(name)
            return (try parent.folder(name), parent, name)
        } catch let error as BackupError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .archive(.damaged("\(error)"))
        }
    }

    /// Beside the live tree; inside it where it is a mount of its own or what is around it can't be written.
    private func stagingPlace(_ mounts: MountTable) throws -> (Folder, RawName) {
        guard let first = source.items.first else { return (try Folder.open(source.base), RawName(RestoreNames.staging("tree", id))) }
        let inside = RawName(RestoreNames.staging("tree", id))
        if mounts.isMount(first.place), let target = try? Folder.open(first.place) { return (target, inside) }
        let parent = try Folder.make(first.parent)
        let beside = RawName(RestoreNames.staging(first.name.description, id))
        do throws(FileError) {
            try parent.makeFolder(beside)
            return (parent, beside)
        } catch {
            guard let target = try? Folder.open(first.place) else { throw error }
            return (target, inside)
        }
    }

    /// Locks and sockets in archives of other programs mean nothing here; shared memory of a database even less.
    private func removeVolatile(_ folder: Folder) throws(FileError) {
        for name in try folder.names() {
            let status = try folder.status(name)
            if status.kind == .folder {
                let below = try folder.folder(name)
                try removeVolatile(below)
                if try below.status().modified != status.modified { try below.set(modified: status.modified) }
            } else if Volatile.isVolatile(name) || isSharedMemory(name, in: folder) {
                try folder.remove(name)
            }
        }
    }

    private func isSharedMemory(_ name: RawName, in folder: Folder) -> Bool {
        guard name.description.hasSuffix("-shm"), let database = Volatile.database(ofCompanion: name) else { return false }
        return SQLiteFile.isDatabase(database, in: folder)
    }

    private func swap(_ staging: Folder, _ notes: inout [String]) throws(BackupError) -> String {
        do {
            var ways: [String] = []
            var missing: [BackupSource.Item] = []
            for place in source.items {
                guard let tree = try find(place.member, in: staging) else {
                    missing.append(place)
                    continue
                }
                let parent = try Folder.make(place.parent)
                let swap = TreeSwap(parent: parent, name: place.name, id: id)
                ways.append(try swap.replace(with: tree.name, in: tree.folder).rawValue)
            }
            guard !ways.isEmpty else {
                let found = try staging.names().map(\.description).joined(separator: ", ")
                throw BackupError.notInBackup(wanted: missing.map(\.readable).joined(separator: ", "), holds: found.isEmpty ? "nothing" : found)
            }
            for item in missing where !source.optional.contains(item.member) { notes.append("the archive holds no \(item.readable); what is there stays") }
            return Set(ways).sorted().joined(separator: ", ")
        } catch let error as BackupError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .archive(.damaged("\(error)"))
        }
    }

    private func find(_ path: [RawName], in staging: Folder) throws(FileError) -> (folder: Folder, name: RawName)? {
        var folder = staging
        for name in path.dropLast() {
            guard (try? folder.status(name))?.kind == .folder else { return nil }
            folder = try folder.folder(name)
        }
        guard let name = path.last, folder.exists(name) else { return nil }
        return (folder, name)
    }
}

/// Old trees that restores have kept beside the live one.
package enum KeptTrees {
    /// Removes them: a good backup of what came after has been made. Gives their number.
    package static func remove(of source: BackupSource) async -> Int {
        await OwnThread.run { _ in
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
        case .file, .tooLarge: true
        case .damaged, .refused: false
        }
    }
}

import Archive
import Crypto
package import Files
import Foundation
package import Storage

/// Brings a stored tree back: unpacked beside the live one, verified, and only then put in its place.
package struct TreeRestorer: Sendable {
    let repository: ArchiveRepository
    let source: BackupSource
    /// Differs for every restore; part of the names beside the live tree.
    let id: String

    package init(repository: ArchiveRepository, source: BackupSource, id: String) {
        self.repository = repository
        self.source = source
        self.id = id
    }

    package struct Report: Sendable {
        package var version: StoreVersion
        /// The head when the restore began: what the tree descends from, if nobody has written since.
        package var head: String
        package var files: Int
        package var bytes: Int64
        /// Members that were left out, with the reason.
        package var skipped: [String]
        /// How the tree was put in its place.
        package var way: String
        /// Newer backups that could not be restored, and other things worth a word.
        package var notes: [String]
    }

    package enum Outcome: Sendable {
        case restored(Report)
        case empty
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
    package func restore(onProgress: @escaping @Sendable (_ files: Int, _ bytes: Int64) -> Void) async throws(BackupError) -> Outcome {
        guard let head = try await repository.head() else { return .empty }
        let versions = try await repository.backups()
        guard !versions.isEmpty else {
            throw .nothingGood(["the repository holds files, but no \(ArchiveNames.archive)"])
        }
        var reasons: [String] = []
        for version in versions {
            do {
                var report = try await restore(version, head: head.id, onProgress)
                report.notes = reasons.map { "a newer backup could not be used: \($0)" } + report.notes
                return .restored(report)
            } catch {
                guard case .archive(let reason) = error, !reason.isOfFiles else { throw error }
                reasons.append("\(version.date.formatted(.iso8601)): \(reason)")
            }
        }
        throw .nothingGood(reasons)
    }

    private func restore(
        _ version: StoreVersion, head: String, _ onProgress: @escaping @Sendable (Int, Int64) -> Void
    ) async throws(BackupError) -> Report {
        let staging = try makeStaging()
        let (parent, name) = (staging.parent, staging.name)
        defer { try? parent.removeTree(name) }
        let archive: OpenFile
        let checksum: OpenFile?
        do {
            archive = try await repository.store.open(ArchiveNames.archive, at: version, scratch: staging.folder)
            let hasChecksum = version.objects[ArchiveNames.checksum] != nil
            checksum = hasChecksum ? try await repository.store.open(ArchiveNames.checksum, at: version, scratch: staging.folder) : nil
        } catch {
            throw .store(error)
        }
        let folder = staging.folder
        return try await OwnThread.run { flag throws(BackupError) in
            var notes: [String] = []
            try check(archive, against: checksum, folder, flag, &notes)
            let extraction = try unpack(archive, into: folder, flag, onProgress)
            let ways = try swap(folder, &notes)
            return Report(
                version: version, head: head, files: extraction.files, bytes: extraction.bytes, skipped: extraction.skipped, way: ways, notes: notes)
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

    /// Reads the whole archive once: its digest, and how much it will unpack to.
    private func check(
        _ archive: OpenFile, against checksum: OpenFile?, _ folder: Folder, _ flag: CancelFlag, _ notes: inout [String]
    ) throws(BackupError) {
        let (digest, size) = try measure(archive, flag)
        if flag.isSet { throw .cancelled }
        if let checksum {
            let text: String
            do { text = String(decoding: try checksum.read(4096), as: UTF8.self) } catch { throw .file(error) }
            let wanted = text.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() } ?? ""
            guard wanted == digest else { throw .archive(.damaged("its checksum is not the one stored beside it")) }
        } else {
            notes.append("no checksum was stored beside the archive; it was checked by its own sums only")
        }
        if let space = try? folder.space(), space.bytes < size + 1_000_000 {
            throw .notEnoughSpace(needed: size + 1_000_000, free: space.bytes, path: folder.path)
        }
    }

    /// The digest of the archive's bytes, and the size of what they hold.
    private func measure(_ archive: OpenFile, _ flag: CancelFlag) throws(BackupError) -> (digest: String, size: Int64) {
        var hash = SHA256()
        var size: Int64 = 0
        do {
            try TreeRestorer.rewind(archive)
            let gzip = try GzipReader(WatchedSource(FileSource(archive)) { hash.update(data: $0) })
            while case let bytes = try gzip.read(1 << 20), !bytes.isEmpty, !flag.isSet { size += Int64(bytes.count) }
        } catch {
            throw .archive(error)
        }
        return (hash.finalize().hex, size)
    }

    private static func rewind(_ file: OpenFile) throws(ArchiveError) {
        do { try file.seek(to: 0) } catch { throw .file(error) }
    }

    private func unpack(
        _ archive: OpenFile, into folder: Folder, _ flag: CancelFlag, _ onProgress: @escaping (Int, Int64) -> Void
    ) throws(BackupError) -> ExtractionReport {
        do {
            try TreeRestorer.rewind(archive)
            let gzip = try GzipReader(CancellableSource(FileSource(archive), flag))
            let room = (try? folder.space().bytes) ?? .max
            let extractor = TreeExtractor(into: folder, limits: ExtractionLimits(bytes: room)) { onProgress($0.files, $0.bytes) }
            let report = try extractor.extract(TarReader(gzip))
            try removeVolatile(folder)
            return report
        } catch let error as ArchiveError {
            if flag.isSet { throw .cancelled }
            throw .archive(error)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .archive(.damaged("\(error)"))
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
            var missing: [String] = []
            for place in source.items {
                guard let tree = try find(place.member, in: staging) else {
                    missing.append(place.member.map(\.description).joined(separator: "/"))
                    continue
                }
                let parent = try Folder.make(place.parent)
                let swap = TreeSwap(parent: parent, name: place.name, id: id)
                ways.append(try swap.replace(with: tree.name, in: tree.folder).rawValue)
            }
            guard !ways.isEmpty else {
                let found = try staging.names().map(\.description).joined(separator: ", ")
                throw BackupError.archive(
                    .refused("it holds \(found.isEmpty ? "nothing" : found), and not \(missing.joined(separator: ", "))"))
            }
            for path in missing { notes.append("the archive holds no \(path); what is there stays") }
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
        }
    }
}

/// Ends reading when nobody waits any more.
private final class CancellableSource: ByteSource {
    private let next: any ByteSource
    private let flag: CancelFlag

    init(_ next: any ByteSource, _ flag: CancelFlag) {
        self.next = next
        self.flag = flag
    }

    func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        if flag.isSet { throw .damaged("cancelled") }
        return try next.read(most)
    }
}

extension ArchiveError {
    /// Trouble with this machine's files, not with the archive.
    fileprivate var isOfFiles: Bool {
        if case .file = self { true } else { false }
    }
}

import Archive
package import Files
package import Storage

/// What an archive was found to hold.
package struct ArchiveContents: Hashable, Sendable {
    package var members: Int
    package var files: Int
    package var bytes: Int64
    package var archiveBytes: Int64
    package var notes: [String]

    /// Reads all members to their ends.
    init(_ archive: CheckedArchive, _ flag: CancelFlag) throws(BackupError) {
        var (members, files, bytes) = (0, 0, Int64(0))
        notes = try archive.read(flag) { reader in
            while let entry = try reader.next() {
                members += 1
                if entry.kind == .file { files += 1 }
                while case let piece = try reader.read(1 << 18), !piece.isEmpty { bytes += Int64(piece.count) }
            }
        }.notes
        (self.members, self.files, self.bytes, archiveBytes) = (members, files, bytes, archive.size)
    }
}

/// What was unpacked.
package struct Unpacked: Hashable, Sendable {
    package var files: Int
    /// Files, folders and links.
    package var members: Int
    package var bytes: Int64
    /// Members that were left out, with the reason.
    package var skipped: [String]
}

extension ArchiveRepository {
    /// The backup that a person means: by the beginning of its id, or by an instant, for which it is the newest one until then.
    package func find(_ wish: String, among versions: [StoreVersion]) throws(BackupError) -> StoreVersion {
        if wish == "latest", let newest = versions.first { return newest }
        if let exact = versions.first(where: { $0.id == wish }) { return exact }
        if let date = Instant.parse(wish), let found = versions.first(where: { $0.date < date.end }) { return found }
        let matching = versions.filter { $0.id.hasPrefix(wish) }
        if matching.count == 1, wish.count >= 4 { return matching[0] }
        throw .noSuchBackup(matching.count > 1 ? "\(wish)…, which is how \(matching.count) of them begin" : wish)
    }

    /// Brings an archive here.
    func fetch(_ version: StoreVersion, scratch: Folder, onProgress: StoreProgress? = nil) async throws(BackupError) -> CheckedArchive {
        let file: OpenFile
        do { file = try await store.open(ArchiveNames.archive, at: version, scratch: scratch, onProgress: onProgress) } catch {
            // Trouble with one version's bytes is no trouble with the store.
            throw error.kind == .damaged ? .archive(.damaged(error.message)) : .store(error)
        }
        let size: Int64
        do { size = try file.status().size } catch { throw .file(error) }
        let digest = version.digests[ArchiveNames.archive].flatMap { $0.count == 64 ? $0 : nil }
        // What the store itself says needs nobody's word besides.
        let checksum = digest == nil ? try await storedChecksum(of: version, scratch: scratch) : nil
        return CheckedArchive(file: file, size: size, storeDigest: digest, storedChecksum: checksum)
    }

    /// Fetches a backup and reads it from end to end.
    package func verify(_ version: StoreVersion, scratch: String, onProgress: StoreProgress? = nil) async throws(BackupError) -> ArchiveContents {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
            return try await OwnThread.run { flag throws(BackupError) in try ArchiveContents(archive, flag) }
        }
    }

    /// Unpacks a backup, or what of it lies at or below a path, into an empty folder.
    package func unpack(
        _ version: StoreVersion, into folder: Folder, only path: String? = nil, onProgress: StoreProgress? = nil
    ) async throws(BackupError) -> Unpacked {
        let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
        let wanted = path.map { $0.split(separator: "/").map { RawName(String($0)) } }
        return try await OwnThread.run { flag throws(BackupError) in
            if wanted == nil { try ScratchFolder.checkSpace(of: folder, needed: archive.unpackedSize) }
            let report = try archive.read(flag) { reader in
                let room = (try? folder.space().bytes) ?? .max
                let extractor = TreeExtractor(
                    into: folder, limits: ExtractionLimits(bytes: room), isWanted: { names in wanted.map { names.starts(with: $0) } ?? true })
                return try extractor.extract(reader)
            }.value
            return Unpacked(
                files: report.files, members: report.files + report.folders + report.links, bytes: report.bytes, skipped: report.skipped)
        }
    }

    /// Writes a backup's archive to a plain file, once it is known to be whole.
    package func export(_ version: StoreVersion, to file: String, in folder: Folder, onProgress: StoreProgress? = nil) async throws(BackupError)
        -> ArchiveContents
    {
        let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
        return try await OwnThread.run { flag throws(BackupError) in
            let contents = try ArchiveContents(archive, flag)
            do throws(FileError) {
                let temporary = RawName(".\(file).part")
                try folder.removeTree(temporary)
                let copy = try folder.create(temporary)
                try archive.file.seek(to: 0)
                while case let bytes = try archive.file.read(1 << 20), !bytes.isEmpty { try copy.write(bytes) }
                try copy.sync()
                try folder.rename(temporary, to: folder, as: RawName(file))
            } catch {
                throw .file(error)
            }
            return contents
        }
    }
}

import Archive
import Buckets
package import Files
import Foundation
package import Storage
import TimeZones

/// What an archive was found to hold.
package struct ArchiveContents: Hashable, Sendable {
    /// Files, folders and links. For an export that was only read, members of any kind.
    package var members: Int
    /// Regular files.
    package var files: Int
    /// Bytes of content, without holes.
    package var bytes: Int64
    /// Bytes of the archive itself, compressed.
    package var archiveBytes: Int64
    /// Messages for the operator, such as that there was no checksum.
    package var notes: [String]

    /// Does everything that a restore does except writing.
    /// - Parameter source: What it must hold; nil where that is not known.
    init(_ archive: CheckedArchive, of source: BackupSource?, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) throws(BackupError) {
        let extraction = ArchiveExtraction(
            archive: archive, flag: flag, source: source, onProgress: { onProgress(BackupProgress(.verifying, files: $0, bytes: $1, ofBytes: archive.size)) })
        let result = try extraction.run(into: nil)
        (files, bytes, archiveBytes) = (result.report.files, result.report.bytes, archive.size)
        members = result.report.files + result.report.folders + result.report.links
        notes = result.notes + result.report.skipped.map { "left out by a restore: \($0)" } + result.missing.map { "it holds no \($0.readable)" }
    }
}

extension ArchiveContents {
    /// Reads all members to their ends, without judging whether they could be restored.
    init(reading archive: CheckedArchive, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) throws(BackupError) {
        var (members, files, bytes) = (0, 0, Int64(0))
        let onRead = { (read: Int64) in onProgress(BackupProgress(.verifying, bytes: read, ofBytes: archive.size)) }
        notes = try archive.read(flag, onRead: onRead) { reader throws(ArchiveError) in
            while let entry = try reader.next() {
                members += 1
                if entry.kind == .file { files += 1 }
                while let piece = try reader.piece(1 << 18) {
                    if case .bytes(let read) = piece { bytes += Int64(read.count) }
                }
            }
        }.notes
        (self.members, self.files, self.bytes, archiveBytes) = (members, files, bytes, archive.size)
    }
}

/// What was unpacked.
package struct Unpacked: Hashable, Sendable {
    /// Regular files.
    package var files: Int
    /// Files, folders and links.
    package var members: Int
    /// Bytes of content, without holes.
    package var bytes: Int64
    /// Members that were left out, with the reason.
    package var skipped: [String]
}

extension ArchiveRepository {
    /// The backup that a selector names: `latest`, an id or the beginning of one (at least 4 characters), the beginning of the archive's SHA-256,
    /// or an instant, which means the newest backup until then. See `Instant` for the forms. Pure.
    /// - Parameter versions: Newest first.
    /// - Throws: `noSuchBackup`, also where the beginning of an id is ambiguous.
    package func find(_ selector: String, among versions: [StoreVersion]) throws(BackupError) -> StoreVersion {
        if selector == "latest", let newest = versions.first { return newest }
        if let exact = versions.first(where: { $0.id == selector }) { return exact }
        if let date = WrittenInstant.parse(selector, in: ShownTime.zone, now: .now), let found = versions.first(where: { $0.date < date.end }) { return found }
        if let found = versions.first(where: { $0.lastPart == selector }) { return found }
        let matching = versions.filter { $0.id.hasPrefix(selector) || $0.digests[ArchiveNames.archive]?.hasPrefix(selector.lowercased()) == true }
        if matching.count == 1, selector.count >= 4 { return matching[0] }
        throw .noSuchBackup(matching.count > 1 ? "\(selector)…, which is how \(matching.count) of them begin" : selector)
    }

    /// Downloads or opens an archive, with the checksum that it must have.
    func fetch(_ version: StoreVersion, scratch: Folder, onProgress: @escaping BackupProgressReceiver = { _ in }) async throws(BackupError) -> CheckedArchive {
        let file: OpenFile
        let total = version.objects[ArchiveNames.archive]
        do {
            file = try await store.open(ArchiveNames.archive, at: version, scratch: scratch) {
                onProgress(BackupProgress(.downloading, bytes: $0, ofBytes: total ?? $1))
            }
        } catch {
            // A damaged version is not a problem of the store.
            throw error.kind == .damaged ? .archive(.damaged(error.message)) : .store(error)
        }
        let size: Int64
        do { size = try file.status().size } catch { throw .file(error) }
        let digest = version.digests[ArchiveNames.archive].flatMap { $0.count == 64 ? $0 : nil }
        // A digest from the store needs no checksum file.
        guard digest == nil else { return CheckedArchive(file: file, size: size, storeDigest: digest, storedChecksum: nil) }
        switch try await storedChecksum(of: version, scratch: scratch) {
        case .nothing: return CheckedArchive(file: file, size: size, storeDigest: nil, storedChecksum: nil)
        case .digits(let digits): return CheckedArchive(file: file, size: size, storeDigest: nil, storedChecksum: digits)
        case .notUnderstood:
            throw .archive(.refused("the checksum file \(ArchiveNames.checksum) is not understood: no SHA-256 of \(ArchiveNames.archive) is found in it"))
        }
    }

    /// Fetches a backup and does everything that a restore does except writing. Suspends for the network; unpacking is on a thread of its own.
    /// - Parameters:
    ///   - source: What the backup must hold; nil where that is not known.
    ///   - scratch: A folder for the download, which needs room for the archive.
    /// - Throws: `archive` for a damaged backup, `notInBackup` for one of something else, `store` where it can't be fetched.
    package func verify(
        _ version: StoreVersion, holding source: BackupSource? = nil, scratch: String, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> ArchiveContents {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
            return try await DedicatedThread.run { flag throws(BackupError) in try ArchiveContents(archive, of: source, flag, onProgress) }
        }
    }

    /// Unpacks a backup, or what is at or below a path in it, into a folder. After an error everything that was unpacked is removed again.
    /// - Parameters:
    ///   - folder: Also gets the download, as a file without a name.
    ///   - path: As the archive names it, relative; nil for everything. A path that the backup does not hold unpacks nothing.
    package func unpack(
        _ version: StoreVersion, into folder: Folder, only path: String? = nil, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> Unpacked {
        let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
        let wanted = path.map { $0.split(separator: "/").map { RawName(String($0)) }.filter { $0 != "." } }
        return try await DedicatedThread.run { flag throws(BackupError) in
            let before = Set((try? folder.names()) ?? [])
            do throws(BackupError) {
                let extraction = ArchiveExtraction(
                    archive: archive, flag: flag, isWanted: { names in wanted.map { names.starts(with: $0) } ?? true },
                    onProgress: { onProgress(BackupProgress(.unpacking, files: $0, bytes: $1, ofBytes: archive.size)) })
                let report = try extraction.run(into: folder).report
                return Unpacked(
                    files: report.files, members: report.files + report.folders + report.links, bytes: report.bytes, skipped: report.skipped)
            } catch {
                for name in (try? folder.names()) ?? [] where !before.contains(name) { try? folder.removeTree(name) }
                throw error
            }
        }
    }

    /// Writes a backup's archive to a plain file, once every byte was checked. The file appears in one step, and replaces one of that name.
    /// - Throws: `archive` for a damaged backup; `file` where it can't be written. Nothing is left in the folder then.
    package func export(
        _ version: StoreVersion, to file: String, in folder: Folder, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> ArchiveContents {
        let archive = try await fetch(version, scratch: folder, onProgress: onProgress)
        return try await DedicatedThread.run { flag throws(BackupError) in
            let contents = try ArchiveContents(reading: archive, flag, onProgress)
            let temporary = RawName(".\(file).part")
            do throws(FileError) {
                try folder.removeTree(temporary)
                let copy = try folder.create(temporary)
                try archive.file.seek(to: 0)
                var done: Int64 = 0
                while case let bytes = try archive.file.read(1 << 20), !bytes.isEmpty {
                    if flag.isSet { throw FileError("write", folder.path(of: temporary), code: ECANCELED) }
                    try copy.write(bytes)
                    done += Int64(bytes.count)
                    onProgress(BackupProgress(.exporting, bytes: done, ofBytes: archive.size))
                }
                try copy.sync()
                try folder.rename(temporary, to: folder, as: RawName(file))
            } catch {
                try? folder.remove(temporary)
                throw error.isCancelled ? .cancelled : .file(error)
            }
            return contents
        }
    }
}

extension StoreVersion {
    /// The id for messages: the first 8 digits of its archive's SHA-256; else the last part of the version's id, or its first 12 characters.
    /// `find` accepts all of them. None looks like a time, as an id may.
    package var shortID: String {
        if let digest = digests[ArchiveNames.archive] { return String(digest.prefix(8)) }
        return BackupID.short(id)
    }

    fileprivate var lastPart: String? { BackupID.lastPart(of: id) }
}

extension Lineage.Reference {
    /// The id for messages; see `StoreVersion.shortID`.
    package var shortID: String { BackupID.short(id) }
}

/// The part of a backup's id that is enough to identify it.
private enum BackupID {
    static func short(_ id: String) -> String { lastPart(of: id) ?? String(id.prefix(12)) }

    /// The random part of an id that begins with an instant; nil for an id of another form.
    static func lastPart(of id: String) -> String? {
        let parts = id.split(separator: "-")
        return parts.count > 1 ? parts.last.map(String.init) : nil
    }
}

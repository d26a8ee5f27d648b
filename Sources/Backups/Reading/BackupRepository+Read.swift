package import Archive
package import Files
import Foundation
import TimeZones

extension BackupRepository {
    /// The backup that a selector names: `latest`, an id or the beginning of one (at least 4 characters), the beginning of its checksum,
    /// or an instant, which means the newest backup until then. See `Instant` for the forms. Pure.
    /// - Parameter versions: Newest first.
    /// - Throws: `noSuchBackup`, also where the beginning of an id is ambiguous.
    package func find(_ selector: String, among versions: [Snapshot]) throws(BackupError) -> Snapshot {
        if selector == "latest", let newest = versions.first { return newest }
        if let exact = versions.first(where: { $0.id == selector }) { return exact }
        if let date = WrittenInstant.parse(selector, in: ShownTime.zone, now: .now), let found = versions.first(where: { $0.date < date.end }) { return found }
        if let found = versions.first(where: { BackupID.lastPart(of: $0.id) == selector }) { return found }
        let matching = versions.filter { $0.id.hasPrefix(selector) || $0.checksum?.hasPrefix(selector.lowercased()) == true }
        if matching.count == 1, selector.count >= 4 { return matching[0] }
        throw .noSuchBackup(matching.count > 1 ? "\(selector)…, which is how \(matching.count) of them begin" : selector)
    }

    /// Fetches a backup and does everything that a restore does except writing. Suspends for the network; unpacking is on a thread of its own.
    /// - Parameters:
    ///   - source: What the backup must hold; nil where that is not known.
    ///   - scratch: A folder for the download, which needs room for the archive.
    /// - Throws: `archive` for a damaged backup, `notInBackup` for one of something else, `store` where it can't be fetched.
    package func verify(
        _ snapshot: Snapshot, holding source: BackupSource? = nil, scratch: String, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> SnapshotContents {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let tree = try await open(snapshot, scratch: folder, onProgress: onProgress)
            return try await DedicatedThread.run { flag throws(BackupError) in try SnapshotContents(tree, of: source, flag, onProgress) }
        }
    }

    /// Unpacks a backup, or what is at or below a path in it, into a folder. After an error everything that was unpacked is removed again.
    /// - Parameters:
    ///   - folder: Also gets the download, as a file without a name.
    ///   - path: As the archive names it, relative; nil for everything. A path that the backup does not hold unpacks nothing.
    package func unpack(
        _ snapshot: Snapshot, into folder: Folder, only path: String? = nil, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> Unpacked {
        let tree = try await open(snapshot, scratch: folder, onProgress: onProgress)
        let wanted = path.map { $0.split(separator: "/").map { RawName(String($0)) }.filter { $0 != "." } }
        return try await DedicatedThread.run { flag throws(BackupError) in
            let before = Set((try? folder.names()) ?? [])
            do throws(BackupError) {
                let extraction = TreeExtraction(
                    tree: tree, flag: flag, isWanted: { names in wanted.map { names.starts(with: $0) } ?? true },
                    onProgress: { onProgress(BackupProgress(.unpacking, files: $0, bytes: $1, ofBytes: tree.storedBytes)) })
                let report = try extraction.run(into: folder).report
                return Unpacked(
                    files: report.files, members: report.files + report.folders + report.links, bytes: report.bytes, skipped: report.skipped)
            } catch {
                for name in (try? folder.names()) ?? [] where !before.contains(name) { try? folder.removeTree(name) }
                throw error
            }
        }
    }

    /// Lists what a backup holds, in the order in which it comes and while it is read: memory does not depend on how much it is. What was listed counts only
    /// once this returns, when every byte has been checked.
    /// - Parameter each: Called on another thread, one member after the other.
    /// - Returns: Messages for the operator, such as that there was no checksum.
    @discardableResult
    package func list(
        _ snapshot: Snapshot, scratch: String, onProgress: @escaping BackupProgressReceiver = { _ in }, each: @escaping @Sendable (TreeEntry) -> Void
    ) async throws(BackupError) -> [String] {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let tree = try await open(snapshot, scratch: folder, onProgress: onProgress)
            return try await DedicatedThread.run { flag throws(BackupError) in
                let onRead = { (read: Int64) in onProgress(BackupProgress(.reading, bytes: read, ofBytes: tree.storedBytes)) }
                return try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in
                    while let entry = try reader.next() {
                        if let member = entry.listed { each(member) }
                    }
                }.notes
            }
        }
    }
}

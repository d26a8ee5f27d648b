import Archive
import Files

/// A tree that is compared with another one.
package enum ComparedTree: Sendable {
    case backup(Snapshot)
    /// What is there now, as a backup would store it; nothing where there is nothing.
    case live(BackupSource)
    case nothing
}

extension BackupRepository {
    /// Compares two trees by their contents, to the last byte; times and owners don't count. Memory does not depend on their sizes.
    /// - Parameters:
    ///   - source: Only what it names; nil for all that the backups hold.
    ///   - scratch: A folder with room for an archive of the live tree and those that have to be downloaded.
    ///   - each: Gets what differs, in the order of the paths; called on another thread.
    package func compare(
        _ before: ComparedTree, _ after: ComparedTree, of source: BackupSource? = nil, scratch: String,
        onProgress: @escaping BackupProgressReceiver = { _ in }, each: @escaping @Sendable (TreeChange) -> Void
    ) async throws(BackupError) -> TreeDifference {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let old = try await read(before, of: source, "before", in: folder, onProgress)
            let new = try await read(after, of: source, "after", in: folder, onProgress)
            return try await DedicatedThread.run { _ throws(BackupError) in
                do throws(FileError) {
                    var difference = try TreeDifference.of(old.members, new.members, each: each)
                    difference.notes = old.notes + new.notes
                    return difference
                } catch {
                    throw .file(error)
                }
            }
        }
    }

    private func read(
        _ tree: ComparedTree, of source: BackupSource?, _ name: RawName, in scratch: Folder, _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> MemberReading {
        // Two archives of one name have to lie in folders of their own.
        let folder: Folder
        do throws(FileError) {
            try scratch.makeFolder(name)
            folder = try scratch.folder(name)
        } catch {
            throw .file(error)
        }
        return try await ScratchFolder.removing(name, in: scratch) { () async throws(BackupError) in
            var notes: [String] = []
            let stored: (any TreeSource)?
            switch tree {
            case .backup(let snapshot): stored = try await open(snapshot, scratch: folder, onProgress: onProgress)
            case .nothing: stored = nil
            case .live(let live):
                stored = try await pack(live, in: folder, &notes) { progress in
                    var progress = progress
                    // Nothing is stored.
                    if progress.step == .packing { progress.step = .reading }
                    onProgress(progress)
                }
            }
            let reading = try await DedicatedThread.run { [notes] flag throws(BackupError) in
                var members: SortedMembers
                // The open file stays readable after its name is removed.
                do throws(FileError) { members = try SortedMembers(scratch: folder, name: "members") } catch { throw .file(error) }
                guard let stored else { return MemberReading(members: members, notes: notes) }
                let onRead = { (read: Int64) in onProgress(BackupProgress(.reading, bytes: read, ofBytes: stored.storedBytes)) }
                let read = try stored.read(flag, onRead: onRead) { reader throws(ArchiveError) in try members.read(reader, of: source) }
                return MemberReading(members: read.value, notes: notes + read.notes)
            }
            return reading
        }
    }

    /// The live tree as an archive of its own; nil where there is none.
    private func pack(
        _ source: BackupSource, in folder: Folder, _ notes: inout [String], _ onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> CheckedArchive? {
        let packed = try await DedicatedThread.run { flag throws(BackupError) -> (file: OpenFile, report: SnapshotReport)? in
            let scan: TreeScan
            do throws(FileError) { scan = try TreeScan(source, flag) } catch {
                if error.isMissing { return nil }
                throw flag.isSet ? .cancelled : .file(error)
            }
            try ScratchFolder.checkSpace(of: folder, needed: scan.bytes / 2)
            let report = try ArchiveRepository.pack(
                scan, folder, ContainerCores.count, BackupPacking(isRsyncable: false, level: 1), PreviousArchive(), flag, onProgress)
            do throws(FileError) { return (try folder.file("archive"), report) } catch { throw .file(error) }
        }
        guard let packed else { return nil }
        notes += packed.report.incomplete.first.map { "not read as a whole: \($0)" }
        return CheckedArchive(file: packed.file, size: packed.report.archiveBytes, storeDigest: packed.report.checksum, storedChecksum: nil)
    }
}

private struct MemberReading {
    var members: SortedMembers
    var notes: [String]
}

extension SortedMembers {
    /// All members of an archive, with the digests of their contents.
    fileprivate consuming func read(_ reader: any EntryReader, of source: BackupSource?) throws(ArchiveError) -> SortedMembers {
        var members = self
        while let entry = try reader.next() {
            guard let member = entry.listed, source?.holds(member.path.names) ?? true else { continue }
            var digest: [UInt8] = []
            if member.kind == .file {
                var content = ContentDigest()
                while let piece = try reader.piece(256 * 1024) {
                    switch piece {
                    case .bytes(let bytes): content.add(bytes)
                    case .hole(let length): content.skip(length)
                    }
                }
                digest = content.finish()
            }
            do { try members.add(MemberRecord(member, digest)) } catch { throw .file(error) }
        }
        do { try members.finish() } catch { throw .file(error) }
        return members
    }
}

extension MemberRecord {
    fileprivate init(_ member: TreeEntry, _ digest: [UInt8]) {
        let (kind, target): (Kind, RawName) =
            switch member.kind {
            case .file: (.file, "")
            case .folder: (.folder, "")
            case .symbolicLink(let target): (.symbolicLink, target)
            case .hardLink(let target): (.hardLink, target)
            case .fifo, .device: (.other, "")
            }
        self.init(path: member.path, kind: kind, target: target, mode: member.mode, size: member.size, digest: digest)
    }
}

extension BackupSource {
    /// Whether a member is one of the items of the source, or below one.
    fileprivate func holds(_ names: [RawName]) -> Bool { paths.contains { names.starts(with: $0) } }
}

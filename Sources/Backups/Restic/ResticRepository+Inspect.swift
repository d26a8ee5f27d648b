import Files
import Foundation
import Restic
import Storage

extension ResticRepository {
    /// How often a repository is looked at again that another container has changed meanwhile.
    private static var rounds: Int { 3 }

    /// Compares indexes with packs, follows the trees of all snapshots, and reads a share of the packs.
    package func inspect(
        _ request: InspectionRequest, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> RepositoryInspection {
        guard let files = try await access.open() else {
            guard let earlier, try await earlierHead() != nil else { return RepositoryInspection(partName: "pack") }
            return try await earlier.inspect(request, onProgress: onProgress)
        }
        var round = 1
        while true {
            let before = try await names(files)
            let found = try await ResticLock.holding(files, exclusively: false, now: { Date() }) { _ throws(BackupError) in
                try await ResticInspection(files, request, onProgress).run()
            }
            // What another container removes while we look is not damaged. Where there are locks, nothing is removed meanwhile.
            if found.damage.isEmpty || round >= ResticRepository.rounds { return found }
            if try await names(files) == before { return found }
            round += 1
        }
    }

    private func names(_ files: ResticFiles) async throws(BackupError) -> Set<String> {
        var names = Set<String>()
        for folder in ["snapshots", "index", "data"] { names.formUnion(try await files.list(folder).map(\.name)) }
        return names
    }
}

/// One look at a repository. Memory: what indexes say, some 160 bytes a blob.
struct ResticInspection {
    /// Bytes around the list of a pack, and those of an entry in it.
    private static let (listOverhead, plainEntry, compressedEntry) = (SealingKey.overhead + Pack.lengthBytes, 37, 41)

    private let files: ResticFiles
    private let request: InspectionRequest
    private let onProgress: BackupProgressReceiver

    init(_ files: ResticFiles, _ request: InspectionRequest, _ onProgress: @escaping BackupProgressReceiver) {
        (self.files, self.request, self.onProgress) = (files, request, onProgress)
    }

    /// What reading packs has found.
    private struct Reading: Sendable {
        var broken = BrokenPacks()
        var bytes: Int64 = 0
    }

    func run() async throws(BackupError) -> RepositoryInspection {
        var found = RepositoryInspection(partName: "pack")
        let entries = try await indexes(&found)
        let packs = try await files.packs()
        let snapshots = try await snapshots(&found)
        (found.snapshots, found.parts) = (snapshots.count, packs.count)
        let unknown = packs.count - packs.keys.filter { entries[$0] != nil }.count
        if unknown > 0 { found.notes.append("\(unknown) packs that no index names: a backup that was cut short has left them, and \"keep\" removes them") }

        var broken = BrokenPacks()
        var (whole, readable): ([IndexFile.Entry], [IndexFile.Entry]) = ([], [])
        for entry in entries.values.sorted(by: { $0.pack < $1.pack }) {
            // One that is too short counts for nothing, as for a backup; of one that has another length the blobs are there.
            let fits = packs[entry.pack].map(entry.fits) ?? false
            if fits { readable.append(entry) }
            if let flaw = ResticInspection.flaw(entry, packs[entry.pack]) { broken.add(entry.pack, flaw, fits ? [] : entry.blobs) } else { whole.append(entry) }
        }
        let chosen = chosen(whole, packs)
        let total = chosen.reduce(0) { $0 + (packs[$1.pack] ?? 0) }
        let read = try await DedicatedThread.run { [files, onProgress] flag throws(BackupError) in
            var reading = Reading()
            for entry in chosen {
                let size = packs[entry.pack] ?? 0
                if let flaw = try PackCheck(files, flag).flaw(entry, size: size) { reading.broken.add(entry.pack, flaw.what, flaw.blobs) }
                reading.bytes += size
                onProgress(BackupProgress(.verifying, bytes: reading.bytes, ofBytes: total))
            }
            return reading
        }
        (found.readParts, found.readBytes) = (chosen.count, read.bytes)
        found.damagedParts = read.broken.packs.map(\.id.description)
        found.position = walked(chosen) ?? request.position
        broken.merge(read.broken)

        // A blob that is lost in one pack may be whole in another.
        let index = readable.reduce(into: BlobIndex()) { index, entry in
            index.add(IndexFile.Entry(pack: entry.pack, blobs: entry.blobs.filter { broken.blobs[$0.key] != entry.pack }))
        }
        let walked = try await DedicatedThread.run { [files, broken, onProgress] flag throws(BackupError) in
            try SnapshotWalk(files, index, broken, flag, onProgress).damage(of: snapshots)
        }
        // What no backup lacks is not lost: it is stored elsewhere too, or nothing needs it any more.
        let unneeded = Set(broken.packs.filter(\.isLosing).map { Pack.name($0.id) })
        for damage in walked {
            if damage.count == 0, let object = damage.object, unneeded.contains(object) {
                found.notes.append("\(damage), and no backup needs what was in it")
            } else {
                found.damage.append(damage)
            }
        }
        found.damage.sort { ($0.count, $1.what) > ($1.count, $0.what) }
        return found
    }

    // MARK: Structure

    /// What all indexes say, by pack.
    private func indexes(_ found: inout RepositoryInspection) async throws(BackupError) -> [BlobID: IndexFile.Entry] {
        let names = try await files.list("index").map(\.name).sorted()
        let contents = try await files.json(of: names)
        var entries: [BlobID: IndexFile.Entry] = [:]
        for name in names {
            guard let json = contents[name], let file = try? IndexFile(json: json) else {
                found.damage.append(RepositoryDamage("the index \(ResticInspection.short(name)) is damaged", object: name))
                continue
            }
            for entry in file.packs {
                guard let known = entries[entry.pack] else {
                    entries[entry.pack] = entry
                    continue
                }
                let seen = Set(known.blobs)
                entries[entry.pack]?.blobs += entry.blobs.filter { !seen.contains($0) }
            }
        }
        return entries
    }

    private func snapshots(_ found: inout RepositoryInspection) async throws(BackupError) -> [ResticSnapshot] {
        let names = try await files.list("snapshots").map(\.name).sorted()
        let contents = try await files.json(of: names)
        var all: [BlobID: SnapshotFile] = [:]
        for name in names {
            if let json = contents[name], let id = ResticFiles.id(of: name), let file = try? SnapshotFile(json: json) {
                all[id] = file
            } else {
                found.damage.append(RepositoryDamage("the snapshot \(ResticInspection.short(name)) is damaged", object: name))
            }
        }
        return ResticSnapshot.newestFirst(all)
    }

    /// Why a pack can't hold what an index says; nil where it can. Pure.
    /// - Parameter size: Of the pack, in bytes; nil where there is none.
    static func flaw(_ entry: IndexFile.Entry, _ size: Int64?) -> String? {
        guard let size else { return "is missing" }
        let end = entry.blobs.reduce(0) { max($0, $1.offset + $1.length) }
        // Where an index names all that is in the pack, its length is known.
        let isAll = entry.blobs.reduce(0) { $0 + $1.length } == end
        let list = entry.blobs.reduce(listOverhead) { $0 + ($1.contentLength == nil ? plainEntry : compressedEntry) }
        if isAll ? size == Int64(end + list) : size >= Int64(end + listOverhead) { return nil }
        return "is \(size) bytes long, and was \(isAll ? "" : "more than ")\(isAll ? end + list : end)"
    }

    static func short(_ name: String) -> String { ResticFiles.id(of: name)?.short ?? name }

    // MARK: Data

    private func chosen(_ whole: [IndexFile.Entry], _ packs: [BlobID: Int64]) -> [IndexFile.Entry] {
        let next = walk(whole, packs)
        let again = Set(request.again).subtracting(next)
        let wanted = again.union(next)
        let order = next.enumerated().reduce(into: [String: Int]()) { $0[$1.element] = $1.offset + again.count }
        return whole.filter { wanted.contains($0.pack.description) }.sorted { (order[$0.pack.description] ?? 0) < (order[$1.pack.description] ?? 0) }
    }

    private func walk(_ whole: [IndexFile.Entry], _ packs: [BlobID: Int64]) -> [String] {
        let parts = whole.map { DataWalk.Part(id: $0.pack.description, size: packs[$0.pack] ?? 0) }
        return DataWalk.next(parts, share: request.share, after: request.position).map(\.id)
    }

    /// Where the walk has come to: those that are read again are no part of it.
    private func walked(_ chosen: [IndexFile.Entry]) -> String? {
        guard request.share > 0 else { return nil }
        return chosen.last?.pack.description
    }
}

/// Packs that do not hold what they should, and which blobs are not to be had for that.
struct BrokenPacks: Sendable {
    struct BrokenPack: Sendable {
        var id: BlobID
        /// What is wrong with it, as a clause: `is missing`.
        var flaw: String
        /// Whether some of its content can't be had.
        var isLosing: Bool
    }

    private(set) var packs: [BrokenPack] = []
    private(set) var blobs: [BlobKey: BlobID] = [:]

    mutating func add(_ pack: BlobID, _ flaw: String, _ lost: [StoredBlob]) {
        packs.append(BrokenPack(id: pack, flaw: flaw, isLosing: !lost.isEmpty))
        for blob in lost { blobs[blob.key] = pack }
    }

    mutating func merge(_ other: BrokenPacks) {
        packs += other.packs
        blobs.merge(other.blobs) { first, _ in first }
    }
}

import Files
import Restic

/// A snapshot of a repository in the restic format.
struct ResticSnapshot: Hashable, Sendable {
    var id: BlobID
    var file: SnapshotFile

    /// Whether it is a backup of the tree that may be the newest.
    var isBackup: Bool { !file.tags.contains(ResticNames.asideTag) && !file.tags.contains(ResticNames.stateTag) }
    var isAside: Bool { file.tags.contains(ResticNames.asideTag) }

    /// In order of their times, but never one before its parent: the clock of a container may be wrong, and what a snapshot was made on top of is older. Pure.
    static func newestFirst(_ files: [BlobID: SnapshotFile]) -> [ResticSnapshot] {
        var instants: [BlobID: FileTime] = [:]
        func instant(_ id: BlobID) -> FileTime {
            // From the oldest ancestor that is here up: chains are as long as there are snapshots.
            var chain: [BlobID] = []
            var seen = Set<BlobID>()
            var next: BlobID? = id
            while let here = next, let file = files[here], instants[here] == nil, seen.insert(here).inserted {
                chain.append(here)
                next = file.parent
            }
            for here in chain.reversed() {
                guard let file = files[here] else { continue }
                let parent = file.parent.flatMap { instants[$0] }
                instants[here] = parent.map { max(file.time, $0.next) } ?? file.time
            }
            return instants[id] ?? FileTime(seconds: 0)
        }
        return files.map { ResticSnapshot(id: $0, file: $1) }.sorted { left, right in
            let (first, second) = (instant(left.id), instant(right.id))
            return first == second ? left.id > right.id : first > second
        }
    }
}

extension FileTime {
    /// The next nanosecond.
    fileprivate var next: FileTime {
        nanoseconds < 999_999_999 ? FileTime(seconds: seconds, nanoseconds: nanoseconds + 1) : FileTime(seconds: seconds + 1, nanoseconds: 0)
    }
}

extension Snapshot {
    /// - Parameter aside: Those that were not allowed to become the newest, shown beside the newest.
    init(_ snapshot: ResticSnapshot, aside: [ResticSnapshot] = []) {
        self.init(
            id: snapshot.id.description, date: snapshot.file.time.date, storedBytes: snapshot.file.summary?.stored, checksum: snapshot.file.tree.description,
            otherObjects: aside.reduce(into: [:]) { $0["\(ArchiveNames.aside)\($1.id.short)"] = $1.file.summary?.bytes ?? 0 })
    }
}

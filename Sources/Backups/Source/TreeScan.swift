import Buckets
import Crypto
import Files

/// What a tree is as a whole.
package enum SourceState: String, Hashable, Sendable, Codable {
    /// There is at least one file or link in it.
    case content
    /// Folders, and nothing in them.
    case nothing
    /// A link that leads nowhere stands in its place.
    case bareLink
}

/// What is known of a tree before it is packed. Takes the same memory for a million files as for one.
struct TreeScan {
    static let mostNames = 20

    let source: BackupSource
    /// Differs when anything that would be stored may differ; the same for a tree nobody touched.
    private(set) var fingerprint = ""
    private(set) var state = SourceState.nothing
    private(set) var files = 0
    /// What has to be read: holes take no room.
    private(set) var bytes: Int64 = 0
    /// What could not be looked at. Files that can't be opened are found when they are packed.
    private(set) var incomplete = IncompleteFiles()

    /// Walks the tree. Blocks.
    init(_ source: BackupSource, _ flag: CancelFlag) throws(FileError) {
        self.source = source
        var walk = TreeWalk(source, flag)
        var hash = SHA256()
        var links = 0
        let tops = Set(walk.items.map { RawName($0.member.map(\.bytes).joined(separator: [47])) })
        while let found = try walk.next() {
            switch found {
            case .folder(let member): hash.add(member)
            case .link(let member, let target):
                hash.add(member)
                hash.update(data: target.bytes + [0])
                if tops.contains(member.path) { state = .bareLink } else { links += 1 }
            case .file(let member):
                hash.add(member)
                files += 1
                bytes += min(member.status.size, member.status.allocated)
            case .unreadable(let path, let error):
                hash.update(data: path.bytes + [0])
                incomplete.append(IncompleteFile(path: path.readable, reason: .unreadable, detail: error.cause, stored: .nothing))
            case .tooDeep(let path):
                hash.update(data: path.bytes + [0])
                incomplete.append(.tooDeep(path))
            case .volatile, .device: break
            }
        }
        if files + links > 0 || !incomplete.isEmpty { state = .content }
        fingerprint = hash.finalize().hex
    }

    /// Walks the tree on a thread of its own.
    /// - Throws: `sourceMissing` where it is not there.
    static func scan(_ source: BackupSource) async throws(BackupError) -> TreeScan {
        try await DedicatedThread.run { flag throws(BackupError) in
            do throws(FileError) { return try TreeScan(source, flag) } catch {
                if flag.isSet { throw BackupError.cancelled }
                throw error.isMissing ? BackupError.sourceMissing(source.readable) : .file(error)
            }
        }
    }

    /// What the newest backup holds, as far as the repository itself shows it.
    enum Before {
        case something, unknown
    }

    /// Refuses a tree that holds nothing where the newest backup holds files.
    /// - Parameter before: nil where there is no backup, or it is another container's.
    func refuseEmpty(_ lineage: Lineage, after before: Before?) throws(BackupError) {
        if state == .bareLink { throw .bareLink(path: source.readable) }
        guard files == 0, let before else { return }
        if case .emptied(let size) = lineage.shrinkage(to: Lineage.Size(files: 0, bytes: 0)) {
            throw .emptied(path: source.readable, lastFiles: size.files)
        }
        if lineage.size == nil, before == .something { throw .emptied(path: source.readable, lastFiles: nil) }
    }
}

extension SHA256 {
    /// Takes in all that is known of a file without opening it.
    fileprivate mutating func add(_ member: FoundMember) {
        update(data: member.path.bytes + [0])
        add(member.status)
        if let log = member.log { add(log) }
    }

    private mutating func add(_ status: FileStatus) {
        let kind: UInt64 =
            switch status.kind {
            case .file: 1
            case .folder: 2
            case .symbolicLink: 3
            case .fifo: 4
            case .socket: 5
            case .device: 6
            }
        let numbers: [UInt64] = [
            kind, UInt64(status.mode), UInt64(status.owner), UInt64(status.group), UInt64(bitPattern: status.size), UInt64(bitPattern: status.modified.seconds),
            UInt64(bitPattern: status.modified.nanoseconds), UInt64(bitPattern: status.changed.seconds), UInt64(bitPattern: status.changed.nanoseconds),
            status.device, status.inode, status.links,
        ]
        update(data: numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } })
    }
}

extension RawName {
    /// For people, and not longer than they read.
    var readable: String {
        bytes.count <= 400 ? description : RawName(bytes.prefix(200)).description + " … " + RawName(bytes.suffix(100)).description
    }
}

extension IncompleteFile {
    static func tooDeep(_ path: RawName) -> IncompleteFile {
        IncompleteFile(path: path.readable, reason: .tooDeep, detail: "a path of \(path.bytes.count) bytes", stored: .nothing)
    }
}

package import Archive
package import Buckets
package import Files
import Storage

/// Why a backup or a restore did not come about.
package enum BackupError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    case store(StorageError)
    /// The newest backup is of another container; ours is stored in addition to it and lacks these files.
    case setAside(StorageError, incomplete: IncompleteFiles)
    case archive(ArchiveError)
    case file(FileError)
    /// No stored version can be restored; the reason for each, newest first.
    case nothingGood([String])
    /// Nothing stored answers to what was asked for.
    case noSuchBackup(String)
    /// The backup is whole, and is one of something else.
    case notInBackup(wanted: String, holds: String)
    case notEnoughSpace(needed: Int64, free: Int64, path: String)
    /// What is to be backed up is not there.
    case sourceMissing(String)
    /// It is a link that leads nowhere.
    case bareLink(path: String)
    /// It holds no file, and the newest backup held some; how many, where that is known.
    case emptied(path: String, lastFiles: Int?)
    /// Another file system is mounted below the tree: replacing the tree would move it away.
    case mountBelow(path: String, mount: String)
    case cancelled
    /// A failure of a kind that nothing here knows: it says nothing of what is stored.
    case unexpected(String)

    /// What an error of this module or of those below it means for a backup.
    package init(_ error: any Error) {
        self =
            switch error {
            case let error as BackupError: error
            case let error as ArchiveError: .archive(error)
            case let error as FileError: .file(error)
            case let error as StorageError: .store(error)
            case is CancellationError: .cancelled
            default: .unexpected("\(error)")
            }
    }

    package init(noThread message: String, hint: String) { self = .store(StorageError(noThread: message, hint: hint)) }

    package var isDiskFull: Bool {
        switch self {
        case .notEnoughSpace: true
        case .store(let error): error.kind == .full
        case .file(let error), .archive(.file(let error)): error.isDiskFull
        case .archive(.tooLarge): true
        case .setAside, .archive, .nothingGood, .noSuchBackup, .notInBackup, .sourceMissing, .bareLink, .emptied, .mountBelow, .cancelled, .unexpected: false
        }
    }

    /// Whether the machine lacks something just now, such as room on a disk or descriptors, and trying again later may help.
    package var isShortage: Bool {
        switch self {
        case .file(let error), .archive(.file(let error)): error.isShortage || isDiskFull
        case .store, .archive, .notEnoughSpace, .setAside, .nothingGood, .noSuchBackup, .notInBackup, .sourceMissing, .bareLink, .emptied, .mountBelow,
            .cancelled, .unexpected:
            isDiskFull
        }
    }

    /// The store's own failure, where it was one.
    package var storage: StorageError? {
        switch self {
        case .store(let error), .setAside(let error, _): error
        case .archive, .file, .nothingGood, .noSuchBackup, .notInBackup, .notEnoughSpace, .sourceMissing, .bareLink, .emptied, .mountBelow, .cancelled,
            .unexpected:
            nil
        }
    }

    package var description: String {
        switch self {
        case .store(let error), .setAside(let error, _): error.description
        case .archive(let error): error.description
        case .file(let error): error.description
        case .nothingGood(let reasons): "no stored backup can be restored: " + reasons.joined(separator: "; ")
        case .notInBackup(let wanted, let holds): "the backup holds \(holds), and not \(wanted)"
        case .noSuchBackup(let selector): "no backup is known as \"\(selector)\""
        case .notEnoughSpace(let needed, let free, let path):
            "not enough space at \(path): \(needed / 1_000_000 + 1) MB needed, \(free / 1_000_000) MB free"
        case .sourceMissing(let path): "\(path) does not exist, so there is nothing to back up"
        case .bareLink(let path): "\(path) is a link that leads nowhere; nothing was stored"
        case .emptied(let path, let files):
            "\(path) holds no file, and the newest backup holds \(files.map { "\($0)" } ?? "some"); nothing was stored"
        case .mountBelow(let path, let mount): "\(mount) is mounted below \(path), and a restore would move it away"
        case .cancelled: "cancelled"
        case .unexpected(let message): "an unexpected failure: \(message)"
        }
    }
}

package import Archive
package import Buckets
package import Files
import Storage

/// Why a backup or a restore failed.
package enum BackupError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    /// The store could not do what was asked; its `kind` says whether trying again may help.
    case store(StorageError)
    /// The newest backup is of another container; ours is stored in addition to it and lacks these files.
    case setAside(StorageError, incomplete: IncompleteFiles)
    /// The archive is damaged or refused, or reading it failed.
    case archive(ArchiveError)
    /// The live tree or the scratch folder could not be read or written.
    case file(FileError)
    /// No stored version can be restored; the reason for each, newest first.
    case nothingGood([String])
    /// No stored backup has this id, checksum or date.
    case noSuchBackup(String)
    /// The backup is whole, and is one of something else.
    case notInBackup(wanted: String, holds: String)
    /// A restore needs more bytes than are free at the path.
    case notEnoughSpace(needed: Int64, free: Int64, path: String)
    /// The path that is to be backed up does not exist.
    case sourceMissing(String)
    /// The path that is to be backed up is a symbolic link to nothing.
    case bareLink(path: String)
    /// It holds no file, and the newest backup held some; how many, where that is known.
    case emptied(path: String, lastFiles: Int?)
    /// Another file system is mounted below the tree: replacing the tree would move it away.
    case mountBelow(path: String, mount: String)
    /// The task was cancelled.
    case cancelled
    /// An error of a type that is not known here; it implies nothing about what is stored.
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

    /// Whether a disk, a quota or the store is full, on whichever side.
    package var isDiskFull: Bool {
        switch self {
        case .notEnoughSpace: true
        case .store(let error): error.kind == .full
        case .file(let error), .archive(.file(let error)): error.isDiskFull
        case .archive(.tooLarge): true
        case .setAside, .archive, .nothingGood, .noSuchBackup, .notInBackup, .sourceMissing, .bareLink, .emptied, .mountBelow, .cancelled, .unexpected: false
        }
    }

    /// Whether this machine or the store lacks something now, such as disk space or descriptors, and trying again later may help.
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

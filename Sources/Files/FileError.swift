import Glibc

/// The error numbers of Linux (errno(3)) by name, for code that makes or judges a `FileError` and does not import the C library.
package enum ErrorNumber {
    package static let notPermitted = EPERM
    package static let missing = ENOENT
    package static let interrupted = EINTR
    package static let inputOutput = EIO
    package static let outOfMemory = ENOMEM
    package static let noPermission = EACCES
    package static let busy = EBUSY
    package static let exists = EEXIST
    package static let acrossFileSystems = EXDEV
    package static let notFolder = ENOTDIR
    package static let isFolder = EISDIR
    package static let invalid = EINVAL
    package static let tooManyOpenInSystem = ENFILE
    package static let tooManyOpen = EMFILE
    package static let diskFull = ENOSPC
    package static let readOnly = EROFS
    package static let nameTooLong = ENAMETOOLONG
    package static let notImplemented = ENOSYS
    package static let notEmpty = ENOTEMPTY
    package static let symbolicLink = ELOOP
    package static let notSupported = EOPNOTSUPP
    package static let quota = EDQUOT
    package static let tooManyLinks = EMLINK
    package static let tooLarge = EFBIG
    package static let overflow = EOVERFLOW
    package static let illegalSequence = EILSEQ
    package static let cancelled = ECANCELED
}

/// A call of the operating system on a file that failed.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb: `open`, `write`.
    package var operation: String
    /// The path as it was opened, for messages; not meant to be opened again.
    package var path: String
    /// The system's error number.
    package var code: Int32

    /// - Parameter code: By default `errno`, so this must be the first call after the one that failed.
    package init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// `ENOENT`: the file, or a folder on the way to it, does not exist.
    package var isMissing: Bool { code == ENOENT }
    /// `EPERM`: the file system, a mount or a missing capability does not allow it, whatever the permission bits say.
    package var isForbidden: Bool { code == EPERM }
    /// `EACCES` or `EPERM`: refused by the permission bits or otherwise.
    package var isPermission: Bool { code == EACCES || code == EPERM }
    /// `ENOSPC` or `EDQUOT`: no space, no inodes, or the user's quota is used up.
    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    /// `EROFS`: the file system is mounted read-only.
    package var isReadOnly: Bool { code == EROFS }
    /// `EEXIST`: something with that name exists already.
    package var isThere: Bool { code == EEXIST }
    /// `ENOTEMPTY` or `EEXIST`, which rmdir(2) and rename(2) both allow for a folder that is not empty.
    package var isNotEmpty: Bool { code == ENOTEMPTY || code == EEXIST }
    /// `EXDEV`: a rename or hard link between two file systems, or between two mounts of one.
    package var isAcrossFileSystems: Bool { code == EXDEV }
    /// `ENOTDIR` or `ELOOP`: something on the way is not a folder, or is a symbolic link where none is followed.
    package var isNoFolder: Bool { code == ENOTDIR || code == ELOOP }
    /// `EISDIR`: a folder where a file was expected.
    package var isFolder: Bool { code == EISDIR }
    /// `ENAMETOOLONG`: a name of more than 255 bytes on most file systems, or a path of 4096 bytes or more in one call.
    package var isNameTooLong: Bool { code == ENAMETOOLONG }
    /// `EMFILE`, `ENFILE` or `ENOMEM`: no descriptor or no memory is left at the moment; trying later may help.
    package var isShortage: Bool { code == EMFILE || code == ENFILE || code == ENOMEM }
    /// `ENXIO` or `ENODEV`: a socket, or a device without a driver, which open(2) refuses.
    package var isNoDevice: Bool { code == ENXIO || code == ENODEV }
    /// `EAGAIN` or `EACCES`: another process has the lock (fcntl(2) may report either), or the call would have to wait. `EACCES` also counts as
    /// `isPermission`, so ask this only of a call that locks.
    package var isLocked: Bool { code == EAGAIN || code == EACCES }
    /// `ECANCELED`: set by our own code where work was cancelled; the kernel does not report it for files.
    package var isCancelled: Bool { code == ECANCELED }

    /// The system's message (strerror(3)) in lower case, as part of a sentence: "permission denied".
    package var cause: String {
        switch code {
        case EACCES, EPERM: "permission denied"
        default: unsafe String(cString: strerror(code)).lowercased()
        }
    }

    /// One line for messages, with the path: "no permission to open /data/a".
    package var description: String {
        switch code {
        case ENOSPC: "the disk is full: could not \(operation) \(path)"
        case EDQUOT: "the disk quota is used up: could not \(operation) \(path)"
        case EACCES, EPERM: "no permission to \(operation) \(path)"
        case ENOENT: "\(path) does not exist"
        case EROFS: "\(path) is on a file system that can't be written"
        default: "could not \(operation) \(path): \(unsafe String(cString: strerror(code)))"
        }
    }
}

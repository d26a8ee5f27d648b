import Glibc

/// The system's error numbers by name, for those who make or judge a `FileError`.
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
    package var path: String
    /// The system's error number.
    package var code: Int32

    package init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var isMissing: Bool { code == ENOENT }
    /// What the file system, a mount or a missing right of root does not allow, whatever the permission bits say.
    package var isForbidden: Bool { code == EPERM }
    /// Refused for want of a right: by the permission bits or otherwise.
    package var isPermission: Bool { code == EACCES || code == EPERM }
    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    package var isReadOnly: Bool { code == EROFS }
    package var isThere: Bool { code == EEXIST }
    package var isNotEmpty: Bool { code == ENOTEMPTY || code == EEXIST }
    package var isAcrossFileSystems: Bool { code == EXDEV }
    /// Something in the way is not a folder, or a symbolic link where none is followed.
    package var isNoFolder: Bool { code == ENOTDIR || code == ELOOP }
    package var isFolder: Bool { code == EISDIR }
    package var isNameTooLong: Bool { code == ENAMETOOLONG }
    /// The process or the system has no descriptor or no memory left just now.
    package var isShortage: Bool { code == EMFILE || code == ENFILE || code == ENOMEM }
    /// A socket, or a device that nobody serves.
    package var isNoDevice: Bool { code == ENXIO || code == ENODEV }
    /// A lock that another has, or a call that would have to wait.
    package var isLocked: Bool { code == EAGAIN || code == EACCES }
    package var isCancelled: Bool { code == ECANCELED }

    /// The system's words for it, as part of a sentence: "permission denied".
    package var cause: String {
        switch code {
        case EACCES, EPERM: "permission denied"
        default: unsafe String(cString: strerror(code)).lowercased()
        }
    }

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

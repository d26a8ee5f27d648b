import Glibc

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
    package var isForbidden: Bool { code == EPERM }
    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

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

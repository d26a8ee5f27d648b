package import Files

/// Why a store could not do what was asked. The cases are what callers do differently.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The store itself is not there: a missing folder, a repository that does not exist.
    case missing(String)
    case unauthorized(String)
    /// Trying again may help.
    case unavailable(String)
    /// Somebody else has written since we last looked.
    case stale(String)
    case full(String)
    case damaged(String)

    package init(_ error: FileError) {
        if error.isDiskFull {
            self = .full(error.description)
        } else if error.code == 13 || error.code == 1 || error.code == 30 {
            self = .unauthorized(error.description)
        } else {
            self = .unavailable(error.description)
        }
    }

    package var description: String {
        switch self {
        case .missing(let words), .unauthorized(let words), .unavailable(let words), .stale(let words), .full(let words),
            .damaged(let words):
            words
        }
    }
}

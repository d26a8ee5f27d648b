package import Files
import Glibc

/// Why a store could not do what was asked. `kind` is for code, `message` and `hint` are for the operator.
package struct StorageError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    /// What callers do differently.
    package enum Kind: Hashable, Sendable {
        /// The store itself is not there: a missing folder, a repository that does not exist.
        case missing
        /// Credentials are wrong or insufficient, or file permissions are. Trying again does not help.
        case unauthorized
        /// The network, the service or the disk failed. Trying again may help.
        case unavailable
        /// The service limits requests. Trying again helps after this duration.
        case limited(for: Duration)
        /// Another client has written since the state was read; nothing was changed.
        case stale
        /// The disk, the quota or the account's credit is used up.
        case full
        /// The request is not carried out, or what is there is not touched, until something was changed manually.
        case refused
        /// The bytes are known not to be those that were stored.
        case damaged
        /// The task was cancelled.
        case cancelled
    }

    package var kind: Kind
    /// A sentence without a period at its end.
    package var message: String
    /// What the operator can do about it; nil where there is nothing to suggest.
    package var hint: String?

    package init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    /// Maps by `errno`: a full disk or quota is `full`, missing permission and a read-only file system are `unauthorized`, the rest, a missing
    /// file included, is `unavailable`.
    package init(_ error: FileError) {
        self =
            switch error.code {
            case _ where error.isDiskFull: .full(error.description)
            case EACCES, EPERM, EROFS: .unauthorized(error.description, hint: "give this user the right to read and write there")
            case ECANCELED: StorageError(.cancelled, "cancelled")
            default: .unavailable(error.description)
            }
    }

    package init(noThread message: String, hint: String) { self.init(.unavailable, message, hint: hint) }

    package static func missing(_ message: String, hint: String? = nil) -> StorageError { StorageError(.missing, message, hint: hint) }
    package static func unauthorized(_ message: String, hint: String? = nil) -> StorageError { StorageError(.unauthorized, message, hint: hint) }
    package static func unavailable(_ message: String, hint: String? = nil) -> StorageError { StorageError(.unavailable, message, hint: hint) }
    package static func stale(_ message: String) -> StorageError { StorageError(.stale, message) }
    package static func full(_ message: String, hint: String? = nil) -> StorageError { StorageError(.full, message, hint: hint) }
    package static func refused(_ message: String, hint: String? = nil) -> StorageError { StorageError(.refused, message, hint: hint) }
    package static func damaged(_ message: String) -> StorageError { StorageError(.damaged, message) }

    /// Whether the same call may succeed later, without a manual change.
    package var isPassing: Bool {
        switch kind {
        case .unavailable, .limited: true
        case .missing, .unauthorized, .stale, .full, .refused, .damaged, .cancelled: false
        }
    }

    package var description: String { message }
}

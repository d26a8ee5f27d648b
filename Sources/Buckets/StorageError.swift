package import Files
import Glibc

/// Why a store could not do what was asked.
package struct StorageError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    /// What callers do differently.
    package enum Kind: Hashable, Sendable {
        /// The store itself is not there: a missing folder, a repository that does not exist.
        case missing
        case unauthorized
        /// Trying again may help.
        case unavailable
        /// Asked too often; trying again helps once so long has gone by.
        case limited(for: Duration)
        /// Someone else has written since we last looked.
        case stale
        case full
        /// What was asked for will not be done, or what is there will not be touched, until a person has changed something.
        case refused
        /// The bytes are known not to be those that were stored.
        case damaged
        case cancelled
    }

    package var kind: Kind
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

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

    /// Whether retrying later may help.
    package var isPassing: Bool {
        switch kind {
        case .unavailable, .limited: true
        case .missing, .unauthorized, .stale, .full, .refused, .damaged, .cancelled: false
        }
    }

    package var description: String { message }
}

package import Files

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
        /// Somebody else has written since we last looked.
        case stale
        case full
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
        if error.isDiskFull {
            self = .full(error.description)
        } else if error.code == 13 || error.code == 1 || error.code == 30 {
            self = .unauthorized(error.description, hint: "give this user the right to read and write there")
        } else {
            self = .unavailable(error.description)
        }
    }

    package init(noThread message: String, hint: String) { self.init(.unavailable, message, hint: hint) }

    package static func missing(_ message: String, hint: String? = nil) -> StorageError { StorageError(.missing, message, hint: hint) }
    package static func unauthorized(_ message: String, hint: String? = nil) -> StorageError { StorageError(.unauthorized, message, hint: hint) }
    package static func unavailable(_ message: String, hint: String? = nil) -> StorageError { StorageError(.unavailable, message, hint: hint) }
    package static func stale(_ message: String) -> StorageError { StorageError(.stale, message) }
    package static func full(_ message: String, hint: String? = nil) -> StorageError { StorageError(.full, message, hint: hint) }
    package static func damaged(_ message: String) -> StorageError { StorageError(.damaged, message) }

    /// Whether trying again later may help.
    package var isPassing: Bool {
        switch kind {
        case .unavailable, .limited: true
        case .missing, .unauthorized, .stale, .full, .damaged, .cancelled: false
        }
    }

    package var description: String { message }
}

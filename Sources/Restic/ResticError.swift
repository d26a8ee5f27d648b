/// What can be wrong with a repository in the restic format, apart from errors of the store that holds it.
package enum ResticError: Error, Hashable, Sendable {
    /// Stored bytes are not what was written: named is what they were to be.
    case damaged(String)
    /// None of the repository's keys opens with the password.
    case wrongPassword
    /// The repository has a version that is not known here; known is version 2, and version 1 to read.
    case unknownVersion(Int)
    /// A blob is in no pack that the repository's indexes name.
    case missing(BlobID)
    /// The program lacks a library; with what to install.
    case unavailable(String)
}

extension ResticError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damaged(let what): "\(what) is damaged"
        case .wrongPassword: "the password opens none of the repository's keys"
        case .unknownVersion(let version): "the repository has version \(version) of the restic format; versions 1 and 2 can be read"
        case .missing(let id): "blob \(id) is in no index of the repository"
        case .unavailable(let message): message
        }
    }
}

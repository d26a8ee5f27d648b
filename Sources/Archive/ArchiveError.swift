package import Files

/// Why an archive could not be read or written.
package enum ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not an archive, or not all of one.
    case damaged(String)
    /// The archive asks for something that is not done, such as a path outside the folder.
    case refused(String)
    case file(FileError)
    /// What it holds is more than there is room for.
    case tooLarge(limit: Int64)
    /// Nobody waits for it any more.
    case cancelled

    package var description: String {
        switch self {
        case .damaged(let what): "the archive is damaged: \(what)"
        case .refused(let what): "the archive is refused: \(what)"
        case .file(let error): error.description
        case .tooLarge(let limit): "what the archive holds is more than \(limit) bytes"
        case .cancelled: "cancelled"
        }
    }
}

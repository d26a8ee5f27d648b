package import Files

/// Why an archive could not be read or written.
package enum ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not an archive, or not all of one.
    case damaged(String)
    /// The archive asks for something that is never done, such as a path outside the folder. Reading it again gives the same result.
    case refused(String)
    /// A call of the system failed: reading the archive, or writing what it holds.
    case file(FileError)
    /// The content is larger than the caller's limit, in bytes.
    case tooLarge(limit: Int64)
    /// The caller was cancelled.
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

/// Something that a backup lacks, or holds otherwise than it lies in the tree.
package struct IncompleteFile: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Why it is not stored as it is.
    package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        /// The system did not let us read it.
        case unreadable
        /// Another program kept it locked for longer than we wait.
        case locked
        /// It was written while it was read, each time it was tried.
        case changed
        /// It can be read, and is not whole in itself: a database with a page that makes no sense.
        case damaged
        /// It lies deeper than a restore goes.
        case tooDeep
        /// It is larger than a restore takes.
        case tooLarge
    }

    /// What lies in the archive in its place.
    package enum Stored: String, Hashable, Sendable, Codable, CaseIterable {
        case nothing
        /// Its copy of the last backup.
        case earlierCopy
        /// What could be read of it.
        case asRead
    }

    /// Its names in the archive, readable: bytes that are no UTF-8 are shown replaced.
    package var path: String
    package var reason: Reason
    /// The cause as part of a sentence: "permission denied".
    package var detail: String
    package var stored: Stored

    package init(path: String, reason: Reason, detail: String, stored: Stored) {
        self.path = path
        self.reason = reason
        self.detail = detail
        self.stored = stored
    }

    /// One sentence: what, why, and what is stored instead.
    package var description: String {
        let cause =
            switch reason {
            case .unreadable: "could not be read (\(detail))"
            case .locked: "was locked (\(detail))"
            case .changed: "changed while it was read (\(detail))"
            case .damaged: "is damaged (\(detail))"
            case .tooDeep: "is too deep (\(detail))"
            case .tooLarge: "is too large (\(detail))"
            }
        let instead =
            switch stored {
            case .nothing: "it is left out"
            case .earlierCopy: "its copy of the last backup is kept"
            case .asRead: "it is stored as it was read"
            }
        return "\(path) \(cause); \(instead)"
    }
}

/// All that a backup lacks: how many, and the first of them, so that a million unreadable files take no more room than twenty.
package struct IncompleteFiles: Hashable, Sendable, Codable {
    /// How many are kept in full.
    package static let most = 20

    package private(set) var count = 0
    package private(set) var first: [IncompleteFile] = []

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ file: IncompleteFile) {
        count += 1
        if first.count < IncompleteFiles.most { first.append(file) }
    }
}

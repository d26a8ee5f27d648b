package import Files

/// An entry of a stored tree: a file, a folder or a link.
package struct TreeEntry: Hashable, Sendable {
    /// What the member is. A reader takes a type that it does not know for `file`, as POSIX asks, or for `folder` where the name ends in a slash.
    package enum Kind: Hashable, Sendable {
        case file
        case folder
        case symbolicLink(to: RawName)
        /// Another name of an earlier member.
        case hardLink(to: RawName)
        case fifo
        case device
    }

    /// From the top of the tree, without slashes at its end.
    package var path: RawName
    /// What the member is, with the target of a link.
    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    /// Numeric user id. Names of users and groups are neither read nor written.
    package var owner: UInt64
    /// Numeric group id.
    package var group: UInt64
    /// Bytes of content; 0 for all but files.
    package var size: Int64
    /// Modification time. A reader keeps the nanoseconds of pax headers; a plain ustar header has whole seconds only.
    package var modified: FileTime
    /// Extended attributes, access lists and capabilities among them, sorted by name. A hard link has those of the member that it is a name of, and none here.
    package var attributes: [ExtendedAttribute]

    package init(
        path: RawName, kind: Kind, mode: UInt32, owner: UInt64 = 0, group: UInt64 = 0, size: Int64 = 0, modified: FileTime,
        attributes: [ExtendedAttribute] = []
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.size = size
        self.modified = modified
        self.attributes = attributes
    }
}

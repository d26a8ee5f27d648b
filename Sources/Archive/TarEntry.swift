package import Files

/// A member of a tar archive.
package struct TarEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file
        case folder
        case symbolicLink(to: RawName)
        /// Another name of an earlier member.
        case hardLink(to: RawName)
        case fifo
        case device
    }

    /// As it is in the archive, without slashes at its end.
    package var path: RawName
    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    package var owner: UInt64
    package var group: UInt64
    /// Bytes of content; 0 for all but files.
    package var size: Int64
    package var modified: FileTime

    package init(
        path: RawName, kind: Kind, mode: UInt32, owner: UInt64 = 0, group: UInt64 = 0, size: Int64 = 0, modified: FileTime
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.size = size
        self.modified = modified
    }
}

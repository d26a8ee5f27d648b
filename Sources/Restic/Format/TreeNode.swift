package import Files

/// What a folder holds under one name.
package struct TreeNode: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// - Parameter content: The blobs that make it up, in order.
        case file(size: Int64, content: [BlobID])
        /// - Parameter tree: The blob that lists what it holds; nil where that could not be read when it was stored.
        case folder(tree: BlobID?)
        case symbolicLink(to: RawName)
        case fifo
        case socket
        /// A block device.
        case device(UInt64)
        case characterDevice(UInt64)
    }

    /// That several names are one file.
    package struct Link: Hashable, Sendable {
        /// The same for all names of a file, and for no other file of the snapshot.
        package var inode: UInt64
        package var device: UInt64
        /// How many names there are, at least 2.
        package var count: UInt64

        package init(inode: UInt64, device: UInt64, count: UInt64) {
            self.inode = inode
            self.device = device
            self.count = count
        }
    }

    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package var name: RawName
    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    package var owner: UInt32
    package var group: UInt32
    package var modified: FileTime
    package var link: Link?
    /// By name.
    package var attributes: [Attribute]

    package init(
        name: RawName, kind: Kind, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, modified: FileTime, link: Link? = nil, attributes: [Attribute] = []
    ) {
        self.name = name
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.modified = modified
        self.link = link
        self.attributes = attributes
    }
}

/// The content of a tree blob: what a folder holds, by names.
package struct Tree: Hashable, Sendable {
    /// In the order of their names' bytes, and no name twice.
    package let nodes: [TreeNode]

    package init(_ nodes: [TreeNode]) { self.nodes = nodes.sorted { $0.name < $1.name } }
}

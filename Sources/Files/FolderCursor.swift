/// A place in a tree that is walked step by step.
///
/// Holds a few descriptors however deep the tree is, and needs neither recursion nor a path that the system takes in one call. The way
/// back up goes through `..`, and is refused where that leads to another folder than the one come from. Not for several threads.
package struct FolderCursor {
    private struct Level {
        /// Nil where its descriptor was given back meanwhile.
        var folder: Folder?
        let device: UInt64
        let inode: UInt64
        /// Bytes of its path, for messages.
        let pathLength: Int
    }

    /// How many folders above the one at hand stay open.
    private static let mostOpen = 16

    /// The folder at hand.
    package private(set) var folder: Folder
    /// The names that lead from the first folder to the one at hand.
    package private(set) var names: [RawName] = []
    private var above: [Level] = []

    /// - Parameter folder: The first folder, which `ascend` never leaves.
    package init(at folder: Folder) { self.folder = folder }

    /// How many folders below the first one; 0 there.
    package var depth: Int { names.count }

    /// Goes down into a folder; a link is not followed. After an error the cursor is where it was.
    package mutating func descend(_ name: RawName) throws(FileError) {
        let below = try folder.folder(name)
        let status = try folder.status()
        above.append(Level(folder: folder, device: status.device, inode: status.inode, pathLength: folder.path.utf8.count))
        names.append(name)
        folder = below
        // The first folder belongs to the caller, and stays open.
        if above.count > FolderCursor.mostOpen + 1 { above[above.count - FolderCursor.mostOpen - 1].folder = nil }
    }

    /// Goes back to the folder above, and returns the name of the one that was left; nil at the first.
    /// - Throws: `ENOENT` where a folder was moved meanwhile, so that `..` leads elsewhere.
    package mutating func ascend() throws(FileError) -> RawName? {
        guard let level = above.last, let name = names.last else { return nil }
        if let open = level.folder {
            folder = open
        } else {
            let path = String(decoding: folder.path.utf8.prefix(level.pathLength), as: UTF8.self)
            let found = try folder.folderAbove(path: path)
            let status = try found.status()
            guard status.device == level.device, status.inode == level.inode else {
                throw FileError("return to", path, code: ErrorNumber.missing)
            }
            folder = found
        }
        above.removeLast()
        names.removeLast()
        return name
    }
}

package import Files

/// What is backed up: one folder, or several things below one folder.
package struct BackupSource: Hashable, Sendable {
    /// Members of the archive are named from here.
    package var base: String
    /// Below `base`, each with its own names.
    package var paths: [[RawName]]
    package var filter: PathFilter

    /// One folder: members start with its own name, as `tar -C PARENT NAME` names them.
    package init(path: String, filter: PathFilter = PathFilter()) {
        let names = path.split(separator: "/").map(String.init)
        let parent = names.dropLast().joined(separator: "/")
        self.init(base: "/" + parent, paths: names.last.map { [$0] } ?? [], filter: filter)
    }

    package init(base: String, paths: [String], filter: PathFilter = PathFilter()) {
        self.base = base
        self.paths = paths.map { path in path.split(separator: "/").map { RawName(String($0)) } }.sorted { left, right in
            left.lexicographicallyPrecedes(right)
        }
        self.filter = filter
    }

    /// Where the tree is and which folders on which disk it is made of, so that another container's tree is not taken for
    /// ours; nil where something of it is missing.
    package var identity: String? {
        var parts: [String] = []
        for path in paths {
            guard let folder = try? Folder.open(base + path.map { "/\($0)" }.joined()), let status = try? folder.status() else {
                return nil
            }
            parts.append("\(status.device):\(status.inode)")
        }
        return readable + "=" + parts.joined(separator: ",")
    }

    /// For messages: the folder, or the base with what is below it.
    package var readable: String {
        let top = base == "/" ? "" : base
        return paths.map { "\(top)/" + $0.map(\.description).joined(separator: "/") }.joined(separator: ", ")
    }
}

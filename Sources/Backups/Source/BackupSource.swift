package import Files
import Foundation

/// What is backed up: one folder, or several things below one folder.
package struct BackupSource: Hashable, Sendable {
    /// Members of the archive are named from here.
    package var base: String
    /// Below `base`, each with its own names.
    package var paths: [[RawName]]
    /// Those of `paths` that may be missing.
    package var optional: Set<[RawName]> = []
    package var filter: PathFilter

    /// One folder: members start with its own name, as `tar -C PARENT NAME` names them.
    package init(path: String, filter: PathFilter = PathFilter()) {
        let names = path.split(separator: "/").map(String.init)
        let parent = names.dropLast().joined(separator: "/")
        self.init(base: "/" + parent, paths: names.last.map { [$0] } ?? [], filter: filter)
    }

    /// - Parameter optional: Further paths, which may be missing.
    package init(base: String, paths: [String], optional: [String] = [], filter: PathFilter = PathFilter()) {
        func names(_ path: String) -> [RawName] { path.split(separator: "/").map { RawName(String($0)) } }
        self.base = base
        self.optional = Set(optional.map(names))
        self.paths = (paths + optional).map(names).sorted { left, right in left.lexicographicallyPrecedes(right) }
        self.filter = filter
    }

    /// For messages: the folder, or the base with what is below it.
    package var readable: String { places.joined(separator: ", ") }

    /// Without what may be missing and is. Blocks: looks at the disk.
    func presentItems() -> [Item] {
        located().filter { item in !optional.contains(item.member) || (try? Folder.open(item.parent).status(item.name)) != nil }
    }

    /// The paths of what is backed up.
    package var places: [String] { paths.map(place) }

    private func place(_ path: [RawName]) -> String { (base == "/" ? "" : base) + path.map { "/\($0)" }.joined() }

    /// One of the things, with where it really lies: a link at its place is followed once, so that what it leads to is
    /// stored and replaced, and the link stays.
    struct Item {
        /// Its names in the archive.
        var member: [RawName]
        var parent: String
        var name: RawName

        /// As the archive names it.
        var readable: String { member.map(\.description).joined(separator: "/") }
        var place: String { parent == "/" ? "/\(name)" : "\(parent)/\(name)" }
    }

    /// All of them, with where they lie now. Blocks: links are looked up on the disk.
    func located() -> [Item] {
        paths.compactMap { path in
            guard !path.isEmpty else { return nil }
            let literal = place(path)
            let names = URL(fileURLWithPath: literal).resolvingSymlinksInPath().path.split(separator: "/").map(String.init)
            guard isLink(literal), let last = names.last else {
                return Item(member: path, parent: parent(of: literal), name: path[path.count - 1])
            }
            return Item(member: path, parent: "/" + names.dropLast().joined(separator: "/"), name: RawName(last))
        }
    }

    private func parent(of path: String) -> String { "/" + path.split(separator: "/").dropLast().joined(separator: "/") }

    private func isLink(_ path: String) -> Bool {
        let names = path.split(separator: "/").map(String.init)
        guard let name = names.last, let folder = try? Folder.open(parent(of: path)) else { return false }
        return (try? folder.status(RawName(name)))?.kind == .symbolicLink
    }
}

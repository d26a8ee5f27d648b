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

    /// Without what may be missing and is.
    var present: [Item] {
        items.filter { item in !optional.contains(item.member) || (try? Folder.open(item.parent).status(item.name)) != nil }
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

    var items: [Item] {
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

    // MARK: Identity

    /// Which tree lies there, by the token we left in it: a new container's folder at the same place has none. Nil where
    /// nothing is there or it bears no token.
    package var identity: String? {
        let tokens = items.compactMap { item -> String? in
            guard let folder = try? Folder.open(item.place), let bytes = try? folder.contents(of: RawName(RestoreNames.token)) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        return tokens.isEmpty ? nil : readable + "=" + tokens.joined(separator: ",")
    }

    /// Which backup a tree descends from.
    package struct Descent: Sendable {
        package var checksum: String
        /// What was there then and is not any more; nil where nothing is missing.
        package var missing: BackupSource?
    }

    /// What the tree descends from, as it was left in it; nil where that is not known, or its parts say different things.
    package var descent: Descent? {
        let notes = held.map { item -> (part: String, note: String?) in
            let folder = try? Folder.open(item.place)
            return (item.readable, (try? folder?.contents(of: RawName(RestoreNames.base))).map { String(decoding: $0, as: UTF8.self) })
        }
        let said = Set(notes.compactMap(\.note))
        guard said.count == 1, let lines = said.first?.split(separator: "\n").map(String.init), let checksum = lines.first else { return nil }
        // A part without a note was made since then, unless the others know it.
        guard !notes.contains(where: { $0.note == nil && lines.dropFirst().contains($0.part) }) else { return nil }
        let missing = lines.dropFirst().filter { !parts.contains($0) }
        return Descent(checksum: checksum, missing: missing.isEmpty ? nil : BackupSource(base: base, paths: missing, filter: filter))
    }

    /// Leaves in every folder which backup it descends from, and what else was there, for a program that has lost its state.
    package func note(descent checksum: String) {
        for item in held {
            guard let folder = try? Folder.open(item.place) else { continue }
            leave(RestoreNames.base, ([checksum] + parts).joined(separator: "\n"), in: folder)
        }
    }

    /// The things that are there and can hold a note.
    private var held: [Item] { items.filter { (try? Folder.open($0.place)) != nil } }

    private var parts: [String] { held.map(\.readable) }

    private func leave(_ name: String, _ text: String, in folder: Folder) {
        let modified = try? folder.status().modified
        try? folder.replace(RawName(name), with: Array(text.utf8))
        if let modified { try? folder.set(modified: modified) }
    }

    /// Leaves a token in every folder that has none, and gives the identity.
    package func marked() -> String? {
        for item in items {
            guard let folder = try? Folder.open(item.place), !folder.exists(RawName(RestoreNames.token)) else { continue }
            let token = String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
            leave(RestoreNames.token, token, in: folder)
        }
        return identity
    }
}

import Files

/// Puts an unpacked, verified tree in the place of a live one and keeps the old tree next to it.
///
/// In one step where the file system allows it: a rename, or an exchange of names. Otherwise entry by entry. It is taken step by step, and
/// the program may be killed after each: the live tree is then whole, or `recover` makes it so.
struct TreeSwap {
    /// What was done, for the log.
    enum Way: String {
        case renamed, exchanged
        case moved = "moved entry by entry"
    }

    private enum State {
        case begun
        /// The new tree is next to the live one, under the name that the old one gets.
        case beside
        case inside(EntrySwap)
        case placed
    }

    /// The live tree's parent and name.
    private let parent: Folder
    private let name: RawName
    private let id: String
    /// The folder that holds the new tree.
    private var staging: Folder
    private var tree: RawName
    private var state = State.begun
    private(set) var way = Way.renamed

    init(parent: Folder, name: RawName, id: String, with tree: RawName, in staging: Folder) {
        (self.parent, self.name, self.id) = (parent, name, id)
        (self.tree, self.staging) = (tree, staging)
    }

    /// Takes all steps.
    static func run(_ swap: TreeSwap) throws(FileError) -> TreeSwap {
        var swap = swap
        while try swap.advance() {}
        return swap
    }

    /// Takes the next step; false once all are done.
    mutating func advance() throws(FileError) -> Bool {
        switch state {
        case .begun: try begin()
        case .beside: try exchange()
        case .inside(var entries):
            let goesOn = try entries.advance()
            state = .inside(entries)
            return goesOn
        case .placed:
            try parent.sync()
            return false
        }
        return true
    }

    private var beforeName: RawName { RestoreNames.before(name, id) }
    /// The old tree's place, where there was one and it stays next to the new one.
    var kept: (folder: Folder, name: RawName)? { way == .exchanged ? (parent, beforeName) : nil }

    private mutating func begin() throws(FileError) {
        var live: FileStatus?
        do throws(FileError) { live = try parent.status(name) } catch {
            if !error.isMissing { throw error }
        }
        let isThere = live != nil
        do {
            try TreeMove.rename(tree, staging.status(tree), from: staging, to: parent, as: isThere ? beforeName : name)
            state = isThere ? .beside : .placed
        } catch {
            if error.isAcrossFileSystems, tree != copyName, try staging.status().device != live?.device {
                // To the right file system first; until it is whole there it has a name that is removed after a crash.
                do throws(FileError) {
                    try TreeMove.move(tree, from: staging, to: parent, as: copyName)
                    try parent.syncFileSystem()
                    (staging, tree) = (parent, copyName)
                    return
                } catch {
                    guard error.needsMoving else { throw error }
                }
            }
            guard isThere, error.needsMoving else { throw error }
            try goInside(error)
        }
    }

    private var copyName: RawName { RestoreNames.staging(name, id + "-copy") }

    private mutating func exchange() throws(FileError) {
        do {
            try parent.exchange(beforeName, with: name, in: parent)
            (state, way) = (.placed, .exchanged)
        } catch {
            try parent.rename(beforeName, to: staging, as: tree)
            guard error.needsMoving else { throw error }
            try goInside(error)
        }
    }

    private mutating func goInside(_ reason: FileError) throws(FileError) {
        // A file has no inside.
        guard try parent.status(name).kind == .folder, try staging.status(tree).kind == .folder else { throw reason }
        state = .inside(try EntrySwap(of: try parent.folder(name), id: id, with: tree, in: staging))
        way = .moved
    }

    // MARK: After a crash, and after the next good backup

    /// Finishes a replacement that was cut short, and removes staging folders that never came to one. Returns what was done.
    static func recover(parent: Folder, name: RawName) throws(FileError) -> [String] {
        var done: [String] = []
        for found in try names(in: parent) where RestoreNames.isStaging(found, of: name) {
            try parent.removeTree(found)
            done.append("removed an unfinished restore, \(parent.path(of: found))")
        }
        guard (try? parent.status(name))?.kind == .folder else { return done }
        let target = try parent.folder(name)
        for found in try names(in: target) where RestoreNames.isStaging(found, of: RestoreNames.inside) {
            if var entries = try EntrySwap(found: found, in: target) {
                while try entries.advance() {}
                done.append("finished the restore that was interrupted in \(target.path)")
            } else {
                try target.removeTree(found)
                done.append("removed an unfinished restore in \(target.path)")
            }
        }
        return done
    }

    /// Where a folder may be entered and not read, nothing of ours was left: staging folders are made inside the tree then.
    private static func names(in folder: Folder) throws(FileError) -> [RawName] {
        do { return try folder.names() } catch {
            guard error.isPermission else { throw error }
            return []
        }
    }

    /// Removes the old trees that replacements have kept.
    static func removeKept(parent: Folder, name: RawName) throws(FileError) -> Int {
        var count = 0
        for found in try names(in: parent) where RestoreNames.isBefore(found, of: name) {
            try parent.removeTree(found)
            count += 1
        }
        guard (try? parent.status(name))?.kind == .folder else { return count }
        let target = try parent.folder(name)
        for found in try names(in: target) where RestoreNames.isBefore(found, of: RestoreNames.inside) {
            try target.removeTreeKeepingTime(found)
            count += 1
        }
        return count
    }
}

import Files

/// Puts an unpacked, verified tree in the place of a live one and keeps the old tree beside it.
///
/// In one step where the file system allows it: a rename, or an exchange of names. Where the target comes from an image layer or
/// is a mount, entry by entry with a journal, so that a program killed at any step finishes on its next start.
struct TreeSwap {
    private static let new: RawName = "new"
    private static let before: RawName = "before"

    /// The live tree's parent and name.
    let parent: Folder
    let name: RawName
    let id: String

    /// What was done, for the log.
    enum Way: String {
        case renamed, exchanged
        case moved = "moved entry by entry"
    }

    private var beforeName: RawName { RawName(RestoreNames.before(name.description, id)) }

    /// Replaces the live tree by `tree` below `staging`.
    func replace(with tree: RawName, in staging: Folder) throws(FileError) -> Way {
        guard parent.exists(name) else {
            do {
                try staging.rename(tree, to: parent, as: name)
                try parent.sync()
                return .renamed
            } catch {
                guard TreeSwap.needsMoving(error) else { throw error }
                try moveTree(tree, from: staging, to: parent, as: name)
                return .moved
            }
        }
        let isFolder = try parent.status(name).kind == .folder
        do {
            try exchange(tree, staging)
            return .exchanged
        } catch {
            guard isFolder, TreeSwap.needsMoving(error) else { throw error }
        }
        return try moveEntries(tree, staging)
    }

    private func exchange(_ tree: RawName, _ staging: Folder) throws(FileError) {
        // Under its later name first: whatever happens between the two steps, the live tree is whole.
        try staging.rename(tree, to: parent, as: beforeName)
        do { try parent.exchange(beforeName, with: name, in: parent) } catch {
            try parent.rename(beforeName, to: staging, as: tree)
            throw error
        }
        try parent.sync()
    }

    /// Not across file systems or image layers (EXDEV), not a mount (EBUSY), not known to the kernel or file system.
    private static func needsMoving(_ error: FileError) -> Bool { [18, 16, 22, 38, 95, 1].contains(error.code) }

    // MARK: Entry by entry

    private func moveEntries(_ tree: RawName, _ staging: Folder) throws(FileError) -> Way {
        let target = try parent.folder(name)
        let workName = RawName(RestoreNames.staging("tree", id + "-swap"))
        // The work folder lies inside the target: whatever the target is, that is the file system to be on.
        try target.makeFolder(workName)
        let work = try target.folder(workName)
        try moveTree(tree, from: staging, to: work, as: TreeSwap.new)
        try work.makeFolder(TreeSwap.before)
        try SwapPhase.movingOut.write(to: work)
        try TreeSwap.finish(work, workName, in: target)
        return .moved
    }

    /// Goes on from the journal's phase to the end.
    private static func finish(_ work: Folder, _ workName: RawName, in target: Folder) throws(FileError) {
        if try SwapPhase.read(from: work) == .movingOut {
            let old = try work.folder(before)
            for child in try target.names() where !RestoreNames.isOwn(child) { try move(child, from: target, to: old) }
            try SwapPhase.movingIn.write(to: work)
        }
        var modified: FileTime?
        // Each step may have been done already, by a program that was killed right after it.
        if work.exists(new) {
            let fresh = try work.folder(new)
            let status = try fresh.status()
            modified = status.modified
            for child in try fresh.names() { try move(child, from: fresh, to: target) }
            try? target.set(mode: status.mode)
            try work.removeFolder(new)
        }
        if work.exists(before) {
            let kept = RawName(workName.description.replacing(".restore-", with: ".before-"))
            try work.rename(before, to: target, as: kept)
        }
        try target.removeTree(workName)
        if let modified { try? target.set(modified: modified) }
        try target.sync()
    }

    /// Moves one entry, with all below it where a rename is not possible. What is there already from an earlier try is replaced.
    private static func move(_ name: RawName, from source: Folder, to target: Folder, as new: RawName? = nil) throws(FileError) {
        let new = new ?? name
        do {
            try source.rename(name, to: target, as: new)
            return
        } catch {
            guard needsMoving(error) || error.code == 39 || error.code == 17 || error.code == 21 || error.code == 20 else { throw error }
        }
        let status = try source.status(name)
        switch status.kind {
        case .folder:
            if !target.exists(new) { try target.makeFolder(new) }
            let (from, to) = (try source.folder(name), try target.folder(new))
            for child in try from.names() { try move(child, from: from, to: to) }
            try copyStatus(status, of: new, in: target)
            try to.set(mode: status.mode)
            try to.set(modified: status.modified)
            try source.removeFolder(name)
        case .file:
            try copyFile(name, status, from: source, to: target, as: new)
            try source.remove(name)
        case .symbolicLink:
            let link = try source.target(ofLink: name)
            try? target.remove(new)
            try target.makeLink(new, to: link)
            try copyStatus(status, of: new, in: target)
            try target.set(modified: status.modified, of: new)
            try source.remove(name)
        case .fifo, .socket, .device: try source.remove(name)
        }
    }

    private static func copyFile(
        _ name: RawName, _ status: FileStatus, from source: Folder, to target: Folder, as new: RawName
    ) throws(FileError) {
        try? target.remove(new)
        let (from, to) = (try source.file(name), try target.create(new))
        while true {
            let bytes = try from.read(1 << 20)
            if bytes.isEmpty { break }
            try to.write(bytes)
        }
        try copyStatus(status, of: new, in: target)
        try to.set(mode: status.mode)
        try to.set(modified: status.modified)
    }

    private static func copyStatus(_ status: FileStatus, of name: RawName, in folder: Folder) throws(FileError) {
        _ = try FileUser.give { () throws(FileError) in try folder.set(owner: status.owner, group: status.group, of: name) }
    }

    private func moveTree(_ tree: RawName, from staging: Folder, to target: Folder, as new: RawName) throws(FileError) {
        try TreeSwap.move(tree, from: staging, to: target, as: new)
    }

    // MARK: After a crash, and after the next good backup

    /// Finishes a replacement that was cut short, and removes staging folders that never came to one. Gives what was done.
    static func recover(parent: Folder, name: RawName) throws(FileError) -> [String] {
        var done: [String] = []
        for found in try parent.names() where found.description.hasPrefix(".\(name).restore-") {
            try parent.removeTree(found)
            done.append("removed an unfinished restore, \(parent.path(of: found))")
        }
        guard (try? parent.status(name))?.kind == .folder else { return done }
        let target = try parent.folder(name)
        for found in try target.names() where found.description.hasPrefix(".tree.restore-") {
            let work = try target.folder(found)
            if try SwapPhase.read(from: work) == nil {
                try target.removeTree(found)
                done.append("removed an unfinished restore in \(target.path)")
            } else {
                try finish(work, found, in: target)
                done.append("finished the restore that was interrupted in \(target.path)")
            }
        }
        return done
    }

    /// Removes the old trees that replacements have kept.
    static func removeKept(parent: Folder, name: RawName) throws(FileError) -> Int {
        var count = 0
        for found in try parent.names() where found.description.hasPrefix(".\(name).before-") {
            try parent.removeTree(found)
            count += 1
        }
        guard (try? parent.status(name))?.kind == .folder else { return count }
        let target = try parent.folder(name)
        for found in try target.names() where found.description.hasPrefix(".tree.before-") {
            try target.removeTree(found)
            count += 1
        }
        return count
    }
}

import Files

/// Replaces the content of a folder, entry by entry: for a folder from an image layer, a mount, or one in a parent that may not be written.
///
/// Its whole state is on the disk, so that a program killed after any step finishes on its next start. Nothing outside of the
/// target is touched.
struct EntrySwap {
    private static let new: RawName = "new"
    private static let before: RawName = "before"

    private let target: Folder
    private let work: Folder
    private let workName: RawName
    private var phase: SwapPhase
    private var isPrepared = false
    /// What is still to be moved in this phase; nil before it was looked at.
    private var rest: [RawName]?
    private var failure: FileError?
    /// Of the new tree's folder, which the target takes over.
    private var status: FileStatus?
    private var attributes: [ExtendedAttribute] = []

    /// Prepares the replacement: from here on the new tree is inside the target, and nothing of the old one has been touched.
    init(of target: Folder, id: String, with tree: RawName, in staging: Folder) throws(FileError) {
        workName = RestoreNames.staging(RestoreNames.inside, id + "-swap")
        self.target = target
        try target.makeFolder(workName)
        do throws(FileError) {
            work = try target.folder(workName)
            try TreeMove.move(tree, from: staging, to: work, as: EntrySwap.new)
            try work.makeFolder(EntrySwap.before)
            try work.syncFileSystem()
            phase = .movingOut
            try phase.write(to: work)
        } catch {
            // Back to where it was, so that another way can be tried.
            if let work = try? target.folder(workName) { try? TreeMove.move(EntrySwap.new, from: work, to: staging, as: tree) }
            try? target.removeTree(workName)
            throw error
        }
    }

    /// One that was cut short; nil where nothing of the old tree had been touched.
    init?(found workName: RawName, in target: Folder) throws(FileError) {
        work = try target.folder(workName)
        guard let phase = try SwapPhase.read(from: work) else { return nil }
        (self.target, self.workName, self.phase) = (target, workName, phase)
    }

    /// Takes the next step; false once all are done.
    /// - Throws: Why the old tree could not be moved, once it is back in its place.
    mutating func advance() throws(FileError) -> Bool {
        switch phase {
        case .movingOut: try moveOut()
        case .movingBack: return try moveBack()
        case .movingIn: return try moveIn()
        }
        return true
    }

    private mutating func begin(_ next: SwapPhase) throws(FileError) {
        try target.sync()
        try next.write(to: work)
        (phase, rest) = (next, nil)
    }

    private mutating func next(in folder: Folder) throws(FileError) -> RawName? {
        if rest == nil { rest = try folder.names().reversed() }
        return rest?.popLast()
    }

    private mutating func moveOut() throws(FileError) {
        guard let name = try next(in: target) else { return try begin(.movingIn) }
        if RestoreNames.isOwn(name) { return }
        do throws(FileError) { try TreeMove.move(name, from: target, to: try work.folder(EntrySwap.before)) } catch {
            // What another user owns may stay where the new tree has nothing of that name: a "lost+found".
            if error.isPermission, try !work.folder(EntrySwap.new).exists(name), try isWhole(name) { return }
            failure = error
            try begin(.movingBack)
        }
    }

    /// Whether nothing of an entry has been moved.
    private func isWhole(_ name: RawName) throws(FileError) -> Bool { try !work.folder(EntrySwap.before).exists(name) }

    private mutating func moveBack() throws(FileError) -> Bool {
        let old = try work.folder(EntrySwap.before)
        if let name = try next(in: old) {
            try TreeMove.move(name, from: old, to: target)
            return true
        }
        try target.removeTree(workName)
        try target.sync()
        if let failure { throw failure }
        return false
    }

    private mutating func moveIn() throws(FileError) -> Bool {
        if let fresh = try incoming(), let name = try next(in: fresh) {
            try TreeMove.move(name, from: fresh, to: target)
        } else if work.exists(EntrySwap.before) {
            // An empty folder, as an image has it, is nothing to be kept.
            let isEmpty = try work.folder(EntrySwap.before).names().isEmpty
            if isEmpty { try work.removeTree(EntrySwap.before) } else { try work.rename(EntrySwap.before, to: target, as: kept) }
        } else {
            try target.removeTree(workName)
            // The target may belong to another user, and keeps its mode and time then.
            if let status {
                target.takeAttributes(attributes)
                try? target.set(mode: status.mode)
                try? target.set(modified: status.modified)
            }
            try target.sync()
            return false
        }
        return true
    }

    /// The folder of the new tree; nil where the program was killed while it cleared up.
    private mutating func incoming() throws(FileError) -> Folder? {
        guard work.exists(EntrySwap.new) else { return nil }
        let fresh = try work.folder(EntrySwap.new)
        if status == nil {
            let found = try fresh.status()
            status = found
            attributes = (try? fresh.attributes()) ?? []
            // Nothing can be moved out of a folder that may not be written.
            if found.mode & 0o700 != 0o700 { try fresh.set(mode: found.mode | 0o700) }
        }
        return fresh
    }

    private var kept: RawName {
        let id = workName.bytes.dropFirst(RestoreNames.staging(RestoreNames.inside, "").bytes.count)
        return RestoreNames.before(RestoreNames.inside, String(decoding: id, as: UTF8.self))
    }
}

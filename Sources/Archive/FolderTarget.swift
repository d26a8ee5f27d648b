import Files

/// Unpacks below one folder and nowhere else: every name is opened relative to its open parent folder and never through a link.
final class FolderTarget: ExtractionTarget {
    private static let mostOpen = 8
    private static let ownersNote = "owners of files, which this user may not set"
    private static let modesNote = "modes or times of files, which this file system does not keep"
    private static let bitsNote = "setuid and setgid bits of files that belong to another user here"

    private let root: Folder
    private let owner: FileOwner
    /// Folders used last, by number; the last one used is last.
    private var open: [(number: Int, folder: Folder)] = []
    private(set) var notes: [String] = []
    private var hasNotedAttributes = false

    init(_ root: Folder, owner: FileOwner) {
        self.root = root
        self.owner = owner
    }

    private func folder(of place: MemberPlace) throws(FileError) -> Folder {
        if place.parent == MemberIndex.root { return root }
        if let index = open.lastIndex(where: { $0.number == place.parent }) {
            let found = open.remove(at: index)
            open.append(found)
            return found.folder
        }
        let folder = try root.folder(below: place.above)
        keep(folder, place.parent)
        return folder
    }

    private func keep(_ folder: Folder, _ number: Int) {
        if open.count == FolderTarget.mostOpen { open.removeFirst() }
        open.append((number, folder))
    }

    // MARK: Making

    func makeFolder(_ place: MemberPlace, isImplied: Bool) throws(FileError) {
        let parent = try folder(of: place)
        do { try parent.makeFolder(place.name) } catch {
            // Where upper and lower case are one, another member has made it.
            guard error.isThere, try parent.status(place.name).kind == .folder else { throw error }
        }
        if isImplied { try parent.set(mode: 0o755, of: place.name) }
        // The next member is usually in the same folder.
        let made = try parent.folder(place.name)
        if place.parent == MemberIndex.root { clearInherited(made.removeAttribute) }
        keep(made, place.number)
    }

    func makeFile(_ place: MemberPlace) throws(FileError) -> any ContentSink {
        let file = try folder(of: place).create(place.name)
        if place.parent == MemberIndex.root { clearInherited(file.removeAttribute) }
        return FileContent(file) { file, entry throws(FileError) in try self.finish(file, entry) }
    }

    /// Removes the access lists that the folder unpacked into gives to what is made in it. What is made further down inherits none.
    private func clearInherited(_ remove: (RawName) throws(FileError) -> Void) {
        for name in [ExtendedAttribute.accessList, ExtendedAttribute.defaultAccessList] { try? remove(name) }
    }

    func remove(_ place: MemberPlace) throws(FileError) { try folder(of: place).remove(place.name) }

    /// A copy where the file system can't link, or not once more.
    func makeHardLink(_ place: MemberPlace, to old: MemberPlace) throws(FileError) {
        let (parent, other) = (try folder(of: place), try folder(of: old))
        do { try parent.makeHardLink(place.name, to: old.name, in: other) } catch {
            guard error.isOfLinks else { throw error }
            try copy(old.name, in: other, to: place.name, in: parent)
        }
    }

    private func copy(_ old: RawName, in other: Folder, to name: RawName, in parent: Folder) throws(FileError) {
        let from = try other.file(old)
        let status = try from.status()
        let copy = SparseFile(try parent.create(name))
        while case let bytes = try from.read(1 << 18), !bytes.isEmpty { try copy.write(bytes) }
        try copy.finish()
        let entry = TreeEntry(
            path: name, kind: .file, mode: status.mode, owner: UInt64(status.owner), group: UInt64(status.group), modified: status.modified,
            attributes: (try? from.attributes()) ?? [])
        try finish(copy.file, entry)
    }

    func makeLink(_ place: MemberPlace, to target: RawName, _ entry: TreeEntry) throws(FileError) {
        let (parent, name) = (try folder(of: place), place.name)
        try parent.makeLink(name, to: target)
        try setOwner(of: entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
        try setAttributes(of: entry) { attribute throws(FileError) in try parent.set(attribute, of: name) }
        try lenient { () throws(FileError) in try parent.set(modified: entry.modified, of: name) }
    }

    // MARK: Other metadata

    func finish(_ place: MemberPlace, _ entry: TreeEntry) throws(FileError) {
        let (parent, name) = (try folder(of: place), place.name)
        let folder = try parent.folder(name)
        try setOwner(of: entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
        try setAttributes(of: entry) { attribute throws(FileError) in try folder.set(attribute) }
        let mode = try mode(of: entry) { () throws(FileError) in try folder.status() }
        try lenient { () throws(FileError) in try folder.set(mode: mode) }
        try lenient { () throws(FileError) in try folder.set(modified: entry.modified) }
    }

    private func finish(_ file: OpenFile, _ entry: TreeEntry) throws(FileError) {
        try setOwner(of: entry) { owner, group throws(FileError) in try file.set(owner: owner, group: group) }
        // After the owner, whose change takes capabilities away, and before the mode, which may close the file to its owner.
        try setAttributes(of: entry) { attribute throws(FileError) in try file.set(attribute) }
        let mode = try mode(of: entry) { () throws(FileError) in try file.status() }
        try lenient { () throws(FileError) in try file.set(mode: mode) }
        try lenient { () throws(FileError) in try file.set(modified: entry.modified) }
    }

    /// Root without the capability to change owners keeps the files as its own, which is noted once.
    private func setOwner(of entry: TreeEntry, _ set: (UInt32, UInt32) throws(FileError) -> Void) throws(FileError) {
        guard owner == .stored else { return }
        do {
            let isGiven = try FileUser.give { () throws(FileError) in try set(UInt32(clamping: entry.owner), UInt32(clamping: entry.group)) }
            if !isGiven { note(FolderTarget.ownersNote) }
        } catch {
            // An owner that this user namespace does not know, or a file system without owners.
            guard error.isOfAttributes else { throw error }
            note(FolderTarget.ownersNote)
        }
    }

    /// The stored mode. Setuid and setgid mean the user and the group that were stored, and are dropped where those are others now.
    private func mode(of entry: TreeEntry, _ status: () throws(FileError) -> FileStatus) throws(FileError) -> UInt32 {
        guard entry.mode & 0o6000 != 0 else { return entry.mode & 0o7777 }
        let status = try status()
        var mode = entry.mode & 0o7777
        if UInt64(status.owner) != entry.owner { mode &= ~0o4000 }
        if UInt64(status.group) != entry.group { mode &= ~0o2000 }
        if mode != entry.mode & 0o7777 { note(FolderTarget.bitsNote) }
        return mode
    }

    /// Whatever is not taken is noted: by the first, for there may be one on each file.
    private func setAttributes(of entry: TreeEntry, _ set: (ExtendedAttribute) throws(FileError) -> Void) throws(FileError) {
        for attribute in entry.attributes {
            guard isTaken(attribute.name) else {
                noteAttribute(attribute.name, of: entry, "this user may not set it")
                continue
            }
            do { try set(attribute) } catch {
                guard !error.isReadOnly, error.code != ErrorNumber.inputOutput else { throw error }
                noteAttribute(attribute.name, of: entry, error.cause)
            }
        }
    }

    /// Where files are to belong to the running user, they get no rights beyond.
    private func isTaken(_ name: RawName) -> Bool {
        let mayGive = owner == .stored
        return ExtendedAttribute.isKept(name, isRoot: mayGive && FileUser.isRoot) && (mayGive || name != ExtendedAttribute.capability)
    }

    private func noteAttribute(_ name: RawName, of entry: TreeEntry, _ cause: String) {
        if hasNotedAttributes { return }
        hasNotedAttributes = true
        note("extended attributes that could not be set, first \(name.readable) of \(entry.path.readable) (\(cause))")
    }

    private func lenient(_ set: () throws(FileError) -> Void) throws(FileError) {
        do { try set() } catch {
            guard error.isOfAttributes else { throw error }
            note(FolderTarget.modesNote)
        }
    }

    private func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
}

/// A file of an archive while its content comes.
private final class FileContent: ContentSink {
    private let sparse: SparseFile
    private let finishing: (OpenFile, TreeEntry) throws(FileError) -> Void

    init(_ file: OpenFile, finishing: @escaping (OpenFile, TreeEntry) throws(FileError) -> Void) {
        sparse = SparseFile(file)
        self.finishing = finishing
    }

    func write(_ bytes: [UInt8]) throws(FileError) { try sparse.write(bytes) }
    func skip(_ length: Int64) throws(FileError) { try sparse.skip(length) }

    func finish(_ entry: TreeEntry) throws(FileError) {
        try sparse.finish()
        try finishing(sparse.file, entry)
    }
}

extension FileError {
    /// The file system can't make another hard link of this file.
    fileprivate var isOfLinks: Bool {
        isForbidden || isAcrossFileSystems || [ErrorNumber.tooManyLinks, ErrorNumber.notSupported, ErrorNumber.notImplemented].contains(code)
    }

    /// The file system or the user namespace does not take an owner, a mode or a time.
    fileprivate var isOfAttributes: Bool { isForbidden || [ErrorNumber.invalid, ErrorNumber.notSupported, ErrorNumber.overflow].contains(code) }

    /// One member can't be made here, whatever else can: a name or a size that the file system does not take.
    var isOfTheMember: Bool {
        isNameTooLong || isThere
            || [ErrorNumber.invalid, ErrorNumber.tooLarge, ErrorNumber.overflow, ErrorNumber.illegalSequence].contains(code)
    }

    /// The same for symbolic links, which some file systems don't know.
    var isOfTheLink: Bool { isOfTheMember || isForbidden || code == ErrorNumber.notSupported }
}

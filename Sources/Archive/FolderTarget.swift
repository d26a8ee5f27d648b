import Files

/// Unpacks below one folder and nowhere else: every name is opened relative to its open parent folder and never through a link.
final class FolderTarget: ExtractionTarget {
    private static let mostOpen = 8
    private static let ownersNote = "owners of files, which this user may not set"
    private static let modesNote = "modes or times of files, which this file system does not keep"

    private let root: Folder
    private let owner: FileOwner
    /// Folders used last, by number; the last one used is last.
    private var open: [(number: Int, folder: Folder)] = []
    private(set) var notes: [String] = []

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
        keep(try parent.folder(place.name), place.number)
    }

    func makeFile(_ place: MemberPlace) throws(FileError) -> any ContentSink {
        FileContent(try folder(of: place).create(place.name)) { file, entry throws(FileError) in try self.finish(file, entry) }
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
        let entry = TarEntry(
            path: name, kind: .file, mode: status.mode, owner: UInt64(status.owner), group: UInt64(status.group), modified: status.modified)
        try finish(copy.file, entry)
    }

    func makeLink(_ place: MemberPlace, to target: RawName, _ entry: TarEntry) throws(FileError) {
        let (parent, name) = (try folder(of: place), place.name)
        try parent.makeLink(name, to: target)
        try setOwner(of: entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
        try lenient { () throws(FileError) in try parent.set(modified: entry.modified, of: name) }
    }

    // MARK: Other metadata

    func finish(_ place: MemberPlace, _ entry: TarEntry) throws(FileError) {
        let (parent, name) = (try folder(of: place), place.name)
        let folder = try parent.folder(name)
        try setOwner(of: entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
        try lenient { () throws(FileError) in try folder.set(mode: entry.safeMode) }
        try lenient { () throws(FileError) in try folder.set(modified: entry.modified) }
    }

    private func finish(_ file: OpenFile, _ entry: TarEntry) throws(FileError) {
        try setOwner(of: entry) { owner, group throws(FileError) in try file.set(owner: owner, group: group) }
        try lenient { () throws(FileError) in try file.set(mode: entry.safeMode) }
        try lenient { () throws(FileError) in try file.set(modified: entry.modified) }
    }

    /// Root without the capability to change owners keeps the files as its own, which is noted once.
    private func setOwner(of entry: TarEntry, _ set: (UInt32, UInt32) throws(FileError) -> Void) throws(FileError) {
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
    private let finishing: (OpenFile, TarEntry) throws(FileError) -> Void

    init(_ file: OpenFile, finishing: @escaping (OpenFile, TarEntry) throws(FileError) -> Void) {
        sparse = SparseFile(file)
        self.finishing = finishing
    }

    func write(_ bytes: [UInt8]) throws(FileError) { try sparse.write(bytes) }
    func skip(_ length: Int64) throws(FileError) { try sparse.skip(length) }

    func finish(_ entry: TarEntry) throws(FileError) {
        try sparse.finish()
        try finishing(sparse.file, entry)
    }
}

extension TarEntry {
    /// The mode without setuid, setgid and sticky.
    fileprivate var safeMode: UInt32 { mode & 0o777 }
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

import Buckets
import Files
import Foundation

/// The files of a `LocalFolder`, as they are read. See `LocalFolderLayout+Commit.swift` for how they change.
struct LocalFolderLayout {
    static let own: RawName = ".shipkeeper"
    static let versionsName: RawName = "versions"
    static let current: RawName = "current"
    /// What is looked at of a folder that holds none of our versions.
    private static let mostForeign = 1000
    /// Files up to this size are compared byte by byte.
    private static let small: Int64 = 4096

    let root: Folder
    let flag: CancelFlag

    /// The store as it is there.
    struct State {
        /// The version that a reader gets.
        var head: StoreVersion?
        /// The id of the newest version of our own.
        var stored: String?
        /// Whether `current` and the names in the folder are links through it, as a commit leaves them.
        var isLinked: Bool
    }

    func storage<Value>(_ body: () throws(FileError) -> Value) throws(StorageError) -> Value {
        do { return try body() } catch { throw StorageError(error) }
    }

    // MARK: The newest

    func head() throws(StorageError) -> StoreVersion? { try state().head }

    func state() throws(StorageError) -> State {
        let current = try storage { () throws(FileError) in try readCurrent() }
        guard let stored = try storedHead(current) else { return State(head: try foreignHead(), stored: nil, isLinked: false) }
        let entries = try storage { () throws(FileError) in try rootEntries() }
        // Next to stored versions only what takes an object's place counts; a README does not.
        let beside = entries.filter { stored.objects[$0.name] != nil }
        try refuseDangling(beside)
        // A commit that was cut short while it took over a script's files has left some of them as they were.
        let plain = try storage { () throws(FileError) in
            let folder = try versionFolder(stored.id)
            var changed: [RootEntry] = []
            for entry in beside where try !isSame(entry, as: folder.followed(RawName(entry.name))) { changed.append(entry) }
            return changed
        }
        let isLinked = if case .version = current { beside.isEmpty } else { false }
        let files = PlainFile.all(plain)
        // Copied by a program that follows links, the newest is there twice.
        if files.isEmpty || !isLinked && isCopy(files, of: stored) { return State(head: stored, stored: stored.id, isLinked: isLinked) }
        return State(head: PlainFile.version(files), stored: stored.id, isLinked: false)
    }

    /// The newest of our own versions.
    private func storedHead(_ current: Current) throws(StorageError) -> StoreVersion? {
        let names = try storage { () throws(FileError) in try versionNames() }
        let id: String
        switch current {
        case .version(let named):
            guard names.contains(RawName(named)) else {
                throw .missing(
                    "the newest backup, \(named), is not in \(root.path)/.shipkeeper/versions any more\(names.isEmpty ? "" : ", and older ones are")",
                    hint: "bring it back, or, to use \(names.isEmpty ? "none" : "the newest that is left"), remove \(root.path)/.shipkeeper/current"
                )
            }
            id = named
        case .nothing, .copied:
            // The link was lost, as by a copy that drops or follows links.
            let newest = names.map(\.description).max { (VersionID.date(of: $0) ?? .distantPast) < (VersionID.date(of: $1) ?? .distantPast) }
            guard let newest else { return nil }
            id = newest
        }
        let version = try storage { () throws(FileError) in try self.version(id) }
        guard !version.objects.isEmpty else {
            throw .damaged("the newest backup in \(root.path)/.shipkeeper/versions, \(id), is an empty folder: its files are gone")
        }
        return version
    }

    /// What is in a folder that holds none of our versions; nil for an empty one.
    private func foreignHead() throws(StorageError) -> StoreVersion? {
        let entries = try storage { () throws(FileError) in try rootEntries() }
        try refuseDangling(entries)
        var files = PlainFile.all(entries).filter { PlaceRule.meaning($0.name) != .housekeeping }
        if !files.contains(where: { PlaceRule.meaning($0.name) == .backup }) {
            // Folders count by what they hold, and what is not empty in our own by its remains.
            let paths = try storage { () throws(FileError) in
                try root.pathsBelow(most: LocalFolderLayout.mostForeign) { PlaceRule.meaning($0.description) != .housekeeping }
            }
            let others = PlaceRule.telling(paths.filter { !LocalFolderLayout.isEmptyLayout($0) }, in: .own)
            let known = Set(files.map(\.name))
            files += others.filter { !known.contains($0) }.map { PlainFile(name: $0) }
        }
        if files.isEmpty, let place = MissingMount.expected(at: root.path) {
            throw .missing("\(root.path) is empty, and the disk that belongs at \(place) by /etc/fstab is not mounted", hint: "mount it")
        }
        return files.isEmpty ? nil : PlainFile.version(files)
    }

    /// Whether a file of our own folder holds nothing that was stored.
    private static func isEmptyLayout(_ path: String) -> Bool { path == ".shipkeeper/lock" || path.hasPrefix(".shipkeeper/versions/.") }

    private func refuseDangling(_ entries: [RootEntry]) throws(StorageError) {
        for entry in entries {
            switch entry.what {
            case .lost(let target):
                throw .missing(
                    "\(root.path(of: RawName(entry.name))) is a link to \(target), which is not there",
                    hint: "bring back what it stands for, or remove the link if it stands for nothing any more")
            case .orphaned:
                throw .missing(
                    "\(root.path(of: RawName(entry.name))) stands for a backup in \(root.path)/.shipkeeper, which holds none",
                    hint: "copy the repository again, its folder .shipkeeper included, or remove what is left of it if it is to begin empty")
            case .plain: break
            }
        }
    }

    private func isSame(_ entry: RootEntry, as file: FollowedName?) -> Bool {
        guard case .plain(let status) = entry.what, case .file(_, _, let ours) = file else { return false }
        return (status.device, status.inode) == (ours.device, ours.inode)
    }

    private func isCopy(_ files: [PlainFile], of stored: StoreVersion) -> Bool {
        guard files.count == stored.objects.count, files.allSatisfy({ stored.objects[$0.name] == $0.size }) else { return false }
        let small = files.filter { $0.size <= LocalFolderLayout.small }
        return !small.isEmpty
            && small.allSatisfy { file in
                guard let ours = try? open(file.name, at: stored), let bytes = try? ours.read(Int(LocalFolderLayout.small), at: 0) else { return false }
                return bytes == (try? file.open(in: root).read(Int(LocalFolderLayout.small), at: 0))
            }
    }

    // MARK: All of them

    func versions() throws(StorageError) -> [StoreVersion] {
        let head = try head()
        let stored = try storage { () throws(FileError) in try versionNames() }
        // One that can't be read does not keep the others from being found.
        let older = stored.compactMap { name in name.description == head?.id ? nil : try? version(name.description) }.filter { !$0.objects.isEmpty }
        return [head].compactMap { $0 } + older.sorted { ($0.date, $0.id) > ($1.date, $1.id) }
    }

    func open(_ name: String, at version: StoreVersion) throws(StorageError) -> OpenFile {
        let file = try storage { () throws(FileError) -> OpenFile in
            let folder = version.isPlain ? root : try versionFolder(version.id)
            return try PlainFile(name: name).open(in: folder)
        }
        return try LFSPointer.checked(file, name, in: root.path)
    }

    // MARK: Our own folder

    /// What `.shipkeeper/current` is.
    enum Current {
        case nothing
        case version(String)
        /// A folder in the place of the link.
        case copied
    }

    private func readCurrent() throws(FileError) -> Current {
        guard let own = try ownFolder(), let status = try own.statusIfThere(LocalFolderLayout.current) else { return .nothing }
        let target: RawName
        switch status.kind {
        case .symbolicLink: target = try own.target(ofLink: LocalFolderLayout.current)
        // A link as programs keep it that know none: a file with where it leads.
        case .file where status.size <= LocalFolderLayout.small: target = RawName(try own.contents(of: LocalFolderLayout.current))
        case .file, .folder, .fifo, .socket, .device: return .copied
        }
        let last = target.description.split { $0 == "/" || $0 == "\n" }.last.map(String.init)
        return last.map { .version($0) } ?? .nothing
    }

    private func folder(_ name: RawName, in folder: Folder) throws(FileError) -> Folder? {
        switch try folder.followed(name) {
        case .folder(let found): found
        case nil: nil
        case .file, .dangling: try folder.folder(name)
        }
    }

    private func ownFolder() throws(FileError) -> Folder? { try folder(LocalFolderLayout.own, in: root) }

    func versionsFolder() throws(FileError) -> Folder? {
        guard let own = try ownFolder() else { return nil }
        return try folder(LocalFolderLayout.versionsName, in: own)
    }

    func versionFolder(_ id: String) throws(FileError) -> Folder {
        guard let versions = try versionsFolder(), let found = try folder(RawName(id), in: versions) else {
            throw FileError("open", "\(root.path)/.shipkeeper/versions/\(id)", code: ENOENT)
        }
        return found
    }

    /// Those of whole versions.
    private func versionNames() throws(FileError) -> [RawName] { try versionsFolder()?.names().filter { $0.bytes.first != 46 } ?? [] }

    func version(_ id: String) throws(FileError) -> StoreVersion {
        let folder = try versionFolder(id)
        let modified = try folder.status().modified
        var objects: [String: Int64] = [:]
        for name in try folder.names() where name.bytes.first != 46 {
            if case .file(_, _, let status) = try folder.followed(name), status.kind == .file { objects[name.description] = status.size }
        }
        return StoreVersion(id: id, date: VersionID.date(of: id) ?? modified.date, objects: objects)
    }

    // MARK: The names in the folder itself

    /// What is there under a plain name that is not a link of ours to a version.
    struct RootEntry {
        enum What {
            case plain(FileStatus)
            /// A link to where nothing is.
            case lost(RawName)
            /// A link of ours, and there is nothing that it could lead to.
            case orphaned
        }

        var name: String
        var what: What
    }

    private func rootEntries() throws(FileError) -> [RootEntry] {
        let hasVersions = try !versionNames().isEmpty
        var entries: [RootEntry] = []
        for name in try root.names() where name.bytes.first != 46 {
            let text = name.description
            if try isOwnLink(name) {
                if !hasVersions { entries.append(RootEntry(name: text, what: .orphaned)) }
                continue
            }
            switch try root.followed(name) {
            case .file(_, _, let status) where status.kind == .file: entries.append(RootEntry(name: text, what: .plain(status)))
            case .dangling(let target): entries.append(RootEntry(name: text, what: .lost(target)))
            case .file, .folder, nil: break
            }
        }
        return entries
    }

    /// Whether a name leads to an object of the newest version: as a link, or as the text that some programs keep of one.
    func isOwnLink(_ name: RawName) throws(FileError) -> Bool {
        let end = Array(LocalFolderLayout.linkTarget(name).bytes)
        guard let status = try root.statusIfThere(name) else { return false }
        switch status.kind {
        case .symbolicLink:
            let target = try root.target(ofLink: name).bytes
            return target == end || target.suffix(end.count + 1) == [0x2f] + end
        case .file where Int64(end.count)...Int64(end.count + 1) ~= status.size:
            return try root.contents(of: name).prefix(end.count).elementsEqual(end)
        case .file, .folder, .fifo, .socket, .device: return false
        }
    }

    static func linkTarget(_ name: RawName) -> RawName { RawName(Array(".shipkeeper/current/".utf8) + name.bytes) }
}

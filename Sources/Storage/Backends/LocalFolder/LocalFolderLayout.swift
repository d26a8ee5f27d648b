import Files
import Foundation

/// The files of a `LocalFolder`, and each change to them as steps of which every prefix leaves a readable store.
struct LocalFolderLayout {
    private static let own: RawName = ".shipkeeper"
    private static let versionsName: RawName = "versions"
    private static let current: RawName = "current"
    private static let copySize = 1 << 20

    let root: Folder

    private func storage<Value>(_ body: () throws(FileError) -> Value) throws(StorageError) -> Value {
        do { return try body() } catch { throw StorageError(error) }
    }

    // MARK: Reading

    func head() throws(StorageError) -> StoreVersion? {
        if let plain = try plainVersion() { return plain }
        guard let id = try headID() else { return nil }
        return try storage { () throws(FileError) in try version(id) }
    }

    func versions() throws(StorageError) -> [StoreVersion] {
        let head = try head()
        let stored = try storage { () throws(FileError) -> [StoreVersion] in
            guard let folder = try versionsFolder() else { return [] }
            var found: [StoreVersion] = []
            for name in try folder.names() where name.bytes.first != 46 {
                if let version = try? version(name.description) { found.append(version) }
            }
            return found
        }
        let older = stored.filter { $0.id != head?.id }
        return [head].compactMap { $0 } + older.sorted { ($0.date, $0.id) > ($1.date, $1.id) }
    }

    func open(_ name: String, at version: StoreVersion) throws(StorageError) -> OpenFile {
        try storage { () throws(FileError) in
            if version.isPlain { return try root.file(RawName(name)) }
            guard let folder = try versionsFolder() else { throw FileError("open", root.path, code: 2) }
            return try folder.folder(RawName(version.id)).file(RawName(name))
        }
    }

    private func ownFolder() throws(FileError) -> Folder? {
        root.exists(LocalFolderLayout.own) ? try root.folder(LocalFolderLayout.own) : nil
    }

    private func versionsFolder() throws(FileError) -> Folder? {
        guard let own = try ownFolder(), own.exists(LocalFolderLayout.versionsName) else { return nil }
        return try own.folder(LocalFolderLayout.versionsName)
    }

    private func currentID() throws(StorageError) -> String? {
        try storage { () throws(FileError) -> String? in
            guard let own = try ownFolder() else { return nil }
            do throws(FileError) {
                return try own.target(ofLink: LocalFolderLayout.current).description.split(separator: "/").last.map(String.init)
            } catch {
                if error.isMissing { return nil }
                throw error
            }
        }
    }

    private func headID() throws(StorageError) -> String? {
        if let current = try currentID() { return current }
        return try newestStored()
    }

    /// For a store whose link was lost, as by a copy that drops links.
    private func newestStored() throws(StorageError) -> String? {
        try storage { () throws(FileError) -> String? in
            guard let folder = try versionsFolder() else { return nil }
            return try folder.names().filter { $0.bytes.first != 46 }.map(\.description).max {
                (VersionID.date(of: $0) ?? .distantPast) < (VersionID.date(of: $1) ?? .distantPast)
            }
        }
    }

    private func version(_ id: String) throws(FileError) -> StoreVersion {
        guard let versions = try versionsFolder() else { throw FileError("open", root.path, code: 2) }
        let folder = try versions.folder(RawName(id))
        let modified = try folder.status().modified
        return StoreVersion(
            id: id, date: VersionID.date(of: id) ?? Date(timeIntervalSince1970: Double(modified.seconds)),
            objects: try objects(in: folder))
    }

    private func objects(in folder: Folder) throws(FileError) -> [String: Int64] {
        var objects: [String: Int64] = [:]
        for name in try folder.names() where name.bytes.first != 46 {
            let status = try folder.status(name)
            if status.kind == .file { objects[name.description] = status.size }
        }
        return objects
    }

    /// What a script or a person has put into the folder as plain files.
    private func plainVersion() throws(StorageError) -> StoreVersion? {
        let current = try currentID()
        return try storage { () throws(FileError) in
            var objects = try objects(in: root)
            // Beside stored versions only files that take an object's place count; a README is no version.
            if let current, let stored = try? version(current) { objects = objects.filter { stored.objects[$0.key] != nil } }
            guard !objects.isEmpty else { return nil }
            var newest = FileTime(seconds: 0)
            var marks: [String] = []
            for name in objects.keys.sorted() {
                let status = try root.status(RawName(name))
                newest = max(newest, status.modified)
                marks.append("\(status.inode).\(status.size).\(status.modified.seconds).\(status.modified.nanoseconds)")
            }
            return StoreVersion(
                id: VersionID.plainPrefix + marks.joined(separator: "-"),
                date: Date(timeIntervalSince1970: Double(newest.seconds) + Double(newest.nanoseconds) / 1e9), objects: objects)
        }
    }

    // MARK: Writing

    func commit(_ objects: [NewObject], expecting expected: String?, at date: Date) throws(StorageError) -> StoreVersion {
        let own = try storage { () throws(FileError) in
            if !root.exists(LocalFolderLayout.own) { try root.makeFolder(LocalFolderLayout.own, mode: 0o755) }
            let own = try root.folder(LocalFolderLayout.own)
            if !own.exists(LocalFolderLayout.versionsName) { try own.makeFolder(LocalFolderLayout.versionsName, mode: 0o755) }
            return own
        }
        let lock = try storage { () throws(FileError) in
            let file = try own.openOrCreate("lock")
            try file.lock(waiting: true)
            return file
        }
        defer { withExtendedLifetime(lock) {} }
        let head = try head()
        guard head?.id == expected else {
            throw .stale("the repository has changed since this container last looked: somebody else has stored a backup there")
        }
        return try storage { () throws(FileError) in
            let versions = try own.folder(LocalFolderLayout.versionsName)
            try clearUnfinished(versions)
            let adopted = try adoptPlain(head, own, versions)
            let id = VersionID.make(date)
            try write(objects, over: adopted ?? head?.id, as: id, versions)
            for object in objects { try link(object.name) }
            try root.sync()
            try point(own, to: id)
            return try version(id)
        }
    }

    /// Removes what a commit that was cut short has left.
    private func clearUnfinished(_ versions: Folder) throws(FileError) {
        for name in try versions.names() where name.bytes.first == 46 { try versions.removeTree(name) }
    }

    /// Writes the version's folder under a hidden name, and then gives it its own.
    private func write(_ objects: [NewObject], over base: String?, as id: String, _ versions: Folder) throws(FileError) {
        let hidden = RawName("." + id)
        try versions.makeFolder(hidden, mode: 0o755)
        let folder = try versions.folder(hidden)
        let names = Set(objects.map(\.name))
        if let base {
            let old = try versions.folder(RawName(base))
            for name in try old.names() where !names.contains(name.description) {
                try folder.makeHardLink(name, to: name, in: old)
            }
        }
        for object in objects { try bring(object, into: folder) }
        try folder.sync()
        try versions.rename(hidden, to: versions, as: RawName(id))
        try versions.sync()
    }

    /// Copies through the kernel's page cache; the copy is on disk before it gets its name.
    private func bring(_ object: NewObject, into folder: Folder) throws(FileError) {
        let source = try object.folder.file(object.file)
        let target = try folder.create(RawName(object.name), mode: 0o600)
        while true {
            let bytes = try source.read(LocalFolderLayout.copySize)
            if bytes.isEmpty { break }
            try target.write(bytes)
        }
        try target.sync()
    }

    /// Makes plain files a version of their own, so that they stay as history. Gives its id.
    private func adoptPlain(_ head: StoreVersion?, _ own: Folder, _ versions: Folder) throws(FileError) -> String? {
        guard let head, head.isPlain else { return nil }
        let id = VersionID.make(head.date)
        let hidden = RawName("." + id)
        try versions.makeFolder(hidden, mode: 0o755)
        let folder = try versions.folder(hidden)
        for name in head.objects.keys.sorted() { try folder.makeHardLink(RawName(name), to: RawName(name), in: root) }
        try folder.sync()
        try versions.rename(hidden, to: versions, as: RawName(id))
        try point(own, to: id)
        for name in head.objects.keys.sorted() { try replaceByLink(name) }
        try root.sync()
        return id
    }

    /// Turns `current` to a version: the one step that makes it visible.
    private func point(_ own: Folder, to id: String) throws(FileError) {
        let new: RawName = ".current"
        try own.removeTree(new)
        try own.makeLink(new, to: RawName("versions/\(id)"))
        try own.rename(new, to: own, as: LocalFolderLayout.current)
        try own.sync()
    }

    private func link(_ name: String) throws(FileError) {
        if !root.exists(RawName(name)) { try root.makeLink(RawName(name), to: linkTarget(name)) }
    }

    private func replaceByLink(_ name: String) throws(FileError) {
        let new = RawName(".\(name).link")
        try root.removeTree(new)
        try root.makeLink(new, to: linkTarget(name))
        try root.rename(new, to: root, as: RawName(name))
    }

    private func linkTarget(_ name: String) -> RawName { RawName(".shipkeeper/current/\(name)") }

    func remove(_ versions: [StoreVersion]) throws(StorageError) -> Int {
        let current = try currentID()
        return try storage { () throws(FileError) in
            guard let folder = try versionsFolder() else { return 0 }
            let gone = versions.filter { $0.id != current && !$0.isPlain }
            for version in gone { try folder.removeTree(RawName(version.id)) }
            return gone.count
        }
    }

    /// Tries a small file under a name that no object has.
    func examine() throws(StorageError) -> [StoreCheck] {
        let name = RawName(".shipkeeper-doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))")
        let text = Array("written by shipkeeper doctor\n".utf8)
        try storage { () throws(FileError) in
            try root.replace(name, with: text)
            let back = try root.contents(of: name)
            try root.remove(name)
            if back != text { throw FileError("read back", root.path(of: name), code: 5) }
        }
        let holds = try head()?.objects.keys.sorted().joined(separator: ", ") ?? ""
        let free = (try? root.space().bytes) ?? 0
        return [
            StoreCheck("write", .ok, "wrote, read and removed a small file in \(root.path)"),
            StoreCheck("content", .ok, holds.isEmpty ? "no backup yet" : "holds \(holds)"),
            StoreCheck("space", free < 1_000_000_000 ? .warning : .ok, "\(free / 1_000_000) MB free"),
        ]
    }
}

/// Names of versions: the instant, readable and sortable, and a random part.
enum VersionID {
    static let plainPrefix = "plain-"

    static func make(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        let text = date.formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted))
        return "\(text)-\(milliseconds)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }

    static func date(of id: String) -> Date? {
        let parts = id.split(separator: "-")
        guard parts.count == 3, let milliseconds = Int64(parts[1]) else { return nil }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}

extension StoreVersion {
    fileprivate var isPlain: Bool { id.hasPrefix(VersionID.plainPrefix) }
}

import Buckets
import Files
import Foundation
import Glibc

/// Each change to the files of a `LocalFolder`, as steps of which every prefix leaves a readable store.
extension LocalFolderLayout {
    // MARK: One at a time

    /// Changes the store under its lock. Waits for other writers, up to a limit, and not once the caller was cancelled.
    func locked<Value>(_ patience: Duration, _ body: (Folder) throws(StorageError) -> Value) throws(StorageError) -> Value {
        let own = try storage { () throws(FileError) in
            let own = try root.madeFolder(LocalFolderLayout.own)
            _ = try own.madeFolder(LocalFolderLayout.versionsName)
            return own
        }
        let lock = try own.repositoryLock(patience, flag)
        defer { withExtendedLifetime(lock) {} }
        return try body(own)
    }

    // MARK: Writing

    /// Needs the lock.
    func commit(
        _ objects: [NewObject], expecting expected: String?, at date: Date, _ own: Folder, _ onProgress: StoreProgress?
    ) throws(StorageError) -> StoreVersion {
        let state = try state()
        guard state.head?.id == expected else {
            throw .stale("the repository has changed since this container last looked: another container has stored a backup there")
        }
        return try storage { () throws(FileError) in
            guard let versions = try versionsFolder() else { throw FileError("open", "\(own.path)/versions", code: ENOENT) }
            try clearUnfinished(versions)
            let base = try settle(state, own, versions)
            let id = VersionID.make(date)
            try write(objects, over: base, as: id, versions, onProgress)
            for object in objects { try link(RawName(object.name)) }
            try root.sync()
            try point(own, to: id)
            return try version(id)
        }
    }

    /// Removes what a commit that was cut short has left.
    private func clearUnfinished(_ versions: Folder) throws(FileError) {
        for name in try versions.names() where name.bytes.first == 46 { try versions.removeTree(name) }
    }

    /// Brings the names in the folder and `current` to where a commit leaves them. Returns the id of the version that the head is then.
    private func settle(_ state: State, _ own: Folder, _ versions: Folder) throws(FileError) -> String? {
        guard let head = state.head else { return nil }
        let names = head.objects.keys.filter { !$0.contains("/") }.map { RawName($0) }.sorted()
        if !head.isPlain {
            guard !state.isLinked else { return head.id }
            try point(own, to: head.id)
            for name in names { try link(name) }
            return head.id
        }
        guard !names.isEmpty else { return state.stored }
        let id = VersionID.make(head.date)
        try fill(id, versions) { folder throws(FileError) in
            for name in names {
                guard let file = try root.followed(name) else { throw FileError("read", root.path(of: name), code: ENOENT) }
                try folder.take(name, from: file, flag)
            }
        }
        try point(own, to: id)
        for name in names { try link(name) }
        try root.sync()
        return id
    }

    private func write(
        _ objects: [NewObject], over base: String?, as id: String, _ versions: Folder, _ onProgress: StoreProgress?
    ) throws(FileError) {
        let names = Set(objects.map { RawName($0.name) })
        try fill(id, versions) { folder throws(FileError) in
            if let base {
                let old = try versionFolder(base)
                for name in try old.names() where !names.contains(name) && name.bytes.first != 46 {
                    if let file = try old.followed(name) { try folder.take(name, from: file, flag) }
                }
            }
            // Through the kernel's page cache; the copy is on disk before it gets its name.
            let files = try objects.map { object throws(FileError) in (name: RawName(object.name), content: try object.opened()) }
            var (done, total): (Int64, Int64) = (0, 0)
            for next in files { total += next.content.size }
            for (name, content) in files {
                try folder.copy(content, to: name, flag) { bytes in
                    done += Int64(bytes)
                    onProgress?(done, max(done, total))
                }
            }
        }
    }

    /// Writes a version's folder under a hidden name, and then gives it its own.
    private func fill(_ id: String, _ versions: Folder, _ body: (Folder) throws(FileError) -> Void) throws(FileError) {
        let hidden = RawName("." + id)
        try versions.makeFolder(hidden, mode: 0o755)
        let folder = try versions.folder(hidden)
        try body(folder)
        try folder.sync()
        try versions.rename(hidden, to: versions, as: RawName(id))
        try versions.sync()
    }

    /// Turns `current` to a version: the one step that makes it visible.
    private func point(_ own: Folder, to id: String) throws(FileError) {
        let new: RawName = ".current"
        try own.removeTree(new)
        try own.makeLink(new, to: RawName("versions/\(id)"))
        // A folder can't be replaced in one step; without it, the newest version counts by its date.
        if try own.statusIfThere(LocalFolderLayout.current)?.kind == .folder { try own.removeTree(LocalFolderLayout.current) }
        try own.rename(new, to: own, as: LocalFolderLayout.current)
        try own.sync()
    }

    /// Makes a plain name lead to the newest version, whatever it was before; what it was is in a version by now.
    private func link(_ name: RawName) throws(FileError) {
        let target = LocalFolderLayout.linkTarget(name)
        if try root.statusIfThere(name)?.kind == .symbolicLink, try root.target(ofLink: name) == target { return }
        let new = RawName(Array(".".utf8) + name.bytes + Array(".link".utf8))
        try root.removeTree(new)
        try root.makeLink(new, to: target)
        try root.rename(new, to: root, as: name)
    }

    // MARK: Removing

    /// Needs the lock.
    func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) throws(StorageError) -> Int {
        let state = try state()
        guard let head = state.head, kept.first?.id == head.id else { return 0 }
        return try storage { () throws(FileError) in
            guard let folder = try versionsFolder() else { return 0 }
            let gone = versions.filter { version in !version.isPlain && version.id != state.stored && !kept.contains { $0.id == version.id } }
            for version in gone { try folder.removeTree(RawName(version.id)) }
            return gone.count
        }
    }

    // MARK: Looking around

    /// Tries a small file, and reads the newest version.
    func diagnose() throws(StorageError) -> [StoreCheck] {
        let write = try root.writeCheck()
        let holds = try head()?.objects.keys.sorted().joined(separator: ", ") ?? ""
        return [write, StoreCheck("content", .ok, holds.isEmpty ? "no backup yet" : "holds \(holds)"), root.spaceCheck()]
    }
}

/// Names of versions: the instant, readable and sortable, and a random part.
enum VersionID {
    static func make(_ date: Date) -> String {
        let milliseconds = max(0, Int64((date.timeIntervalSince1970 * 1000).rounded()))
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

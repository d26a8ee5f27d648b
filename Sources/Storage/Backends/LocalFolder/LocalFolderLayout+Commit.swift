import Buckets
import Files
import Foundation
import Glibc
import Settings

/// Each change to the files of a `LocalFolder`, as steps of which every prefix leaves a readable store.
extension LocalFolderLayout {
    // MARK: One at a time

    /// Changes the store under its lock. Waits for other writers, up to a limit, and not once the caller was cancelled.
    func locked<Value>(_ patience: Duration, _ body: (Folder) throws(StorageError) -> Value) throws(StorageError) -> Value {
        let own = try storage { () throws(FileError) in
            let own = try madeFolder(LocalFolderLayout.own, in: root)
            _ = try madeFolder(LocalFolderLayout.versionsName, in: own)
            return own
        }
        let lock = try lock(own, patience)
        defer { withExtendedLifetime(lock) {} }
        return try body(own)
    }

    private func madeFolder(_ name: RawName, in folder: Folder) throws(FileError) -> Folder {
        if case .folder(let found) = try folder.followed(name) { return found }
        do throws(FileError) { try folder.makeFolder(name, mode: 0o755) } catch {
            guard error.code == EEXIST else { throw error }
        }
        return try folder.folder(name)
    }

    private func lock(_ own: Folder, _ patience: Duration) throws(StorageError) -> OpenFile {
        let file = try storage { () throws(FileError) in try own.openOrCreate("lock") }
        let end = ContinuousClock.now + patience
        while true {
            do throws(FileError) {
                try file.lock()
                return file
            } catch {
                guard error.code == EWOULDBLOCK || error.code == EINTR else {
                    throw .unavailable(
                        "\(own.path)/lock can't be locked: \(error)",
                        hint: "the file system must know locks (flock); some network mounts need an option for that")
                }
            }
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            guard ContinuousClock.now < end else {
                throw .unavailable(
                    "another process has held \(own.path)/lock for more than \(patience.components.seconds) s",
                    hint: "is another container storing there, or is one stuck? \"fuser -v\" on that file names it")
            }
            usleep(20_000)
        }
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
            let files = try objects.map { object throws(FileError) in (name: RawName(object.name), file: try object.folder.file(object.file)) }
            var (done, total): (Int64, Int64) = (0, 0)
            for next in files { total += try next.file.status().size }
            for (name, file) in files {
                try folder.copy(file, to: name, flag) { bytes in
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

    /// Tries a small file under a name that no object has.
    func diagnose() throws(StorageError) -> [StoreCheck] {
        let name = RawName(".shipkeeper-doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))")
        let text = Array("written by shipkeeper doctor\n".utf8)
        try storage { () throws(FileError) in
            try root.replace(name, with: text)
            let back: [UInt8]
            do throws(FileError) { back = try root.contents(of: name) } catch {
                try? root.remove(name)
                throw error
            }
            try root.remove(name)
            if back != text { throw FileError("read back", root.path(of: name), code: EIO) }
        }
        let holds = try head()?.objects.keys.sorted().joined(separator: ", ") ?? ""
        let free = (try? root.space().bytes) ?? 0
        return [
            StoreCheck("write", .ok, "wrote, read and removed a small file in \(root.path)"),
            StoreCheck("content", .ok, holds.isEmpty ? "no backup yet" : "holds \(holds)"),
            StoreCheck("space", free < 1_000_000_000 ? .warning : .ok, "\(ByteSizeText.readable(free)) free"),
        ]
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

import Buckets
import Files
import Glibc

/// The files of a `FolderBackend`. All calls block.
struct FolderFiles: Sendable {
    private static let own: RawName = ".shipkeeper"
    private static let headName: RawName = "head"
    private static let incoming: RawName = "incoming"
    private static let pageSize = 1000
    private static let pieceSize = 1 << 20
    /// Names for a content on its way that may be lost to a client that clears up.
    private static let tries = 3

    let root: Folder
    let flag: CancelFlag

    private func storage<Value>(_ body: () throws(FileError) -> Value) throws(StorageError) -> Value {
        do { return try body() } catch { throw StorageError(error) }
    }

    // MARK: Reading

    func list(_ prefix: String, _ onPage: ([StoredObject]) -> Void) throws(StorageError) {
        func leads(_ path: String) -> Bool { path.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: path.utf8) }
        var page: [StoredObject] = []
        var waiting = [""]
        while let above = waiting.popLast() {
            guard let folder = try storage({ () throws(FileError) in try folder(above.split(separator: "/")) }) else { continue }
            for name in try storage({ () throws(FileError) in try folder.names() }) where name.bytes.first != UInt8(ascii: ".") {
                if flag.isSet { throw StorageError(.cancelled, "cancelled") }
                let path = "\(above)\(name)"
                guard leads(path) || leads(path + "/") else { continue }
                switch try storage({ () throws(FileError) in try folder.followed(name) }) {
                case .folder: waiting.append(path + "/")
                case .file(_, _, let status) where status.kind == .file && path.utf8.starts(with: prefix.utf8):
                    page.append(StoredObject(path, status))
                    if page.count == FolderFiles.pageSize {
                        onPage(page)
                        page = []
                    }
                case .file, nil: break
                case .dangling(let target):
                    throw .missing("\(folder.path(of: name)) is a link to \(target), which is not there", hint: "is the volume mounted? Else correct the link")
                }
            }
        }
        if !page.isEmpty { onPage(page) }
    }

    func status(_ name: String) throws(StorageError) -> StoredObject? {
        try storage { () throws(FileError) in try found(name).map { StoredObject(name, $0.status) } }
    }

    func load(_ name: String, from start: Int64, length: Int64?, _ receive: ([UInt8]) -> Bool) throws(StorageError) -> Int64? {
        let file = try storage { () throws(FileError) in try found(name).map { place throws(FileError) in try place.folder.file(place.name) } }
        guard let file else { return nil }
        var given: Int64 = 0
        while true {
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            let most = Int(min(Int64(FolderFiles.pieceSize), length.map { $0 - given } ?? .max))
            guard most > 0 else { return given }
            let piece = try storage { () throws(FileError) in try file.read(most, at: start + given) }
            if piece.isEmpty { return given }
            guard receive(piece) else { throw .unavailable("reading \(name) was given up") }
            given += Int64(piece.count)
        }
    }

    /// Where a file really is; nil where there is none.
    private func found(_ name: String) throws(FileError) -> (folder: Folder, name: RawName, status: FileStatus)? {
        guard (try? BackendName.check(name)) != nil else { return nil }
        let parts = name.split(separator: "/")
        guard let last = parts.last, let folder = try folder(parts.dropLast()) else { return nil }
        guard case .file(let place, let real, let status) = try folder.followed(RawName(String(last))), status.kind == .file else { return nil }
        return (place, real, status)
    }

    /// Nil where there is no such folder.
    private func folder(_ parts: some Sequence<Substring>) throws(FileError) -> Folder? {
        var folder = root
        for part in parts {
            guard case .folder(let next) = try folder.followed(RawName(String(part))) else { return nil }
            folder = next
        }
        return folder
    }

    // MARK: Saving

    /// - Parameter lock: Takes the lock of the folder, or returns nil where the caller has it. Called on file systems without hard links only.
    func save(_ object: NewObject, _ onProgress: StoreProgress?, lock: () throws(StorageError) -> OpenFile?) throws(StorageError) -> SavedObject {
        try BackendName.check(object.name)
        let parts = object.name.split(separator: "/").map { RawName(String($0)) }
        let folder = try storage { () throws(FileError) in
            var folder = root
            for part in parts.dropLast() {
                let isThere = try folder.statusIfThere(part) != nil
                let next = try folder.madeFolder(part, mode: 0o700)
                if !isThere { try folder.sync() }
                folder = next
            }
            return folder
        }
        let name = parts[parts.count - 1]
        for _ in 0..<FolderFiles.tries {
            if let there = try storage({ () throws(FileError) in try folder.statusIfThere(name) }) {
                // Whoever has put it there may not have come to this.
                try storage { () throws(FileError) in try folder.sync() }
                return SavedObject(name: object.name, size: there.size, isNew: false)
            }
            let (arriving, size) = try storage { () throws(FileError) in try arrive(object, onProgress) }
            defer { try? arriving.folder.remove(arriving.name) }
            if try place(arriving, as: name, in: folder, lock) { return SavedObject(name: object.name, size: size, isNew: true) }
        }
        throw .unavailable("\(root.path): what was about to be \(object.name) was removed again and again")
    }

    /// A content on its way, which nobody clears away while the file is open.
    private struct Arriving {
        var folder: Folder
        var name: RawName
        var file: OpenFile
    }

    private func arrive(_ object: NewObject, _ onProgress: StoreProgress?) throws(FileError) -> (Arriving, Int64) {
        let folder = try root.madeFolder(FolderFiles.own).madeFolder(FolderFiles.incoming)
        let name = RawName(String(UInt64.random(in: 0 ... .max), radix: 36))
        let arriving = Arriving(folder: folder, name: name, file: try folder.create(name))
        // Without locks nobody clears up either.
        try? arriving.file.lock()
        do throws(FileError) {
            let content = try object.opened()
            var done: Int64 = 0
            try content.forEachPiece(flag) { piece throws(FileError) in
                try arriving.file.write(piece)
                done += Int64(piece.count)
                onProgress?(done, max(done, content.size))
            }
            try arriving.file.sync()
            return (arriving, done)
        } catch {
            try? folder.remove(name)
            throw error
        }
    }

    /// Gives it its name, where nothing has that; false where something has, or where it has been cleared away.
    private func place(_ arriving: Arriving, as name: RawName, in folder: Folder, _ lock: () throws(StorageError) -> OpenFile?) throws(StorageError) -> Bool {
        do throws(FileError) {
            try folder.makeHardLink(name, to: arriving.name, in: arriving.folder)
        } catch {
            switch error.code {
            case EEXIST, ENOENT: return false
            // No second names here, so one at a time looks and renames.
            case EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EACCES:
                let lock = try lock()
                defer { withExtendedLifetime(lock) {} }
                let isPlaced = try storage { () throws(FileError) in
                    guard try folder.statusIfThere(name) == nil else { return false }
                    try arriving.folder.rename(arriving.name, to: folder, as: name)
                    return true
                }
                if !isPlaced { return false }
            default: throw StorageError(error)
            }
        }
        try storage { () throws(FileError) in try folder.sync() }
        return true
    }

    /// Removes what saving that was cut short has left. Needs the lock.
    func clearIncoming() throws(StorageError) {
        try storage { () throws(FileError) in
            let folder = try root.madeFolder(FolderFiles.own).madeFolder(FolderFiles.incoming)
            for name in try folder.names() {
                guard let file = try? folder.file(name), (try? file.lock()) != nil else { continue }
                try? folder.remove(name)
            }
        }
    }

    // MARK: Removing

    func remove(_ names: [String]) throws(StorageError) {
        for name in names { try BackendName.check(name) }
        for (above, group) in Dictionary(grouping: names, by: { $0.split(separator: "/").dropLast() }) {
            if flag.isSet { throw StorageError(.cancelled, "cancelled") }
            try storage { () throws(FileError) in
                guard let folder = try folder(above) else { return }
                for name in group.compactMap({ $0.split(separator: "/").last }) {
                    do throws(FileError) { try folder.remove(RawName(String(name))) } catch {
                        guard error.isMissing else { throw error }
                    }
                }
                try folder.sync()
            }
        }
    }

    // MARK: Publishing

    /// Held for as long as the result lives.
    func lock(_ patience: Duration) throws(StorageError) -> OpenFile {
        try storage { () throws(FileError) in try root.madeFolder(FolderFiles.own) }.repositoryLock(patience, flag)
    }

    /// What was published last.
    func record() throws(StorageError) -> PublishRecord? {
        let bytes = try storage { () throws(FileError) -> [UInt8]? in
            guard case .folder(let own) = try root.followed(FolderFiles.own), try own.statusIfThere(FolderFiles.headName) != nil else { return nil }
            return try own.contents(of: FolderFiles.headName)
        }
        guard let bytes else { return nil }
        guard let record = PublishRecord(bytes) else { throw .damaged("\(root.path)/.shipkeeper/head is not what shipkeeper has put there") }
        return record
    }

    /// Needs the lock.
    func write(_ record: PublishRecord) throws(StorageError) {
        try storage { () throws(FileError) in
            let own = try root.madeFolder(FolderFiles.own)
            try own.replace(FolderFiles.headName, with: record.bytes)
            try root.sync()
        }
    }
}

extension StoredObject {
    fileprivate init(_ name: String, _ status: FileStatus) {
        let mark = "\(status.inode).\(status.size).\(status.modified.seconds).\(status.modified.nanoseconds)"
        self.init(name: name, size: status.size, mark: mark, modified: status.modified.date)
    }
}

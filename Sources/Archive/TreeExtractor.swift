package import Files

/// Unpacks an archive below one folder and nowhere else, whatever the archive says.
///
/// Every name is opened relative to its open parent folder and never through a link; links are made last, so nothing can be
/// written through one. A refusal ends the whole extraction: the folder is a staging folder, and nothing is lost.
package final class TreeExtractor {
    /// Each level of a path holds a descriptor while it is worked on.
    private static let depth = 200

    private let root: Folder
    private let owner: FileOwner
    private let limits: ExtractionLimits
    private let isWanted: ([RawName]) -> Bool
    private let onProgress: (ExtractionReport) -> Void
    private var report = ExtractionReport()
    private var members = 0
    /// The open folders of the path at hand, for archives come in order.
    private var stack: [(name: RawName, folder: Folder)] = []
    private var folders: [[RawName]: TarEntry] = [:]
    private var folderOrder: [[RawName]] = []
    private var files = Set<[RawName]>()
    private var links: [(path: [RawName], entry: TarEntry, target: RawName)] = []
    private var linkPaths = Set<[RawName]>()

    /// - Parameter isWanted: Says of a member's names whether it is unpacked; the names of all are checked.
    package init(
        into root: Folder, limits: ExtractionLimits = ExtractionLimits(), owner: FileOwner = .stored, isWanted: @escaping ([RawName]) -> Bool = { _ in true },
        onProgress: @escaping (ExtractionReport) -> Void = { _ in }
    ) {
        self.root = root
        self.limits = limits
        self.owner = owner
        self.isWanted = isWanted
        self.onProgress = onProgress
    }

    /// Unpacks the members that are wanted: all, unless somebody said otherwise.
    package func extract(_ reader: TarReader) throws(ArchiveError) -> ExtractionReport {
        while let entry = try reader.next() {
            members += 1
            if members > limits.members { throw .refused("it has more than \(limits.members) members") }
            try extract(entry, reader)
            onProgress(report)
        }
        stack = []
        try makeLinks()
        try finishFolders()
        return report
    }

    private func extract(_ entry: TarEntry, _ reader: TarReader) throws(ArchiveError) {
        let path = try TreeExtractor.components(of: entry.path)
        guard let name = path.last else {
            guard entry.kind == .folder else { throw .refused("a member without a name") }
            return
        }
        guard isWanted(path) else { return }
        for length in 1..<path.count where linkPaths.contains(Array(path.prefix(length))) {
            throw .refused("\"\(entry.path)\" lies below a symbolic link")
        }
        switch entry.kind {
        case .folder: try makeFolder(path, entry)
        case .file: try makeFile(path, name, entry, reader)
        case .hardLink(let target): try makeHardLink(path, name, to: target, entry)
        case .symbolicLink(let target):
            try clear(path, name)
            links.append((path, entry, target))
            linkPaths.insert(path)
        case .fifo: report.skipped.append("\(entry.path): a named pipe")
        case .device: throw .refused("\"\(entry.path)\" is a device")
        }
    }

    /// The names of a path; everything that could lead out of the folder is refused.
    static func components(of path: RawName) throws(ArchiveError) -> [RawName] {
        let bytes = path.bytes
        if bytes.isEmpty { throw .refused("a member without a name") }
        if bytes.first == 47 { throw .refused("\"\(path)\" is an absolute path") }
        if bytes.contains(0) { throw .refused("a name with a zero byte") }
        if bytes.count > ExtractionLimits.pathBytes { throw .refused("a path of \(bytes.count) bytes") }
        let names = bytes.split(separator: 47).map { RawName($0) }.filter { $0.bytes != [46] }
        if names.count > TreeExtractor.depth { throw .refused("a path of \(names.count) names") }
        for name in names {
            if name.bytes == [46, 46] { throw .refused("\"\(path)\" leads out of the folder") }
            if name.bytes.count > ExtractionLimits.nameBytes { throw .refused("a name of \(name.bytes.count) bytes") }
        }
        return names
    }

    // MARK: Folders

    /// The open parent folder of a path, made where it is missing.
    private func parent(of path: [RawName]) throws(ArchiveError) -> Folder {
        let names = path.dropLast()
        let shared = zip(stack, names).prefix { $0.0.name == $0.1 }.count
        stack.removeLast(stack.count - shared)
        for (index, name) in names.enumerated().dropFirst(shared) {
            let folder = stack.last?.folder ?? root
            do {
                if !folder.exists(name) {
                    try folder.makeFolder(name)
                    note(folder: Array(names.prefix(index + 1)), nil)
                }
                stack.append((name, try folder.folder(name)))
            } catch {
                throw TreeExtractor.refusal(of: error, "\"\(folder.path(of: name))\" is in the way and is no folder")
            }
        }
        return stack.last?.folder ?? root
    }

    private static func refusal(of error: FileError, _ words: String) -> ArchiveError {
        // 20: not a folder; 40: a symbolic link.
        [20, 40].contains(error.code) ? .refused(words) : .file(error)
    }

    private func note(folder path: [RawName], _ entry: TarEntry?) {
        if folders[path] == nil { folderOrder.append(path) }
        folders[path] = entry ?? folders[path] ?? TarEntry(path: "", kind: .folder, mode: 0o755, modified: FileTime(seconds: 0))
    }

    private func makeFolder(_ path: [RawName], _ entry: TarEntry) throws(ArchiveError) {
        guard let name = path.last else { return }
        let parent = try parent(of: path)
        do {
            if let status = try? parent.status(name) {
                guard status.kind == .folder else {
                    throw ArchiveError.refused("\"\(entry.path)\" comes as a folder and as something else")
                }
            } else {
                if linkPaths.contains(path) { throw ArchiveError.refused("\"\(entry.path)\" comes as a folder and as a link") }
                try parent.makeFolder(name)
                report.folders += 1
            }
        } catch let error as ArchiveError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .damaged("\(error)")
        }
        note(folder: path, entry)
    }

    // MARK: Files

    /// Makes room for a member whose name came before: the later one wins, but not over a folder.
    private func clear(_ path: [RawName], _ name: RawName) throws(ArchiveError) {
        let parent = try parent(of: path)
        if linkPaths.remove(path) != nil { links.removeAll { $0.path == path } }
        guard let status = try? parent.status(name) else { return }
        guard status.kind != .folder else { throw .refused("\"\(name)\" comes as a folder and as something else") }
        files.remove(path)
        do { try parent.remove(name) } catch { throw .file(error) }
    }

    private func makeFile(_ path: [RawName], _ name: RawName, _ entry: TarEntry, _ reader: TarReader) throws(ArchiveError) {
        guard entry.size <= limits.bytes - report.bytes else {
            throw .tooLarge(limit: limits.bytes)
        }
        try clear(path, name)
        let parent = try parent(of: path)
        let file: OpenFile
        do { file = try parent.create(name) } catch { throw .file(error) }
        var written: Int64 = 0
        while true {
            let bytes = try reader.read(256 * 1024)
            if bytes.isEmpty { break }
            do { try file.write(bytes) } catch { throw .file(error) }
            written += Int64(bytes.count)
            report.bytes += Int64(bytes.count)
            onProgress(report)
        }
        guard written == entry.size else { throw .damaged("\"\(entry.path)\" is cut") }
        do {
            try setOwner(of: entry) { owner, group throws(FileError) in try file.set(owner: owner, group: group) }
            try file.set(mode: entry.safeMode)
            try file.set(modified: entry.modified)
        } catch {
            throw .file(error)
        }
        files.insert(path)
        report.files += 1
    }

    private func makeHardLink(_ path: [RawName], _ name: RawName, to target: RawName, _ entry: TarEntry) throws(ArchiveError) {
        let old = try TreeExtractor.components(of: target)
        if linkPaths.contains(old), let link = links.last(where: { $0.path == old }) {
            try clear(path, name)
            links.append((path, entry, link.target))
            linkPaths.insert(path)
            return
        }
        guard files.contains(old), let oldName = old.last else {
            throw .refused("\"\(entry.path)\" is a hard link to \"\(target)\", which is no file unpacked before it")
        }
        guard old != path else { return }
        let holder = try parent(of: old)
        try clear(path, name)
        let parent = try parent(of: path)
        do { try parent.makeHardLink(name, to: oldName, in: holder) } catch { throw .file(error) }
        files.insert(path)
        report.links += 1
    }

    // MARK: Last things

    /// A root without the right to give files away keeps them, and says so once.
    private func setOwner(of entry: TarEntry, _ set: (UInt32, UInt32) throws(FileError) -> Void) throws(FileError) {
        guard owner == .stored else { return }
        let isGiven = try FileUser.give { () throws(FileError) in try set(UInt32(clamping: entry.owner), UInt32(clamping: entry.group)) }
        let words = "owners of files, which this user may not set"
        if !isGiven, !report.skipped.contains(words) { report.skipped.append(words) }
    }

    private func makeLinks() throws(ArchiveError) {
        for link in links {
            guard let name = link.path.last else { continue }
            let parent = try parent(of: link.path)
            do {
                try parent.makeLink(name, to: link.target)
                try setOwner(of: link.entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
                try parent.set(modified: link.entry.modified, of: name)
            } catch {
                throw .file(error)
            }
            report.links += 1
        }
        stack = []
    }

    /// Modes and times of folders, innermost first: writing below a folder changes its time, and a closed one can't be written.
    private func finishFolders() throws(ArchiveError) {
        for path in folderOrder.sorted(by: { $0.count > $1.count }) {
            guard let entry = folders[path], let name = path.last else { continue }
            let parent = try parent(of: path)
            do {
                let folder = try parent.folder(name)
                try folder.set(mode: entry.safeMode)
                // A parent that has no member of its own keeps the owner and the time it has.
                if entry.path.bytes.isEmpty { continue }
                try setOwner(of: entry) { owner, group throws(FileError) in try parent.set(owner: owner, group: group, of: name) }
                try folder.set(modified: entry.modified)
            } catch {
                throw .file(error)
            }
        }
        stack = []
    }
}

extension TarEntry {
    /// The mode without setuid, setgid and sticky.
    fileprivate var safeMode: UInt32 { mode & 0o777 }
}

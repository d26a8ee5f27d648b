import Files

/// Whether two trees hold the same, to the last byte.
struct TreeComparison {
    private var left: FolderCursor
    private var right: FolderCursor

    /// The program's own files at the top don't count. What can't be read is another.
    static func areSame(_ name: RawName, in folder: Folder, _ otherName: RawName, in other: Folder, _ flag: CancelFlag) -> Bool {
        // What can be seen without reading decides most cases.
        [false, true].allSatisfy { reads in
            var comparison = TreeComparison(left: FolderCursor(at: folder), right: FolderCursor(at: other))
            return (try? comparison.areSame(name, otherName, reads: reads, flag)) ?? false
        }
    }

    private mutating func areSame(_ name: RawName, _ other: RawName, reads: Bool, _ flag: CancelFlag) throws(FileError) -> Bool {
        guard try isSame(name, other, reads: reads) else { return false }
        guard try left.folder.status(name).kind == .folder else { return true }
        var rest: [[RawName]] = []
        guard try enter(name, other, &rest) else { return false }
        while let last = rest.indices.last {
            if flag.isSet { return false }
            if let next = rest[last].popLast() {
                guard try isSame(next, next, reads: reads) else { return false }
                if try left.folder.status(next).kind == .folder, try !enter(next, next, &rest) { return false }
            } else {
                rest.removeLast()
                _ = try (left.ascend(), right.ascend())
            }
        }
        return true
    }

    /// Goes into a folder on both sides; false where their names differ.
    private mutating func enter(_ name: RawName, _ other: RawName, _ rest: inout [[RawName]]) throws(FileError) -> Bool {
        try left.descend(name)
        try right.descend(other)
        var names = (try left.folder.names(), try right.folder.names())
        if rest.isEmpty {
            names.0.removeAll { RestoreNames.isOwn($0) }
            names.1.removeAll { RestoreNames.isOwn($0) }
        }
        rest.append(names.0)
        return names.0 == names.1
    }

    private func isSame(_ name: RawName, _ other: RawName, reads: Bool) throws(FileError) -> Bool {
        let (status, otherStatus) = (try left.folder.status(name), try right.folder.status(other))
        guard status.kind == otherStatus.kind, status.mode == otherStatus.mode else { return false }
        if !reads, try left.folder.attributes(of: name) != right.folder.attributes(of: other) { return false }
        switch status.kind {
        case .folder: return true
        case .symbolicLink: return try left.folder.target(ofLink: name) == right.folder.target(ofLink: other)
        case .fifo, .socket, .device: return false
        case .file:
            guard status.size == otherStatus.size, status.modified == otherStatus.modified else { return false }
            if !reads { return true }
            return try hasSameContent(left.folder.file(name), right.folder.file(other))
        }
    }

    private func hasSameContent(_ file: OpenFile, _ other: OpenFile) throws(FileError) -> Bool {
        var offset: Int64 = 0
        while true {
            let bytes = try file.read(1 << 18, at: offset)
            guard try bytes == other.read(bytes.isEmpty ? 1 : bytes.count, at: offset) else { return false }
            if bytes.isEmpty { return true }
            offset += Int64(bytes.count)
        }
    }
}

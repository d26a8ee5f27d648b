package import Files

/// A file below `snapshots/`: that a tree was stored, when, and from where. Its name is the snapshot's id.
package struct SnapshotFile: Hashable, Sendable {
    package var time: FileTime
    /// The blob that lists what the first folder holds.
    package var tree: BlobID
    /// The folders that it was made of, as absolute paths.
    package var paths: [String]
    package var host: String
    package var user: String
    package var tags: [String]
    /// The snapshot whose files were taken over where they had not changed.
    package var parent: BlobID?
    /// The snapshot that this one was rewritten from.
    package var original: BlobID?
    package var program: String?
    package var summary: Summary?

    /// What a snapshot has taken, as restic has noted it since 0.17.
    package struct Summary: Hashable, Sendable {
        /// Files, and bytes of their contents, that it holds.
        package var (files, bytes): (Int, Int64)
        /// Bytes that it has added to the repository: of contents, and as they are stored.
        package var (added, stored): (Int64, Int64)

        package init(files: Int, bytes: Int64, added: Int64, stored: Int64) {
            (self.files, self.bytes) = (files, bytes)
            (self.added, self.stored) = (added, stored)
        }
    }

    package init(
        time: FileTime, tree: BlobID, paths: [String], host: String, user: String, tags: [String] = [], parent: BlobID? = nil, original: BlobID? = nil,
        program: String? = nil, summary: Summary? = nil
    ) {
        self.time = time
        self.tree = tree
        self.paths = paths
        self.host = host
        self.user = user
        self.tags = tags
        self.parent = parent
        self.original = original
        self.program = program
        self.summary = summary
    }

    package static func name(_ id: BlobID) -> String { "snapshots/\(id)" }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.group { writer in
            writer.key("time")
            writer.string(ResticTime.text(time))
            if let parent {
                writer.key("parent")
                writer.id(parent)
            }
            writer.key("tree")
            writer.id(tree)
            writer.key("paths")
            writer.list { writer in for path in paths { writer.string(path) } }
            writer.key("hostname")
            writer.string(host)
            writer.key("username")
            writer.string(user)
            if !tags.isEmpty {
                writer.key("tags")
                writer.list { writer in for tag in tags { writer.string(tag) } }
            }
            if let original {
                writer.key("original")
                writer.id(original)
            }
            if let program {
                writer.key("program_version")
                writer.string(program)
            }
            if let summary {
                writer.key("summary")
                summary.write(to: &writer)
            }
        }
        return writer.bytes
    }

    /// - Throws: `damaged`.
    package init(json: [UInt8]) throws(ResticError) {
        var (time, tree): (FileTime?, BlobID?)
        var file = SnapshotFile(time: FileTime(seconds: 0), tree: BlobID(of: []), paths: [], host: "", user: "")
        var reader = JSONReader(json)
        func strings(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> [String] {
            var texts: [String] = []
            try reader.list { reader throws(JSONReader.Malformed) in texts.append(try reader.string()) }
            return texts
        }
        do {
            try reader.group { key, reader throws(JSONReader.Malformed) in
                switch key {
                case "time": time = ResticTime.time(try reader.string())
                case "tree": tree = try reader.id()
                case "paths": file.paths = try strings(&reader)
                case "hostname": file.host = try reader.string()
                case "username": file.user = try reader.string()
                case "tags": file.tags = try strings(&reader)
                case "parent": file.parent = try reader.id()
                case "original": file.original = try reader.id()
                case "program_version": file.program = try reader.string()
                case "summary": file.summary = try Summary(&reader)
                default: return false
                }
                return true
            }
        } catch {
            throw .damaged("a snapshot")
        }
        guard let time, let tree else { throw .damaged("a snapshot") }
        (file.time, file.tree) = (time, tree)
        self = file
    }
}

extension SnapshotFile.Summary {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.group { writer in
            writer.key("data_added")
            writer.number(added)
            writer.key("data_added_packed")
            writer.number(stored)
            writer.key("total_files_processed")
            writer.number(files)
            writer.key("total_bytes_processed")
            writer.number(bytes)
        }
    }

    fileprivate init(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        var summary = SnapshotFile.Summary(files: 0, bytes: 0, added: 0, stored: 0)
        try reader.group { key, reader throws(JSONReader.Malformed) in
            switch key {
            case "data_added": summary.added = try reader.number()
            case "data_added_packed": summary.stored = try reader.number()
            case "total_files_processed": summary.files = try reader.number()
            case "total_bytes_processed": summary.bytes = try reader.number()
            default: return false
            }
            return true
        }
        self = summary
    }
}

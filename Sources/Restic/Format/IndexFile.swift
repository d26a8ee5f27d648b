/// A file below `index/`: which blobs are where in which packs. A repository may have many, and each names packs of its own.
package struct IndexFile: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var pack: BlobID
        package var blobs: [StoredBlob]

        package init(pack: BlobID, blobs: [StoredBlob]) {
            self.pack = pack
            self.blobs = blobs
        }
    }

    package var packs: [Entry]

    package init(packs: [Entry]) { self.packs = packs }

    package static func name(_ id: BlobID) -> String { "index/\(id)" }

    /// The most blobs that a file names, but for the last pack in it: what restic takes.
    private static let mostBlobs = 50_000

    /// Files that name all of the packs.
    package static func files(_ packs: [Entry]) -> [IndexFile] {
        var (files, count) = ([IndexFile](), mostBlobs)
        for pack in packs {
            if count >= mostBlobs {
                files.append(IndexFile(packs: []))
                count = 0
            }
            files[files.count - 1].packs.append(pack)
            count += pack.blobs.count
        }
        return files
    }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.group { writer in
            writer.key("packs")
            writer.list { writer in
                for pack in packs { IndexFile.write(pack, to: &writer) }
            }
        }
        return writer.bytes
    }

    private static func write(_ pack: Entry, to writer: inout JSONWriter) {
        writer.group { writer in
            writer.key("id")
            writer.id(pack.pack)
            writer.key("blobs")
            writer.list { writer in
                for blob in pack.blobs {
                    writer.group { writer in
                        writer.key("id")
                        writer.id(blob.key.id)
                        writer.key("type")
                        writer.string(blob.key.kind.rawValue)
                        writer.key("offset")
                        writer.number(blob.offset)
                        writer.key("length")
                        writer.number(blob.length)
                        if let length = blob.contentLength {
                            writer.key("uncompressed_length")
                            writer.number(length)
                        }
                    }
                }
            }
        }
    }

    /// - Throws: `damaged`.
    package init(json: [UInt8]) throws(ResticError) {
        var reader = JSONReader(json)
        packs = []
        do {
            try reader.group { key, reader throws(JSONReader.Malformed) in
                guard key == "packs" else { return false }
                try reader.list { reader throws(JSONReader.Malformed) in packs.append(try IndexFile.entry(&reader)) }
                return true
            }
        } catch {
            throw .damaged("an index")
        }
    }

    private static func entry(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> Entry {
        var (pack, blobs): (BlobID?, [StoredBlob]) = (nil, [])
        try reader.group { key, reader throws(JSONReader.Malformed) in
            switch key {
            case "id": pack = try reader.id()
            case "blobs": try reader.list { reader throws(JSONReader.Malformed) in blobs.append(try blob(&reader)) }
            default: return false
            }
            return true
        }
        guard let pack else { throw JSONReader.Malformed() }
        return Entry(pack: pack, blobs: blobs)
    }

    private static func blob(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> StoredBlob {
        var (id, kind, offset, length, contentLength): (BlobID?, BlobKind?, UInt32?, UInt32?, UInt32?)
        try reader.group { key, reader throws(JSONReader.Malformed) in
            switch key {
            case "id": id = try reader.id()
            case "type": kind = BlobKind(rawValue: try reader.string())
            case "offset": offset = try reader.number()
            case "length": length = try reader.number()
            case "uncompressed_length": contentLength = try reader.number()
            default: return false
            }
            return true
        }
        guard let id, let kind, let offset, let length else { throw JSONReader.Malformed() }
        return StoredBlob(BlobKey(id, kind), offset: Int(offset), length: Int(length), contentLength: contentLength.flatMap { $0 == 0 ? nil : Int($0) })
    }
}

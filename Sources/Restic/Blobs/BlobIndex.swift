/// Which blobs a repository holds, and where: what all its index files say, in memory. About 80 bytes a blob.
package struct BlobIndex: Sendable {
    private struct Place: Sendable {
        var pack: Int32
        var offset: UInt32
        var length: UInt32
        /// 0 where the blob is not compressed.
        var contentLength: UInt32
    }

    private var packs: [BlobID] = []
    private var places: [BlobKey: Place] = [:]

    package init() {}

    package var count: Int { places.count }

    /// Bytes of all contents of files.
    package var contentBytes: Int64 {
        places.reduce(0) { sum, entry in
            let (key, place) = entry
            guard key.kind == .data else { return sum }
            return sum + (place.contentLength == 0 ? Int64(place.length) - Int64(SealingKey.overhead) : Int64(place.contentLength))
        }
    }

    /// Adds what an index file names. A blob that is known stays where it is: any copy of it is as good.
    package mutating func add(_ file: IndexFile) { for entry in file.packs { add(entry) } }

    package mutating func add(_ entry: IndexFile.Entry) {
        let pack = Int32(packs.count)
        packs.append(entry.pack)
        for blob in entry.blobs where places[blob.key] == nil {
            places[blob.key] = Place(
                pack: pack, offset: UInt32(blob.offset), length: UInt32(blob.length), contentLength: UInt32(blob.contentLength ?? 0))
        }
    }

    package func contains(_ key: BlobKey) -> Bool { places[key] != nil }

    /// Where a blob is; nil where no index names it.
    package func find(_ key: BlobKey) -> (pack: BlobID, blob: StoredBlob)? {
        guard let place = places[key] else { return nil }
        let contentLength = place.contentLength == 0 ? nil : Int(place.contentLength)
        return (packs[Int(place.pack)], StoredBlob(key, offset: Int(place.offset), length: Int(place.length), contentLength: contentLength))
    }

    /// The length of a blob's content, in bytes; nil where no index names it.
    package func contentLength(_ key: BlobKey) -> Int? {
        places[key].map { $0.contentLength == 0 ? Int($0.length) - SealingKey.overhead : Int($0.contentLength) }
    }
}

/// A file below `data/` as it is being filled: sealed blobs back to back, of one kind, and behind them a sealed list of what they are.
package struct PackWriter {
    /// A pack is full at this size, in bytes.
    package static let fullSize = 8 << 20
    /// Bytes of the list for each blob, at most.
    private static let mostEntryLength = 41

    package let kind: BlobKind
    package private(set) var bytes: [UInt8] = []
    package private(set) var blobs: [StoredBlob] = []

    package init(_ kind: BlobKind) { self.kind = kind }

    package var isFull: Bool { bytes.count + blobs.count * PackWriter.mostEntryLength >= PackWriter.fullSize }

    /// Adds a sealed blob.
    /// - Parameter contentLength: The content's length where it was compressed before it was sealed.
    package mutating func add(_ id: BlobID, sealed: [UInt8], contentLength: Int?) {
        blobs.append(StoredBlob(BlobKey(id, kind), offset: bytes.count, length: sealed.count, contentLength: contentLength))
        bytes += sealed
    }

    /// The whole file; its name is the id of its bytes.
    package consuming func finish(_ key: SealingKey) -> Pack {
        var list: [UInt8] = []
        for blob in blobs {
            list.append((blob.key.kind == .data ? 0 : 1) + (blob.contentLength == nil ? 0 : 2))
            list += PackWriter.little(blob.length)
            if let length = blob.contentLength { list += PackWriter.little(length) }
            list += blob.key.id.bytes
        }
        let sealed = key.seal(list)
        bytes += sealed
        bytes += PackWriter.little(sealed.count)
        return Pack(id: BlobID(of: bytes), bytes: bytes, blobs: blobs)
    }

    private static func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
}

/// A whole pack.
package struct Pack: Sendable {
    package var id: BlobID
    package var bytes: [UInt8]
    package var blobs: [StoredBlob]

    /// The name of a pack in a repository.
    package static func name(_ id: BlobID) -> String { "data/\(id.description.prefix(2))/\(id)" }

    /// The bytes at the end of a pack that name its list's length.
    package static let lengthBytes = 4
    /// The most bytes that the list of a pack may have.
    private static let mostListBytes = 16 << 20

    /// The length of the sealed list, by the last four bytes of a pack; nil where it can't be.
    package static func listLength(_ last: ArraySlice<UInt8>, packSize: Int) -> Int? {
        let length = last.reversed().reduce(0) { $0 << 8 | Int($1) }
        return length >= SealingKey.overhead && length <= min(mostListBytes, packSize - lengthBytes) ? length : nil
    }

    /// What a pack holds, by its list: how an index that was lost is made again.
    /// - Parameter sealed: The list as it is before the last four bytes.
    package static func blobs(_ sealed: ArraySlice<UInt8>, _ key: SealingKey) throws(ResticError) -> [StoredBlob] {
        guard let list = key.open(sealed) else { throw .damaged("the list of a pack") }
        var (blobs, offset, rest): ([StoredBlob], Int, ArraySlice<UInt8>) = ([], 0, list[...])
        func number() -> Int {
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while let type = rest.popFirst() {
            let isCompressed = type & 2 != 0
            guard type < 4, rest.count >= (isCompressed ? 8 : 4) + BlobID.length else { throw .damaged("the list of a pack") }
            let length = number()
            let contentLength = isCompressed ? number() : nil
            guard let id = BlobID(rest.prefix(BlobID.length)) else { throw .damaged("the list of a pack") }
            rest = rest.dropFirst(BlobID.length)
            blobs.append(StoredBlob(BlobKey(id, type & 1 == 0 ? .data : .tree), offset: offset, length: length, contentLength: contentLength))
            offset += length
        }
        return blobs
    }
}

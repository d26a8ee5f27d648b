/// What a blob holds: a piece of a file, or the list of what a folder holds.
package enum BlobKind: String, Hashable, Sendable {
    case data, tree
}

/// A blob that may be of either kind: the same bytes may be both.
package struct BlobKey: Hashable, Sendable {
    package var id: BlobID
    package var kind: BlobKind

    package init(_ id: BlobID, _ kind: BlobKind) {
        self.id = id
        self.kind = kind
    }
}

/// Where a blob is in a pack.
package struct StoredBlob: Hashable, Sendable {
    package var key: BlobKey
    /// From the beginning of the pack, in bytes.
    package var offset: Int
    /// Bytes in the pack, sealed.
    package var length: Int
    /// Bytes of the content, where it is compressed; nil where it is not.
    package var contentLength: Int?

    package init(_ key: BlobKey, offset: Int, length: Int, contentLength: Int? = nil) {
        self.key = key
        self.offset = offset
        self.length = length
        self.contentLength = contentLength
    }

    /// The content of the sealed bytes.
    /// - Throws: `damaged` where they are not what was stored.
    package func content(of sealed: ArraySlice<UInt8>, key sealing: SealingKey, _ decompressor: Decompressor) throws(ResticError) -> [UInt8] {
        guard let plain = sealing.open(sealed) else { throw .damaged("blob \(key.id)") }
        var content: [UInt8]? = plain
        if let contentLength { content = decompressor.decompress(plain[...], length: contentLength) }
        guard let content, BlobID(of: content) == key.id else { throw .damaged("blob \(key.id)") }
        return content
    }
}

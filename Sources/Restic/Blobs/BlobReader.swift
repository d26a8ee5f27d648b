/// Reads blobs of a repository, each checked against its id. For one thread.
package final class BlobReader {
    private let key: SealingKey
    private let index: BlobIndex
    private let decompressor: Decompressor
    private let load: (_ name: String, _ range: Range<Int>) throws -> [UInt8]

    /// - Parameter load: Gives a range of bytes of a stored file.
    package init(key: SealingKey, index: BlobIndex, load: @escaping (_ name: String, _ range: Range<Int>) throws -> [UInt8]) throws(ResticError) {
        self.key = key
        self.index = index
        self.load = load
        decompressor = try Decompressor()
    }

    /// - Throws: `missing`, `damaged`, and what `load` throws.
    package func content(_ id: BlobID, _ kind: BlobKind) throws -> [UInt8] {
        guard let (pack, blob) = index.find(BlobKey(id, kind)) else { throw ResticError.missing(id) }
        let bytes = try load(Pack.name(pack), blob.offset..<blob.offset + blob.length)
        return try blob.content(of: bytes[...], key: key, decompressor)
    }

    package func tree(_ id: BlobID) throws -> Tree { try Tree(json: try content(id, .tree)) }
}

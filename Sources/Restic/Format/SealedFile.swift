/// Files that hold JSON: indexes, snapshots, locks and the repository's configuration. All are sealed, and may be compressed before.
package enum SealedFile {
    /// The first byte of content that is compressed.
    private static let compressedMark: UInt8 = 2

    /// - Parameter compressor: nil for a file that must stay plain JSON inside.
    package static func seal(_ json: [UInt8], _ key: SealingKey, _ compressor: Compressor?) -> [UInt8] {
        guard let frame = compressor?.compress(json) else { return key.seal(json) }
        return key.seal([compressedMark] + frame)
    }

    /// - Parameter name: What the file is, for the error.
    /// - Throws: `damaged`.
    package static func open(_ bytes: [UInt8], _ key: SealingKey, _ decompressor: Decompressor, name: String) throws(ResticError) -> [UInt8] {
        guard let plain = key.open(bytes) else { throw .damaged(name) }
        guard plain.first == compressedMark else { return plain }
        guard let json = decompressor.decompress(plain.dropFirst()) else { throw .damaged(name) }
        return json
    }
}

package import Files

/// Content to be stored under a name. A file must not change until the call has returned that stores it.
package struct NewObject: Sendable {
    /// Where the bytes are.
    package enum Content: Sendable {
        case bytes([UInt8])
        case file(Folder, RawName)
    }

    /// The object's name in the store: for an `ObjectStore` a plain file name, for a `Backend` see `BackendName`.
    package var name: String
    package var content: Content
    /// The content's SHA-256 in lower-case hexadecimal digits, where it is known already; it is trusted.
    package var sha256: String?

    package init(name: String, bytes: [UInt8], sha256: String? = nil) {
        (self.name, content, self.sha256) = (name, .bytes(bytes), sha256)
    }

    package init(name: String, content: Content, sha256: String?) { (self.name, self.content, self.sha256) = (name, content, sha256) }

    package init(name: String, folder: Folder, file: RawName, sha256: String? = nil) {
        (self.name, content, self.sha256) = (name, .file(folder, file), sha256)
    }

    /// Opens it. Blocks for the disk.
    package func opened() throws(FileError) -> ObjectContent {
        switch content {
        case .bytes(let bytes): ObjectContent(bytes)
        case .file(let folder, let name): try ObjectContent(folder.file(name))
        }
    }
}

/// The bytes of an object that is to be stored, from memory or an open file. Safe from any thread.
package struct ObjectContent: Sendable {
    private enum Place: Sendable {
        case bytes([UInt8])
        case file(OpenFile)
    }

    private let place: Place
    /// In bytes.
    package let size: Int64

    package init(_ bytes: [UInt8]) { (place, size) = (.bytes(bytes), Int64(bytes.count)) }

    package init(_ file: OpenFile) throws(FileError) { (place, size) = (.file(file), try file.status().size) }

    /// Up to `most` bytes from an offset; empty at the end. Blocks for the disk.
    package func read(_ most: Int, at offset: Int64) throws(FileError) -> [UInt8] {
        switch place {
        case .bytes(let bytes): offset < size ? Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + most)]) : []
        case .file(let file): try file.read(most, at: offset)
        }
    }

    /// Shows all of it in order, in pieces of up to 1 MiB. Blocks for the disk.
    /// - Throws: `ECANCELED` once the flag is set.
    package func forEachPiece(_ flag: CancelFlag, _ body: ([UInt8]) throws(FileError) -> Void) throws(FileError) {
        var offset: Int64 = 0
        while case let piece = try read(1 << 20, at: offset), !piece.isEmpty {
            if flag.isSet { throw FileError("read", "what is to be stored", code: ErrorNumber.cancelled) }
            try body(piece)
            offset += Int64(piece.count)
        }
    }
}

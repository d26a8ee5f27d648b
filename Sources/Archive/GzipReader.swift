import CZlib
import Files

/// Reads gzip: one member or several, checked to the last byte. Every `unsafe` word for reading gzip is in this file.
@safe package final class GzipReader: ByteSource {
    private enum State {
        case betweenMembers
        case inMember
        case ended
    }

    private static let pieceSize = 128 * 1024

    private let source: any ByteSource
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: ArraySlice<UInt8> = []
    private var state = State.betweenMembers
    private var hasMember = false

    /// Reads nothing yet.
    /// - Throws: `ArchiveError.file` where zlib has no memory for its state.
    package init(_ source: any ByteSource) throws(ArchiveError) {
        guard let stream = unsafe czlib_inflate_new() else { throw GzipReader.outOfMemory }
        unsafe self.stream = unsafe stream
        self.source = source
    }

    deinit { unsafe czlib_inflate_free(stream) }

    private static var outOfMemory: ArchiveError { .file(FileError("start", "zlib", code: ErrorNumber.outOfMemory)) }

    /// The next decompressed bytes, at most `most`; for 1 or more empty only after the last member. Blocks while the source blocks.
    /// - Throws: `damaged` for bytes that are not gzip, a wrong checksum or length (RFC 1952 §2.3.1), a file that is cut short, and data other
    ///   than zeros after the last member; what the source throws. After an error the reader must not be used any more.
    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        guard most > 0 else { return [] }
        while true {
            if input.isEmpty, state != .ended { input = try source.read(GzipReader.pieceSize)[...] }
            switch state {
            case .ended: return []
            case .betweenMembers: try beginMember()
            case .inMember:
                if input.isEmpty { throw .damaged("it ends in the middle") }
                let bytes = try inflateSome(most)
                if !bytes.isEmpty { return bytes }
            }
        }
    }

    private func beginMember() throws(ArchiveError) {
        if hasMember {
            // Zeros after the last member are padding; anything else is not ours to guess at.
            while input.first == 0 || input.isEmpty {
                input = input.drop { $0 == 0 }
                if input.isEmpty { input = try source.read(GzipReader.pieceSize)[...] }
                if input.isEmpty {
                    state = .ended
                    return
                }
            }
        }
        guard input.first == 0x1f else {
            throw .damaged(hasMember ? "there is something after its end" : input.isEmpty ? "it is empty" : "it is not a gzip file")
        }
        if hasMember { unsafe inflateReset(stream) }
        hasMember = true
        state = .inMember
    }

    private func inflateSome(_ most: Int) throws(ArchiveError) -> [UInt8] {
        var (taken, verdict) = (0, Int32(0))
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            unsafe input.withUnsafeBufferPointer { data in
                verdict = unsafe czlib_inflate(stream, data.baseAddress, data.count, &taken, buffer.baseAddress, most, &count)
            }
        }
        input = input.dropFirst(taken)
        switch verdict {
        case Z_OK, Z_BUF_ERROR: return bytes
        case Z_STREAM_END:
            state = .betweenMembers
            return bytes
        case Z_MEM_ERROR: throw GzipReader.outOfMemory
        default:
            throw .damaged(unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "its compressed data are invalid")
        }
    }
}
